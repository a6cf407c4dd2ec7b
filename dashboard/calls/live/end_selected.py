"""End the calls that were selected on the live board: asked once on a page that names them, then one receipt each.

The selection waits in the session while it is asked for, under a key of its own, so that two tabs ask for theirs:
each POST is answered with a redirect, so that *Back* and *Reload* of the browser never send it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import html
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_http_methods

from dashboard.calls import labels, queries
from dashboard.calls.control import bulk_end
from dashboard.calls.models import UNCERTAIN, Call, CallQuerySet, State
from dashboard.ui import phone_numbers
from tenants import audit
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant, User
from tenants.names import isolate

ENDED_AT_ONCE = (State.IN_PROGRESS, State.QUEUED)  # the latter by not being sent
NONE_SELECTED = "No call was ended: select calls that are still live first."
SELECTIONS = "calls-to-end"  # in the session, by key, until they were ended
MOST_ASKED = 8  # at once; an older one is forgotten
MOST_NAMED = 5  # calls in a message; the others are counted
ALREADY = "Already being ended, so no second command is sent; its timeline shows what becomes of it"
LATER = " A call that is not answered yet is ended once it is answered."


@dataclass(frozen=True)
class Asking:
    """The board on which calls were selected, and the address that asks for them and ends them."""

    board: str
    url: str
    of_staff: bool = False

    def back(self, fields: Mapping[str, str]) -> str:
        """The board as it was filtered; nothing else."""
        wanted = fields.get("next", "")
        return wanted if wanted.partition("?")[0] == self.board else self.board


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.CONTROL_CALLS)
def client(request: TenantRequest) -> HttpResponse:
    asking = Asking(reverse("live", args=[request.tenant.slug]), reverse("live-end", args=[request.tenant.slug]))
    calls = Call.objects.filter(tenant=request.tenant)
    if "confirm" not in request.POST:
        return _ask(request, calls, asking)
    selected = _selected(request.POST.getlist("call"), calls)
    asked = _end(request.tenant, selected, by=request.user) if selected else bulk_end.Requested()
    _report(request, selected, asked)
    return _back(request, asking, calls, asked)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(Permission.END_CLIENT_CALLS, open_scope=False)
def staff(request: StaffRequest) -> HttpResponse:
    """Of any clients; each has a chain of audit entries, so each is asked in a transaction of its own."""
    asking = Asking(reverse("staff-live"), reverse("staff-live-end"), of_staff=True)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        calls = Call.objects.filter(tenant__isnull=False)
        if "confirm" not in request.POST:
            return _ask(request, calls, asking)
        selected = _selected(request.POST.getlist("call"), calls)
    asked = []
    for tenant in {call.tenant for call in selected if call.tenant}:
        with scope.for_tenant(tenant):
            asked.append(_end(tenant, [call for call in selected if call.tenant == tenant], by=request.user))
    ids = frozenset(pk for one in asked for pk in one.calls)
    together = bulk_end.Requested(ids, [call for one in asked for call in one.before])
    _report(request, selected, together)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return _back(request, asking, calls, together)


@scope.requires_scope
def _end(tenant: Tenant, selected: Iterable[Call], *, by: User) -> bulk_end.Requested:
    """Ask for their end; calls are locked before the audit chain."""
    chosen = Call.objects.filter(tenant=tenant, pk__in=[call.pk for call in selected]).exclude(state__in=UNCERTAIN)
    ringing = chosen.live().exclude(state__in=ENDED_AT_ONCE).count()
    asked = bulk_end.request(chosen, by=by)
    if asked.count:
        bulk_end.record_before(asked, by=by)
        audit.record(by, tenant, "tenant.calls-ended", tenant, asked=asked.count, ringing=ringing)
    return asked


def _selected(wanted: Iterable[str], calls: CallQuerySet) -> list[Call]:
    found = calls.live().exclude(state__in=UNCERTAIN).filter(pk__in=_ids(wanted))
    return list(queries.with_relations(found).select_related("end_due_by").order_by("created_at", "id"))


def _ids(texts: Iterable[str]) -> set[UUID]:
    ids = set()
    for text in texts:
        with suppress(ValueError):
            ids.add(UUID(text))
    return ids


def _ask(request: TenantRequest | StaffRequest, calls: CallQuerySet, asking: Asking) -> HttpResponse:
    """The page that names the calls. It has an address without the selection, so that *Back* and *Reload* show it."""
    if request.method == "POST":
        chosen = sorted(set(request.POST.getlist("call")))[: queries.BOARD_SIZE]
        if not _selected(chosen, calls):
            return _back(request, asking, calls)
        key = _keep(request, {"calls": chosen, "back": asking.back(request.POST), "url": asking.url})
        return HttpResponseRedirect(f"{asking.url}?of={key}", status=303)
    kept = request.session.get(SELECTIONS, {}).get(request.GET.get("of"), {})
    if kept.get("url") != asking.url:
        return HttpResponseRedirect(asking.board)
    selected = _selected(kept["calls"], calls)
    if not selected:
        return _back(request, asking, calls)
    request.nav_page = "live"  # type: ignore[union-attr]
    rows = [(call, labels.mark(call), labels.state(call), labels.person(call), labels.line(call)) for call in selected]
    context = {"rows": rows, "end_url": request.get_full_path(), "back": kept["back"], "of_staff": asking.of_staff}
    context["gone"] = len(kept["calls"]) - len(selected)
    return render(request, "calls/end_selected.html", context)


def _keep(request: HttpRequest, selection: Mapping[str, Any]) -> str:
    """Its key, which stands in the address of the page that asks."""
    key = get_random_string(12)
    kept = [*request.session.get(SELECTIONS, {}).items(), (key, selection)]
    request.session[SELECTIONS] = dict(kept[-MOST_ASKED:])
    return key


def _report(request: HttpRequest, selected: Sequence[Call], asked: bulk_end.Requested) -> None:
    """Say what becomes of them; one that somebody else is ending leads to its timeline."""
    later = LATER if any(call.state not in ENDED_AT_ONCE for call in selected if call.pk in asked.calls) else ""
    if alone := asked.count - len(asked.before):
        words = (
            "1 call is being ended. It shows its receipt"
            if alone == 1
            else f"{alone} calls are being ended. Each shows its receipt"
        )
        messages.success(request, f"{words} on the board.{later}")
    if asked.before:
        named = _named(ALREADY, [(call, f"asked by {isolate(str(call.end_due_by))}") for call in asked.before])
        messages.info(request, html.format_html("{}{}", named, "" if alone else later))


def _named(words: str, rows: Sequence[tuple[Call, str]]) -> str:
    """`words: NUMBER (what of it), NUMBER (…) and 2 more.`, each number a link to its call."""
    shape = '<a href="{}#call-timeline">{}</a> ({})'
    links = [
        (
            reverse("call", args=[call.tenant.slug, call.pk]),  # type: ignore[union-attr]
            phone_numbers.grouped(call.counterpart) or "unknown number",
            of_it,
        )
        for call, of_it in rows[:MOST_NAMED]
    ]
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    return html.format_html("{}: {}{}.", words, html.format_html_join(", ", shape, links), more)


def _back(
    request: HttpRequest, asking: Asking, calls: CallQuerySet, requested: bulk_end.Requested | None = None
) -> HttpResponse:
    """To the board, with how those of `calls` ended that were over before their end was asked for."""
    taken = requested.calls if requested else frozenset()
    asked = request.session.get(SELECTIONS, {})
    kept = asked.pop(request.GET.get("of"), {})
    if kept:
        request.session[SELECTIONS] = asked
    wanted = _ids([*request.POST.getlist("call"), *kept.get("calls", [])])
    if over := _over(wanted - taken, calls):
        messages.info(request, _named("Over already", [(call, labels.state(call)) for call in over]))
    elif not taken:
        messages.warning(request, NONE_SELECTED)
    return HttpResponseRedirect(asking.back(request.POST or {"next": kept.get("back", "")}), status=303)


def _over(ids: Iterable[UUID], calls: CallQuerySet) -> list[Call]:
    found = queries.with_relations(calls.filter(pk__in=ids, finished=True, tenant__isnull=False))
    return list(found.order_by("created_at", "id"))
