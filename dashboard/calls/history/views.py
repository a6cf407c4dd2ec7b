"""The list of calls, of one client and of all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard.calls import labels, outcomes, queries
from dashboard.calls.history import day_counts, excerpts, search
from dashboard.calls.history.day_counts import DayCounts
from dashboard.calls.history.filters import CallFilter
from dashboard.calls.history.search import Found
from dashboard.calls.models import Call, CallQuerySet
from dashboard.calls.placing import intents
from dashboard.calls.planned import queries as planned_queries
from dashboard.sync.models import Kind
from dashboard.ui import filters, pagination, times
from dashboard.ui.fragments import page_or_part
from tenants import audit, time_zones
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant
from tenants.names import isolate

COUNTED = 1_000
LIVE_ROWS = 25  # of the group "Live now"; the others are on the live board
WEEK = timedelta(days=6)  # before today: what chips count while no period is chosen
UNCOUNTED_CHIPS = ("booked", "call_back", "not_reached", "voicemail")  # of all clients' calls, which are too many


@require_GET
@tenant_view(Permission.SEE_CALLS)
def calls(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    form = filter_form(request)
    connection = tenant.home_connection
    fresh = queries.fresh_at(connection.pk, Kind.CALLS) if connection else None
    context = _context(request, form, Call.objects.filter(tenant=tenant), zone=tenant.zone, of_one=True) | {
        "ages": [(connection, fresh)] if connection else [],
        "may_place": request.actor.may(Permission.PLACE_CALLS),
        "planned": planned_queries.counts(tenant),
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
    }
    if context["may_place"]:
        _offer_call_backs(tenant, context["rows"])
    if context["read"]:
        audit.record_once(request.user, tenant, "calls.summaries-read", tenant)
    return page_or_part(request, "calls/list.html", "calls/_list.html", context)


@require_GET
@staff_view(Permission.SEE_ALL_CALLS, open_scope=False)
def staff_calls(request: StaffRequest) -> HttpResponse:
    """The days and times of one chosen client are in its own zone, as where its figures lead here.

    Whose summaries were shown is recorded afterwards: a transaction writes to the trail of one client only.
    """
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        zone = queries.zone_of(request.GET.get("client", "")) or times.here()
        with timezone.override(zone):
            context = _staff_context(request, zone)
            unrecorded = audit.not_recorded(request.user, context["read"], excerpts.SUMMARIES_READ)
            response = page_or_part(request, "calls/list.html", "calls/_list.html", context)
    for tenant in unrecorded:
        with scope.for_tenant(tenant):
            audit.record_once(request.user, tenant, "calls.summaries-read", tenant)
    return response


def _staff_context(request: StaffRequest, zone: ZoneInfo) -> dict[str, Any]:
    form = CallFilter(
        request.GET,
        zone=zone,
        countries=queries.countries(request.GET.get("client", "")) if request.GET.get("q") else (),
        searches_words=request.actor.may(Permission.SEE_TRANSCRIPTS),
        tenant=queries.client_id(request.GET.get("client", "")) if request.GET.get("q") else None,
        of_all=True,
    )
    one_client = bool(form.is_valid() and form.cleaned_data.get("client"))
    context = _context(request, form, Call.objects.all(), zone=zone, of_one=one_client)
    return context | {"ages": queries.ages(Kind.CALLS), "staff": True}


def filter_form(request: TenantRequest) -> CallFilter:
    """The filters of a client's calls; the export reads the same."""
    offered = queries.choices(request.tenant)
    return CallFilter(
        request.GET,
        zone=request.tenant.zone,
        countries=[request.tenant.country],
        tenant=request.tenant.pk,
        searches_words=request.actor.may(Permission.SEE_TRANSCRIPTS),
        lines=offered["lines"],
        assistants=offered["assistants"],
        presets=offered["presets"],
    )


def _context(
    request: TenantRequest | StaffRequest, form: CallFilter, calls: CallQuerySet, *, zone: ZoneInfo, of_one: bool
) -> dict[str, Any]:
    """`of_one`: whether these are the calls of one client; `read` are the clients whose words are shown.

    Of one client a week is counted, of all of them the day of today, while no filter is set.
    """
    matching = form.apply(calls)
    paged = "before" in request.GET or "after" in request.GET
    key = pagination.key_of(calls, request.GET) if form.text else None
    of_page = form.apply(calls, before=key) if key else matching
    with_words = request.actor.may(Permission.SEE_TRANSCRIPTS)
    live = [] if paged else queries.board(_shown(matching, form, with_words), longest=False)
    page = pagination.page(
        queries.in_list(queries.with_relations(_shown(of_page.filter(finished=True), form, with_words))), request.GET
    )
    found = form.found(key) if form.text else Found()
    bar = filters.bar(request, form, label="Filter calls", search_chip=True)
    rows = [_row(call, form, with_words) for call in [*live[:LIVE_ROWS], *page.rows]]
    filtered = bool(bar.chips) or not form.is_valid()
    first = timezone.now().astimezone(zone).date() - (WEEK if of_one else timedelta())
    counts = _counted(form, calls, zone, first) if of_one or not filtered else DayCounts()
    suggestions = _suggestions(request, form, counts, first if of_one or counts.by_day else None)
    return {
        "filters": bar if form.errors else replace(bar, **suggestions),
        "rows": rows,
        "live": rows[: len(live[:LIVE_ROWS])],
        "live_count": len(live),
        "more_live": len(live) > LIVE_ROWS,
        "days": _days(request, form, rows[len(live[:LIVE_ROWS]) :], counts, zone),
        "today": None if filtered else _today(request, counts, zone, of_one=of_one),
        "page": page,
        "sentence": times.zone_words(zone),
        "count": matching.order_by()[: COUNTED + 1].count() if filtered else len(rows),
        "counted": COUNTED,
        "at_least": form.text and form.found().last,
        "too_broad": form.is_too_broad,
        "further_url": pagination.url_before(request.GET, found.last) if found.last and not page.older_url else "",
        "looked_at": len(found.ids),
        "filtered": filtered,
        "paged": paged,
        "zone_words": times.zone_words(zone),
        "read": list(
            {
                call.tenant_id: call.tenant for call in (row["call"] for row in rows) if _is_read(call, with_words)
            }.values()
        ),
    }


def _is_read(call: Call, with_words: bool) -> bool:
    return with_words and call.tenant is not None and excerpts.has_words(call)


def _shown(calls: CallQuerySet, form: CallFilter, with_words: bool) -> CallQuerySet:
    """With the summary of each, and for a search with what was said, for those who may read transcripts."""
    if not with_words:
        return calls
    found = queries.with_summary(calls)
    return search.with_sentence(found, form.text) if form.text else found


def _counted(form: CallFilter, calls: CallQuerySet, zone: ZoneInfo, first: date) -> DayCounts:
    """The calls of the chosen period, or since `first`, by day and outcome: the chips offer other outcomes too."""
    if not form.is_valid():
        return DayCounts()
    found = form.apply(calls, without="outcome")
    if not form.cleaned_data["since"]:
        until = form.cleaned_data["until"]
        found = found.filter(created_at__gte=time_zones.start_of_day(until - WEEK if until else first, zone))
    return day_counts.count(found, zone)


def _suggestions(
    request: TenantRequest | StaffRequest, form: CallFilter, counts: DayCounts, first: date | None
) -> dict[str, Any]:
    """Outcomes to narrow the list to. The address names the period that was counted, so that the rows are the same.

    `first` is the day since which `counts` are; None for outcomes without figures. Without effect in a wrong form.
    """
    if not form.is_valid():
        return {}
    chosen = form.cleaned_data
    since = {"since": first.isoformat()} if first and not (chosen.get("since") or chosen.get("until")) else {}
    offered = counts.offered() if first else [(outcomes.read(slug), None) for slug in UNCOUNTED_CHIPS]
    suggestions = tuple(
        filters.Suggestion(outcome.label, count, filters.changed(request, outcome=outcome.slug, **since))
        for outcome, count in offered
        if outcome.slug != chosen["outcome"]
    )
    return {"suggestions": suggestions, "suggested_within": _within(form) if since and suggestions else ""}


def _within(form: CallFilter) -> str:
    """Of what the chips count: staff read whose calls they are, and of all clients' calls today is counted."""
    client = form.cleaned_data.get("client")
    if "client" in form.fields and not client:
        return "Today"
    named = dict(form.fields["client"].choices).get(client, "") if client else ""  # type: ignore[attr-defined]
    return f"{isolate(str(named))}, last 7 days" if named else "Last 7 days"


def _today(request: TenantRequest | StaffRequest, counts: DayCounts, zone: ZoneInfo, *, of_one: bool) -> dict[str, Any]:
    """The figures of the page's first sentence, each with the address of its rows.

    Where today alone was counted and has too many calls, the sentence says so.
    """
    day = timezone.now().astimezone(zone).date()
    counted, since = counts.of(day), {"since": day.isoformat()}
    best, is_more = day_counts.best(counted), counts.is_too_many and not of_one
    return {
        "count": day_counts.MOST if is_more else sum(counted.values()) - counted[""],
        "is_more": is_more,
        "url": filters.changed(request, **since, state="over"),
        "best": best,
        "best_url": filters.changed(request, **since, outcome=best[0].slug) if best else "",
        "reached": counts.reached[day],
        "reached_url": filters.changed(request, **since, state="talked"),
    }


def _days(
    request: TenantRequest | StaffRequest,
    form: CallFilter,
    rows: list[dict[str, Any]],
    counts: DayCounts,
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    """The rows of each day below its heading, which says how many there are where that was counted."""
    chosen = form.cleaned_data.get("outcome", "") if form.is_valid() else ""
    today = timezone.now().astimezone(zone).date()
    days = []
    for day, of_day in groupby(rows, lambda row: _day(row["call"].created_at, zone)):
        counted = counts.of(day)
        whole = {"since": day.isoformat(), "until": day.isoformat()}
        best = None if chosen else day_counts.best(counted)
        days.append(
            {
                "words": times.day(day, today),
                "rows": list(of_day),
                "count": counted[chosen] if chosen else sum(counted.values()),
                "url": filters.changed(request, **whole, state="over"),
                "best": best,
                "best_url": filters.changed(request, **whole, outcome=best[0].slug) if best else "",
            }
        )
    return days


def _offer_call_backs(tenant: Tenant, rows: list[dict[str, Any]]) -> None:
    """Mark the rows of people who asked to be called back, and whom this client may call."""
    for row in rows:
        call: Call = row["call"]
        asked = call.finished and call.outcome == outcomes.CALL_BACK
        row["may_call_back"] = asked and intents.may_be_offered(tenant, call.counterpart)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _row(call: Call, form: CallFilter, with_words: bool) -> dict[str, Any]:
    last = getattr(call, "last", None)
    return {
        "call": call,
        "mark": labels.mark(call),
        "state": labels.state(call),
        "outcome": outcomes.read(call.outcome).slug,
        "ending": labels.ending(call),
        "line_below": excerpts.of(call, with_words=with_words, text=form.text),
        "steered_by": str(last.asked_by) if last and last.asked_by else "",
        "person": labels.person(call) or labels.place(call),
        "line": labels.line(call),
        "assistant": labels.assistant(call),
        "by": labels.started_by(call),
    }
