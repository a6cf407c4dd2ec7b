"""The calls of one campaign for its page: those under way, the latest results, the numbers they left from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, Q, QuerySet, Sum
from django.utils.dateparse import parse_datetime

from dashboard.calls import labels
from dashboard.calls import queries as call_queries
from dashboard.calls.models import TALKED, Call, CallQuerySet
from dashboard.campaigns import kept_counts
from dashboard.campaigns.called import CALLED
from dashboard.campaigns.models import Campaign, Lead
from tenants.isolation import scope
from tenants.models import AuditEntry

MOST_LIVE, LATEST = 20, 6
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")
MOMENTS = ("first_at", "last_at")


@dataclass(frozen=True)
class CallRow:
    """A call with its person's name and number; `note` is one line below them, `has_summary` whether it is that."""

    call: Call
    name: str
    note: str
    has_summary: bool = False


@dataclass(frozen=True)
class History:
    """How it called: attempts, first and last moment, the numbers its calls left from, and the time talked.

    `lines` count people by their last call, of which alone VoiceDock tells: there were more calls than these.
    """

    attempts: float
    most_attempts: int
    first_at: datetime | None
    last_at: datetime | None
    lines: list[tuple[str, int]]
    seconds: int
    talks: int
    started: AuditEntry | None

    @property
    def people(self) -> int:
        return sum(count for _, count in self.lines)

    @property
    def seconds_each(self) -> float:
        return self.seconds / self.talks if self.talks else 0


def calling_now(campaign: Campaign) -> list[CallRow]:
    """The longest first, at most `MOST_LIVE`."""
    found = call_queries.with_relations(_calls(campaign).live()).order_by("created_at", "id")[:MOST_LIVE]
    calls = list(found)
    leads = _leads_of(campaign, [call.remote_id for call in calls])
    return [CallRow(call, labels.person(call), _attempt(leads.get(call.remote_id))) for call in calls]


@scope.requires_scope
def latest(campaign: Campaign, *, summaries: bool) -> list[CallRow]:
    """The last results, the newest first. `summaries`: whether the reader may see what was spoken."""
    leads = _called(campaign)
    newest = list(leads.order_by(F("last_attempt_at").desc(nulls_last=True), "-pk")[: 2 * LATEST])
    found = call_queries.with_relations(_of(campaign).filter(remote_id__in=[lead.call_remote_id for lead in newest]))
    found = call_queries.with_summary(found) if summaries else found
    calls = {call.remote_id: call for call in found.filter(finished=True)}
    rows = [(lead, calls[lead.call_remote_id]) for lead in newest if lead.call_remote_id in calls]
    return [_result(call, lead, summaries) for lead, call in rows[:LATEST]]


@scope.requires_scope
def history(campaign: Campaign) -> History:
    known = kept_counts.kept(campaign, "history")
    started = AuditEntry.objects.filter(
        tenant=campaign.tenant_id, subject=f"campaign:{campaign.pk}", action="campaign.start-accepted"
    )
    return History(**_read(known) if known else _history(campaign), started=started.order_by("-seq").first())


def as_json(history: History) -> dict[str, Any]:
    """What `kept_counts` keeps of it."""
    return {
        name: getattr(history, name) for name in ("attempts", "most_attempts", *MOMENTS, "lines", "seconds", "talks")
    }


def _read(known: dict[str, Any]) -> dict[str, Any]:
    moments = {name: known[name] and parse_datetime(known[name]) for name in MOMENTS}
    return known | moments | {"lines": [(line, count) for line, count in known["lines"]]}


def _history(campaign: Campaign) -> dict[str, Any]:
    tried = Lead.objects.filter(campaign=campaign, attempts__gt=0).aggregate(
        mean=Avg("attempts"), most=Max("attempts"), first=Min("last_attempt_at"), last=Max("last_attempt_at")
    )
    called = _of(campaign).filter(remote_id__in=_called(campaign).values("call_remote_id"))
    calls = called.exclude(line="").order_by().values_list("line")
    lines = list(
        calls.annotate(
            n=Count("pk"), seconds=Sum("duration_seconds", filter=TALKED), talks=Count("pk", filter=TALKED)
        ).order_by("-n", "line")
    )
    return {
        "attempts": float(tried["mean"] or 0),
        "most_attempts": tried["most"] or 0,
        "first_at": tried["first"],
        "last_at": tried["last"],
        "lines": [(line, count) for line, count, _, _ in lines],
        "seconds": sum(seconds or 0 for _, _, seconds, _ in lines),
        "talks": sum(talks for _, _, _, talks in lines),
    }


def of_leads(campaign: Campaign, leads: list[Lead]) -> dict[str, Call]:
    """The calls of these leads by remote id, as far as we have them: not every lead's call is listed (`§16` 9)."""
    wanted = {lead.call_remote_id for lead in leads} - {""}
    return {call.remote_id: call for call in _of(campaign).filter(remote_id__in=wanted)}


def _of(campaign: Campaign) -> CallQuerySet:
    calls = Call.objects.filter(connection=campaign.connection_id, tenant=campaign.tenant_id)
    return calls.exclude(remote_id="")  # the condition of the index by which they are found


def _called(campaign: Campaign) -> QuerySet[Lead]:
    """The people whom the figures and ranks count as called, as far as their call is known."""
    return Lead.objects.filter(campaign=campaign).exclude(call_remote_id="").filter(CALLED)


def _calls(campaign: Campaign) -> CallQuerySet:
    """The last call of each lead: VoiceDock names no other."""
    leads = Lead.objects.filter(~Q(call_remote_id=""), campaign=campaign)
    return _of(campaign).filter(remote_id__in=leads.values("call_remote_id"))


def _leads_of(campaign: Campaign, remote_ids: list[str]) -> dict[str, Lead]:
    found = Lead.objects.filter(campaign=campaign, call_remote_id__in=remote_ids)
    return {lead.call_remote_id: lead for lead in found}


def _attempt(lead: Lead | None) -> str:
    if lead is None or not lead.attempts:
        return ""
    nth = ORDINALS[lead.attempts - 1] if lead.attempts <= len(ORDINALS) else f"{lead.attempts}th"
    return f"{nth} attempt"


def _result(call: Call, lead: Lead, summaries: bool) -> CallRow:
    report = getattr(call, "report", None) if summaries else None
    if report is not None and report.summary:
        return CallRow(call, labels.person(call), report.summary, has_summary=True)
    note = _attempt(lead) if call.started_at is None else labels.ending(call).capitalize()
    return CallRow(call, labels.person(call), note)
