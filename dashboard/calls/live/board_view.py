"""The live boards: what is going on now, for one client and for the reseller's staff."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from dashboard.calls import labels, queries
from dashboard.calls.history import timeline
from dashboard.calls.live import presence
from dashboard.calls.models import Call, CallQuerySet
from dashboard.sync.models import Kind
from dashboard.ui.fragments import page_or_part
from tenants import audit
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant, User

COLUMNS = [("person", "Needs a person"), ("live", "In progress"), ("waiting", "Connecting")]
CHIPS = 8  # clients beside "Every client"; the others are in a menu
WORDS_SEEN = "calls.words-seen"
BUSY = 50  # calls from which on the board is drawn again every 2 seconds only


@require_GET
@tenant_view(Permission.SEE_CALLS)
def board(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    connection = tenant.home_connection
    fresh = queries.fresh_at(connection.pk, Kind.LIVE_CALLS) if connection else None
    context = _context(request, Call.objects.filter(tenant=tenant)) | {
        "ages": [(connection, fresh)] if connection else [],
        "may_place": request.actor.may(Permission.PLACE_CALLS),
    }
    if context["read"]:
        audit.record_once(request.user, tenant, "calls.words-seen", tenant)
    return page_or_part(request, "calls/live.html", "calls/_board.html", context)


@require_GET
@staff_view(Permission.SEE_ALL_CALLS, open_scope=False)
def staff_board(request: StaffRequest) -> HttpResponse:
    """`?client=` filters by client; `none` shows the calls without one.

    Whose words were shown is recorded afterwards: each client has a chain of entries, and a transaction writes to one.
    """
    chosen = request.GET.get("client", "")
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        clients = Tenant.objects.filter(calls__finished=False).annotate(live=Count("calls")).order_by("-live", "name")
        calls = Call.objects.all()
        if chosen == "none":
            calls = calls.filter(tenant__isnull=True)
        elif chosen:
            calls = calls.filter(tenant__slug=chosen)
        kept = {"client": chosen} if chosen else {}
        context = _context(request, calls, **kept) | _client_chips(list(clients), chosen)
        context |= {"chosen": chosen, "staff": True, "ages": queries.ages(Kind.LIVE_CALLS)}
        unrecorded = audit.not_recorded(request.user, context["read"], WORDS_SEEN)
        response = page_or_part(request, "calls/live.html", "calls/_board.html", context)
    for tenant in unrecorded:
        with scope.for_tenant(tenant):
            audit.record_once(request.user, tenant, "calls.words-seen", tenant)
    return response


def _client_chips(clients: list[Tenant], chosen: str) -> dict[str, Any]:
    """The busiest clients as chips, the one that is chosen among them, and all others for a menu."""
    clients.sort(key=lambda client: client.slug != chosen)
    shown = sorted(clients[:CHIPS], key=lambda client: (-client.live, client.name))  # type: ignore[attr-defined]
    return {"clients": shown, "more_clients": clients[CHIPS:]}


def _context(request: TenantRequest | StaffRequest, calls: CallQuerySet, **kept: str) -> dict[str, Any]:
    """`read` are the clients of whose calls a sentence is shown."""
    longest = request.GET.get("sort") != "newest"
    with_words = request.actor.may(Permission.SEE_TRANSCRIPTS)
    found = queries.board(calls, longest=longest, with_words=with_words)
    viewers = presence.viewers(found)
    cards = [_card(call, with_words, viewers.get(call.pk, [])) for call in found]
    columns = [(key, title, [card for card in cards if card["column"] == key]) for key, title in COLUMNS]
    read = {card["call"].tenant_id: card["call"].tenant for card in cards if card["sentence"] and card["call"].tenant}
    return {
        "columns": [column for column in columns if column[2]],
        "count": len(found),
        "more": len(found) == queries.BOARD_SIZE,
        "redraw_in": min((call.seconds_to_alarm for call in found if call.seconds_to_alarm is not None), default=None),
        "refresh": f"call throttle:{2000 if len(found) > BUSY else 500}ms",
        "asking": sum(card["column"] == "person" for card in cards),
        "longest": longest,
        "sort_url": "?" + urlencode(kept | ({"sort": "newest"} if longest else {})),
        "here": request.get_full_path(),
        "read": list(read.values()),
    }


def _card(call: Call, words: bool, viewers: list[User]) -> dict[str, Any]:
    last = getattr(call, "last", None)
    what, became = timeline.short(last, words=words) if last else ("", "")
    lead = labels.lead(call)
    speaker, sentence = labels.last_sentence(call)
    return {
        "call": call,
        "column": labels.board_column(call),
        "mark": labels.mark(call),
        "state": labels.state(call),
        "why": labels.why(call) or (call.error if labels.board_column(call) == "person" else ""),
        "person": labels.person(call),
        "place": labels.place(call),
        "line": labels.line(call),
        "assistant": labels.assistant(call) or "Assistant not known yet",
        "campaign": lead.get("campaign") or "",
        "speaker": speaker,
        "sentence": sentence,
        "started_by": labels.started_by(call),
        "last": last,
        "what": what,
        "became": became,
        "viewers": viewers,
        "slug": call.tenant.slug if call.tenant else "",
    }
