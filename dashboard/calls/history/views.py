"""The list of calls, of one client and of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard.calls import labels, outcomes, queries
from dashboard.calls.history import day_counts, excerpts, list_facts, listed_call, search
from dashboard.calls.history.day_counts import DayCounts
from dashboard.calls.history.filters import CallFilter
from dashboard.calls.history.list_facts import ListFacts
from dashboard.calls.history.listed_call import ListedCall
from dashboard.calls.history.search import Found
from dashboard.calls.models import Call, CallQuerySet
from dashboard.calls.placing import intents
from dashboard.contact_rules import rules as contact_rules
from dashboard.ui import filters, pagination, phone_numbers, times
from dashboard.ui.fragments import page_or_part
from tenants import audit, time_zones
from tenants.access.decorators import Actor, StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant
from tenants.names import isolate

COUNTED = 1_000
LIVE_ROWS = 25  # of the group "Live now"; the others are on the live board
CALLS_OFFERED = {outcomes.CALL_BACK: "Call back", "not_reached": "Call again"}  # what a row offers, by its outcome
WEEK = timedelta(days=6)  # before today: what chips count while no period is chosen
UNCOUNTED_CHIPS = ("booked", "call_back", "not_reached", "voicemail")  # of all clients' calls, which are too many


@require_GET
@tenant_view(Permission.SEE_CALLS)
def calls(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    form = _form(request)
    if form.needs_choices:
        form.offer(queries.choices(tenant))
    found = Call.objects.filter(tenant=tenant)
    facts = list_facts.of_tenant(tenant, request.user, _to_count(form, found, tenant.zone, of_one=True), tenant.zone)
    if not form.needs_choices:
        form.offer(facts.offered)
    request.live_calls = facts.live  # type: ignore[attr-defined]  # the sidebar shows the same
    context = _context(request, form, found, facts, zone=tenant.zone, of_one=True) | {
        "may_place": request.actor.may(Permission.PLACE_CALLS),
        "planned": facts.planned,
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
    }
    if context["may_place"]:
        _offer_calls(tenant, context["rows"])
    if context["read"] and not facts.is_recorded:
        audit.record(request.user, tenant, "calls.summaries-read", tenant)
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
    found = Call.objects.all()
    counted = _to_count(form, found, zone, of_one=one_client) if one_client or not _is_filtered(form) else None
    facts = list_facts.of_staff(counted, zone)
    request.live_calls = facts.live  # type: ignore[attr-defined]  # the sidebar shows the same
    return _context(request, form, found, facts, zone=zone, of_one=one_client) | {"staff": True}


def filter_form(request: TenantRequest) -> CallFilter:
    """The filters of a client's calls; the export reads the same."""
    form = _form(request)
    form.offer(queries.choices(request.tenant))
    return form


def _form(request: TenantRequest) -> CallFilter:
    """Without what `CallFilter.offer` tells."""
    return CallFilter(
        request.GET,
        zone=request.tenant.zone,
        countries=[request.tenant.country],
        tenant=request.tenant.pk,
        searches_words=request.actor.may(Permission.SEE_TRANSCRIPTS),
    )


def _is_filtered(form: CallFilter) -> bool:
    return not form.is_valid() or any(form.cleaned_data.get(name) for name in form.fields)


def _context(
    request: TenantRequest | StaffRequest,
    form: CallFilter,
    calls: CallQuerySet,
    facts: ListFacts,
    *,
    zone: ZoneInfo,
    of_one: bool,
) -> dict[str, Any]:
    """`of_one`: whether these are the calls of one client; `read` are the clients whose words are shown.

    Of one client a week is counted, of all of them the day of today, while no filter is set.
    """
    matching = form.apply(calls)
    paged = "before" in request.GET or "after" in request.GET
    key = pagination.key_of(calls, request.GET) if form.text else None
    of_page = form.apply(calls, before=key) if key else matching
    with_words = request.actor.may(Permission.SEE_TRANSCRIPTS)
    live = [] if paged or not facts.live else queries.board(_shown(matching, form, with_words), longest=False)
    page = pagination.page(
        _columns(request, of_page.filter(finished=True), form, with_words), request.GET, read=_reader(request)
    )
    found = form.found(key) if form.text else Found()
    bar = filters.bar(request, form, label="Filter calls", search_chip=True)
    rows = [_row(call, form, request.actor, with_words) for call in [*live[:LIVE_ROWS], *page.rows]]
    filtered = bool(bar.chips) or not form.is_valid()
    counts, first = facts.counts, _first_counted(zone, of_one=of_one)
    suggestions = _suggestions(request, form, counts, first if of_one or counts.by_day else None)
    return {
        "filters": replace(bar, days=_days_to_choose(request, zone), **({} if form.errors else suggestions)),
        "rows": rows,
        "live": rows[: len(live[:LIVE_ROWS])],
        "live_count": len(live),
        "more_live": len(live) > LIVE_ROWS,
        "days": _days(request, form, rows[len(live[:LIVE_ROWS]) :], counts, zone),
        "ages": facts.ages,
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


def _columns(
    request: TenantRequest | StaffRequest, calls: CallQuerySet, form: CallFilter, with_words: bool
) -> QuerySet[Any, Any]:
    """Of the calls that are over, with what was said for those who may read transcripts."""
    has_sentence = with_words and bool(form.text)
    found = search.with_sentence(calls, form.text) if has_sentence else calls
    of_one = isinstance(getattr(request, "tenant", None), Tenant)
    return listed_call.columns(found, of_one=of_one, with_summary=with_words, with_sentence=has_sentence)


def _reader(request: TenantRequest | StaffRequest) -> Callable[[Any], ListedCall]:
    tenant: Tenant | None = getattr(request, "tenant", None)
    return partial(ListedCall, tenants={tenant.pk: tenant} if tenant else {})


def _shown(calls: CallQuerySet, form: CallFilter, with_words: bool) -> CallQuerySet:
    """With the summary of each, and for a search with what was said, for those who may read transcripts."""
    if not with_words:
        return calls
    found = queries.with_summary(calls)
    return search.with_sentence(found, form.text) if form.text else found


def _first_counted(zone: ZoneInfo, *, of_one: bool) -> date:
    return timezone.now().astimezone(zone).date() - (WEEK if of_one else timedelta())


def _to_count(form: CallFilter, calls: CallQuerySet, zone: ZoneInfo, *, of_one: bool) -> CallQuerySet | None:
    """The calls of the chosen period, or of the last days, whatever came of them: the chips offer other outcomes too.

    None where a filter has an error.
    """
    if not form.is_valid():
        return None
    found = form.apply(calls, without="outcome")
    if not form.cleaned_data["since"]:
        until = form.cleaned_data["until"]
        first = until - WEEK if until else _first_counted(zone, of_one=of_one)
        found = found.filter(created_at__gte=time_zones.start_of_day(first, zone))
    return found


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


def _days_to_choose(request: TenantRequest | StaffRequest, zone: ZoneInfo) -> tuple[filters.Day, ...]:
    """The days that are asked for most; the other filters stay."""
    today = timezone.now().astimezone(zone).date()
    named = {"Today": today.isoformat(), "Yesterday": (today - timedelta(days=1)).isoformat()}
    shown = {request.GET.get("since"), request.GET.get("until")}
    return tuple(
        filters.Day(words, filters.changed(request, since=day, until=day), is_current=shown == {day})
        for words, day in named.items()
    )


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


def _offer_calls(tenant: Tenant, rows: list[dict[str, Any]]) -> None:
    """Mark the rows of people who asked to be called back or were not reached: whether they may be called, or why not.

    The contact rules are asked once for all rows together.
    """
    offered = {
        row["call"].pk: CALLS_OFFERED[row["outcome"]]
        for row in rows
        if row["call"].finished
        and row["call"].counterpart
        and row["outcome"] in CALLS_OFFERED
        and (row["outcome"] == outcomes.CALL_BACK or row["call"].direction == "outbound")
    }
    numbers = {row["call"].counterpart for row in rows if row["call"].pk in offered}
    callable_numbers = [number for number in numbers if intents.may_be_offered(tenant, number)]
    verdicts = contact_rules.verdicts(tenant, callable_numbers) if callable_numbers else {}
    for row in rows:
        call: Call = row["call"]
        if call.pk not in offered:
            continue
        verdict = verdicts.get(call.counterpart)
        if verdict and verdict.refusal and not verdict.passes:  # what is about the time, the form says and can plan for
            row["no_call"], row["no_call_in_short"] = verdict.refusal, str(verdict.rule.label if verdict.rule else "")
        elif verdict:
            row["call_words"] = offered[call.pk]
        elif why_not := intents.why_not_offered(tenant, call.counterpart):
            row["no_call"], row["no_call_in_short"] = why_not, _in_short(call.counterpart)


def _in_short(counterpart: str) -> str:
    """Why somebody cannot be called, for a row; the page of the call says it whole."""
    country = phone_numbers.country(phone_numbers.country_of(counterpart))
    return f"Not allowed: {country}" if country else "Cannot be called"


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _row(call: Call, form: CallFilter, reader: Actor, with_words: bool) -> dict[str, Any]:
    last = getattr(call, "last", None)
    return {
        "call": call,
        "mark": labels.mark(call),
        "state": labels.state(call),
        "outcome": outcomes.read(call.outcome).slug,
        "ending": labels.ending(call),
        "line_below": excerpts.of(call, reader=reader, with_words=with_words, text=form.text),
        "steered_by": str(last.asked_by) if last and last.asked_by else "",
        "person": labels.person(call) or labels.place(call),
        "line": labels.line(call),
        "assistant": labels.assistant(call),
        "by": labels.started_by(call),
    }
