"""What the overview of a client shows: whether it goes well, what came of its calls, and what needs its people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format

from dashboard.calls import labels
from dashboard.calls import queries as calls_queries
from dashboard.calls.models import Call
from dashboard.campaigns import queries as campaign_queries
from dashboard.campaigns.models import Campaign
from dashboard.clients import queries as client_queries
from dashboard.clients import readiness
from dashboard.overview import client_attention, figures, queries
from dashboard.overview.figures import Day, Rank, Tally, Weeks
from dashboard.overview.queries import ClientRow
from dashboard.sync import freshness
from dashboard.team import queries as team_queries
from dashboard.ui import charts, times
from tenants.access.decorators import TenantRequest
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant

NEEDS, LIVE, LATEST, CAMPAIGNS, RANKS = 4, 5, 6, 4, 16
WORKDAYS = 5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a strip. `change` is against the period before, `is_better` whether it is good news."""

    label: str
    value: str
    url: str
    change: str = ""
    is_better: bool = False
    note: str = ""


@scope.requires_scope
def context(request: TenantRequest) -> dict[str, Any]:
    tenant, now, may = request.tenant, timezone.now(), request.actor.may
    found = client_attention.of_client(request.actor, tenant)
    row = _row(tenant)
    weeks = figures.weeks(Call.objects.filter(tenant=tenant), tenant.zone, now)
    url = reverse("calls", args=[tenant.slug])
    latest = _latest(tenant, with_summary=may(Permission.SEE_TRANSCRIPTS))
    lines = [dedication for dedication in client_queries.number_dedications(tenant) if dedication.is_open]
    assistants = [dedication for dedication in client_queries.assistant_dedications(tenant) if dedication.is_open]
    return {
        "attention": found,
        "needs": found.needs[:NEEDS],
        "more_needs": found.needs[NEEDS:],
        "row": row,
        "live_calls": _live(tenant),
        "redraw_in": queries.seconds_to_alarm([row]),
        "weeks": weeks,
        "today_figures": today_figures(weeks, url),
        "week_figures": week_figures(weeks, url),
        "ranks": [
            {"rank": rank, "url": _link(url, weeks.monday, outcome=rank.outcome.slug)} for rank in weeks.ranks()[:RANKS]
        ],
        "chart": charts.draw(_days(weeks, url)),
        "latest": latest,
        "campaigns": campaign_queries.campaign_rows(_campaigns(tenant), now, {}),
        "lines": lines,
        "assistants": assistants,
        "fresh_at": freshness.freshness_of(tenant).fresh_at,
        "sees_words": may(Permission.SEE_TRANSCRIPTS),
        "may_place": may(Permission.PLACE_CALLS) and bool(lines and assistants),
        "may_settings": may(Permission.MANAGE_SETTINGS),
        "may_team": may(Permission.MANAGE_TEAM),
        "alone": len(team_queries.people(tenant)) < 2,
        "is_new": not latest and not row.calls,
    }


def _row(tenant: Tenant) -> ClientRow:
    found = queries.client_rows(Tenant.objects.filter(pk=tenant.pk))
    return found[0] if found else ClientRow(tenant, readiness.Readiness(tenant.status, ()))


def _live(tenant: Tenant) -> list[dict[str, Any]]:
    """The live calls that have lasted longest, with what their row says."""
    found = calls_queries.with_relations(Call.objects.live().filter(tenant=tenant)).order_by("created_at", "pk")
    return [
        {
            "call": call,
            "mark": labels.mark(call),
            "state": labels.state(call),
            "person": labels.person(call),
            "by": labels.started_by(call),
        }
        for call in found[:LIVE]
    ]


def _latest(tenant: Tenant, *, with_summary: bool) -> list[dict[str, Any]]:
    """The calls that ended last. The summary is read for those alone who may see it."""
    found = calls_queries.of_tenant(tenant).filter(finished=True)
    if with_summary:
        found = calls_queries.with_summary(found)
    rows = []
    for call in found.order_by("-created_at", "-pk")[:LATEST]:
        report = getattr(call, "report", None) if with_summary else None
        rows.append({"call": call, "person": labels.person(call), "summary": report.summary if report else ""})
    return rows


def _campaigns(tenant: Tenant) -> list[Campaign]:
    """Those that are started or paused, then drafts and what was completed last."""
    order: list[str] = [
        Campaign.Status.SCHEDULED,
        Campaign.Status.PAUSED,
        Campaign.Status.DRAFT,
        Campaign.Status.COMPLETED,
    ]
    found = Campaign.objects.filter(tenant=tenant, vanished_at=None, status__in=order)
    newest = list(found.order_by("-remote_created_at", "-pk")[:50])
    return sorted(newest, key=lambda one: order.index(one.status))[:CAMPAIGNS]


def _link(url: str, since: Any, until: Any = None, **filters: str) -> str:
    days = {"since": since.isoformat()} | ({"until": until.isoformat()} if until else {})
    return f"{url}?{urlencode(days | filters)}"


def _days(weeks: Weeks, url: str) -> list[charts.DayCalls]:
    """The days of the week: Saturday and Sunday where somebody called, or when today is one of them."""
    last = max([WORKDAYS, weeks.now.weekday() + 1, *(at + 1 for at, day in enumerate(weeks.days) if day.before.calls)])
    return [_bar(weeks, day, url) for day in weeks.days[:last]]


def _bar(weeks: Weeks, day: Day, url: str) -> charts.DayCalls:
    label = f"{day.date:%a} so far" if day is weeks.today else f"{day.date:%a}"
    rest = day.this.calls - day.this.reached
    return charts.DayCalls(label, day.this.reached, rest, day.before.calls, _link(url, day.date, day.date))


def both_weeks(weeks: Weeks, url: str) -> dict[str, list[Figure]]:
    """The strips of figures of all clients, which have no outcome in common but that nothing was dialed."""

    def link(**more: str) -> str:
        return _link(url, weeks.monday, **more)

    week = _tally_figures(weeks.this, weeks.before, "last week", link)
    refused = _outcome_figure(weeks.rank("refused"), link, more_is_better=False)
    week.append(replace(refused, label="Refused before dialing"))
    return {"week_figures": week, "today_figures": today_figures(weeks, url)}


def today_figures(weeks: Weeks, url: str) -> list[Figure]:
    """Today against the same day of last week until the same time."""
    day = weeks.today
    return _tally_figures(day.this, day.before, f"last {day.date:%A}", lambda **more: _link(url, day.date, **more))


def week_figures(weeks: Weeks, url: str) -> list[Figure]:
    """This week against last week until the same time; its most frequent good outcome first."""

    def link(**more: str) -> str:
        return _link(url, weeks.monday, **more)

    found = _tally_figures(weeks.this, weeks.before, "last week", link)
    if best := weeks.best():
        found.insert(0, _outcome_figure(best, link, more_is_better=True))
    refusals = weeks.rank("do_not_call")
    if refusals.count or refusals.before:
        found.append(_outcome_figure(refusals, link, more_is_better=False))
    return found


def _tally_figures(this: Tally, before: Tally, period: str, link: Any) -> list[Figure]:
    share = "—" if this.share is None else f"{this.share}%"
    points = None if this.share is None or before.share is None else this.share - before.share
    each = f"{times.talked(this.seconds_each)} a call" if this.seconds_each else ""
    return [
        Figure(
            label="Calls",
            value=number_format(this.calls, use_l10n=True, force_grouping=True),
            url=link(),
            change=change(this.calls - before.calls, period),
        ),
        Figure(
            label="Reached a person",
            value=share,
            url=link(state="talked"),
            change=points_words(points),
            is_better=bool(points and points > 0),
            note="voicemail left out",
        ),
        Figure(
            label="Minutes talked",
            value=number_format(round(this.minutes), use_l10n=True, force_grouping=True),
            url=link(state="talked"),
            change=change(round(this.minutes) - round(before.minutes), "" if each else period),
            note=each,
        ),
    ]


def _outcome_figure(rank: Rank, link: Any, *, more_is_better: bool) -> Figure:
    return Figure(
        label=rank.outcome.label,
        value=number_format(rank.count, use_l10n=True, force_grouping=True),
        url=link(outcome=rank.outcome.slug),
        change=change(rank.change, "last week"),
        is_better=rank.change > 0 if more_is_better else rank.change < 0,
    )


def change(difference: int, period: str) -> str:
    """`21 more than last week`, `4 fewer than last week`, `as many as last week`; without a period `21 more`."""
    if not difference:
        return f"as many as {period}" if period else "unchanged"
    count = number_format(abs(difference), use_l10n=True, force_grouping=True)
    words = f"{count} {'more' if difference > 0 else 'fewer'}"
    return f"{words} than {period}" if period else words


def points_words(points: int | None) -> str:
    """`3 points up`; "" where one of both weeks reached nobody and missed nobody."""
    if points is None:
        return ""
    if not points:
        return "unchanged"
    return f"{abs(points)} point{'' if abs(points) == 1 else 's'} {'up' if points > 0 else 'down'}"
