"""The live boards: what is going on now, for one client and for the reseller's staff."""

from __future__ import annotations

from contextlib import suppress
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from dashboard.calls import call_times, labels, queries
from dashboard.calls.control import steering
from dashboard.calls.history import timeline
from dashboard.calls.live import board_columns, board_filters, board_selection, end_notes, presence
from dashboard.calls.live.board_selection import Selection
from dashboard.calls.models import Call, CallQuerySet
from dashboard.calls.planned import queries as planned_queries
from dashboard.sync.models import Kind
from dashboard.ui.fragments import page_or_part
from tenants import audit
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant, User

COLUMNS = [("person", "Needs a person"), ("live", "In progress"), ("waiting", "Connecting")]
ROW = 60  # letters of clients beside "Every client", so that the tools stand in one row; the others are in a menu
FILTER = 20  # letters' worth of a filter that is chosen
EDGE = 6  # letters' worth of count, padding and gap of each
WORDS_SEEN = "calls.words-seen"


@require_GET
@tenant_view(Permission.SEE_CALLS)
def board(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    connection = tenant.home_connection
    fresh = queries.fresh_at(connection.pk, Kind.LIVE_CALLS) if connection else None
    may_end = request.actor.may(Permission.CONTROL_CALLS)
    context = _context(request, Call.objects.filter(tenant=tenant), may_end=may_end) | {
        "ages": [(connection, fresh)] if connection else [],
        "may_place": request.actor.may(Permission.PLACE_CALLS),
        "end_url": reverse("live-end", args=[tenant.slug]),
        "planned": planned_queries.counts(tenant),
    }
    context["redraw_in"] = _redraw_in(context)
    if context["read"]:
        audit.record_once(request.user, tenant, "calls.words-seen", tenant)
    return _answer(request, context)


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
        may_end = request.actor.may(Permission.END_CLIENT_CALLS)
        context = _context(request, calls, may_end=may_end, **kept)
        context |= _client_chips(list(clients), chosen, filters=len(context["wanted"]))
        context |= {"chosen": chosen, "staff": True, "ages": queries.ages(Kind.LIVE_CALLS)}
        context |= {"end_url": reverse("staff-live-end"), "redraw_in": _redraw_in(context)}
        unrecorded = audit.not_recorded(request.user, context["read"], WORDS_SEEN)
        response = _answer(request, context)
    for tenant in unrecorded:
        with scope.for_tenant(tenant):
            audit.record_once(request.user, tenant, "calls.words-seen", tenant)
    return response


def _client_chips(clients: list[Tenant], chosen: str, *, filters: int = 0) -> dict[str, Any]:
    """The busiest clients as chips, as many as fit beside the chosen filters, and all others for a menu.

    The client that is chosen is among them.
    """
    most = ROW - (filters + 1) * FILTER if filters else ROW  # one more clears them
    clients.sort(key=lambda client: client.slug != chosen)
    widths = accumulate(len(client.name) + EDGE for client in clients)
    fitting = max(1, sum(width <= most for width in widths))
    shown = sorted(clients[:fitting], key=lambda client: (-client.live, client.name))  # type: ignore[attr-defined]
    return {"clients": shown, "more_clients": clients[fitting:]}


def _context(
    request: TenantRequest | StaffRequest, calls: CallQuerySet, *, may_end: bool, **kept: str
) -> dict[str, Any]:
    """`read` are the clients of whose calls a sentence is shown."""
    longest, rows = request.GET.get("sort") != "newest", _rows(request)
    wanted = board_filters.chosen(request.GET)
    if rows is None:
        selection = board_selection.of_board(calls, wanted, longest=longest)
    else:
        selection = board_selection.of_rows(calls, wanted, rows, longest=longest)
    cards = _cards(request, calls.filter(pk__in=selection.ids), longest, may_end=may_end)
    read = {card["call"].tenant_id: card["call"].tenant for card in cards if card["sentence"] and card["call"].tenant}
    return (
        _columns(cards, selection)
        | _addresses(kept, wanted, longest=longest)
        | {"chips": _chips(selection, kept, wanted, longest=longest)}
        | _columns_shown(request, may_end=may_end)
        | {"here": request.get_full_path(), "read": list(read.values()), "may_end": may_end}
    )


def _columns(cards: list[dict[str, Any]], selection: Selection) -> dict[str, Any]:
    """The cards by column, and the counts."""
    by_column = [
        (key, title, selection.totals.get(key, 0), [card for card in cards if card["column"] == key])
        for key, title in COLUMNS
    ]
    return {
        "columns": by_column,
        "count": selection.count,
        "all": selection.live,
        "more": selection.has_more,
        "asking": selection.totals.get("person", 0),
        "filters": selection.filters,
        "redraw_in": min((card["redraw_in"] for card in cards if card["redraw_in"] is not None), default=None),
    }


def _redraw_in(context: dict[str, Any]) -> int | None:
    """When what it says by itself becomes untrue: an end is late, or VoiceDock may be asked again."""
    pauses = [connection.resting_until for connection, _ in context["ages"] if connection.is_resting]
    seconds = [int((until - timezone.now()).total_seconds()) + 1 for until in pauses]
    return min([*seconds, *([] if context["redraw_in"] is None else [context["redraw_in"]])], default=None)


def _addresses(kept: dict[str, str], wanted: dict[str, str], *, longest: bool) -> dict[str, Any]:
    """Where its links and forms lead, with what they keep of this address."""
    sort = {} if longest else {"sort": "newest"}
    return {
        "longest": longest,
        "wanted": wanted,
        "kept": kept | sort,
        "sort_url": "?" + urlencode(kept | wanted | ({"sort": "newest"} if longest else {})),
        "clear_url": "?" + urlencode(kept | sort),
    }


def _chips(
    selection: Selection, kept: dict[str, str], wanted: dict[str, str], *, longest: bool
) -> list[tuple[str, str, str]]:
    """What is filtered by: its label, what is chosen, and the address without it."""
    sort = {} if longest else {"sort": "newest"}
    found = []
    for offer in selection.filters:
        if offer.chosen:
            others = {name: value for name, value in wanted.items() if name != offer.name}
            found.append((offer.label, offer.words, "?" + urlencode(kept | others | sort)))
    return found


def _columns_shown(request: TenantRequest | StaffRequest, *, may_end: bool) -> dict[str, Any]:
    shown = board_columns.shown(request)
    return {
        "shown": shown,
        "column_choices": board_columns.choices(shown),
        "board_class": board_columns.css_classes(shown, may_end=may_end),
    }


def _answer(request: TenantRequest | StaffRequest, context: dict[str, Any]) -> HttpResponse:
    part = "calls/_board.html" if _rows(request) is None else "calls/_board_rows.html"
    response = page_or_part(request, "calls/live.html", part, context)
    board_columns.keep(request, response, context["shown"])
    return response


def _rows(request: TenantRequest | StaffRequest) -> set[UUID] | None:
    """The calls whose cards are asked for, at most as many as a board has; None for the whole board."""
    text = request.GET.get("rows")
    if text is None:
        return None
    found = set()
    for call_id in text.split(",")[: queries.BOARD_SIZE]:
        with suppress(ValueError):
            found.add(UUID(call_id))
    return found


def _cards(
    request: TenantRequest | StaffRequest, calls: CallQuerySet, longest: bool, *, may_end: bool
) -> list[dict[str, Any]]:
    with_words = request.actor.may(Permission.SEE_TRANSCRIPTS)
    found = queries.board(calls, longest=longest, with_words=with_words)
    viewers, holders = presence.viewers(found), steering.holders([call.pk for call in found])
    return [
        _card(call, with_words, viewers.get(call.pk, []))
        | {"holder": holders.get(call.pk), "may_select": may_end and bool(call.tenant_id) and not call.needs_decision}
        for call in found
    ]


def _card(call: Call, words: bool, viewers: list[User]) -> dict[str, Any]:
    last = getattr(call, "last", None)
    lead = labels.lead(call)
    speaker, sentence = labels.last_sentence(call)
    what, became = timeline.short(last, words=words and not sentence) if last else ("", "")
    return {
        "call": call,
        "answered_at": call_times.answered_at(call) if call.started_at else None,
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
        "since": call_times.answered_at(call) or call.created_at,
        "end_note": end_notes.of(call, last),
        "what": what,
        "became": became,
        "viewers": viewers,
        "slug": call.tenant.slug if call.tenant else "",
        "redraw_in": call.seconds_to_alarm,
    }
