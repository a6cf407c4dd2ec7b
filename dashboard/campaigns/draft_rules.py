"""Who of a draft's people is called: the contact rules, asked for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection as database
from django.utils import timezone

from dashboard.calls.placing import destinations
from dashboard.campaigns import draft_moments
from dashboard.campaigns.do_not_call import entries as do_not_call
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.contact_rules import rules
from dashboard.contact_rules.contact_history import Asking
from dashboard.contact_rules.rules import InCampaign, Purpose, Rule, Verdict
from tenants.isolation import scope
from tenants.models import NumberDedication

FEW = 2_000  # people who are asked for within a request
FRESH_FOR = 60  # seconds
SLICE = 20_000  # people whose rows are in memory at once
UNDECIDED = (DraftLead.State.READY, DraftLead.State.LEFT_OUT)
LONGEST_REASON = 300
OWN_LINE = "This is one of your own lines: an assistant would call itself."
STORE = """
    UPDATE campaigns_draftlead lead
    SET state = found.state, rule = found.rule, reason = found.reason, rules_version = found.version
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
      AS found(id, state, rule, reason, version)
    WHERE lead.id = found.id AND lead.tenant_id = %s AND lead.state IN ('ready', 'left-out')
"""


class Decision(NamedTuple):
    """What is stored with a person."""

    state: str
    rule: str
    reason: str
    rules_version: str


@dataclass(frozen=True)
class _Asked:
    """The facts that are the same for all people of a draft."""

    draft: CampaignDraft
    now: datetime
    moments: Sequence[datetime]
    own_lines: Collection[str]


@scope.requires_scope
def check(draft: CampaignDraft, leads: Collection[int] | None = None) -> None:
    """Put each person of the draft who is not sent yet into `ready` or `left-out`, with rule, reason and version.

    `leads` are ids, where only these are asked for. Inside a scope that covers the client. The number of statements
    grows by a few with each 20,000 people, and only rows whose decision has changed are written.
    """
    lines = NumberDedication.objects.open().filter(tenant=draft.tenant).values_list("e164", flat=True)
    now = timezone.now()
    asked = _Asked(draft, now, draft_moments.of(draft, now), frozenset(lines))
    for part in _slices(draft, leads):
        decisions = _decide(asked, part)
        _store(draft, {lead.pk: decisions[lead.pk] for lead in part if _differs(lead, decisions[lead.pk])})
    if leads is None:
        CampaignDraft.objects.filter(pk=draft.pk).update(checked_at=now)
        draft.checked_at = now


@scope.requires_scope
def refresh(draft: CampaignDraft, enqueue: Callable[[int], object]) -> None:
    """Check for a page that is about to be shown: few people at once, many by the task that `enqueue` starts.

    Once a minute for each version of the draft. Before people are sent all of them are checked.
    """
    if not cache.add(f"draft-rules:{draft.pk}:{draft.version}", True, FRESH_FOR):
        return
    undecided = DraftLead.objects.filter(tenant=draft.tenant, draft=draft, state__in=UNDECIDED)
    if undecided.order_by()[: FEW + 1].count() <= FEW:
        check(draft)
    else:
        enqueue(draft.pk)


@scope.requires_scope
def unchecked(draft: CampaignDraft) -> int:
    """How many were never asked for under the rules of now, and wait for the task."""
    undecided = DraftLead.objects.filter(tenant=draft.tenant, draft=draft, state__in=UNDECIDED)
    return undecided.exclude(rules_version__in=rules.versions(draft.tenant)).count()


@scope.opens_scope
def check_draft(draft_id: int) -> None:
    """Of a draft that is still written. Opens the scope of its client."""
    with scope.for_system("whose draft is it?"):
        found = CampaignDraft.objects.filter(pk=draft_id, state__in=CampaignDraft.WRITABLE)
        draft = found.select_related("tenant").first()
    if draft is not None:
        with scope.for_tenant(draft.tenant):
            check(draft)


def _slices(draft: CampaignDraft, leads: Collection[int] | None) -> Iterator[list[DraftLead]]:
    found = DraftLead.objects.filter(tenant=draft.tenant, draft=draft, state__in=UNDECIDED).order_by("line")
    found = found if leads is None else found.filter(pk__in=leads)
    found = found.only("line", "number", "consent", "state", "rule", "reason", "rules_version")
    last = 0
    while part := list(found.filter(line__gt=last)[:SLICE]):
        yield part
        last = part[-1].line


def _decide(asked: _Asked, leads: Sequence[DraftLead]) -> dict[int, Decision]:
    """By id of the person. What a single call is refused for first is first here, too."""
    draft, numbers = asked.draft, [lead.number for lead in leads]
    consents = {lead.number: lead.consent for lead in leads}
    verdicts = rules.verdicts(
        draft.tenant,
        numbers,
        asked.now,
        purpose=Purpose.CAMPAIGN,
        campaign=InCampaign(asked.moments, consents, do_not_call.listed(draft, numbers)),
        asking=Asking(campaigns=_own_campaigns(draft), draft=draft.pk),
        first=partial(_of_number, asked),
    )
    return {lead.pk: _decision(verdicts[lead.number]) for lead in leads}


def _own_campaigns(draft: CampaignDraft) -> tuple[int, ...]:
    return (*([draft.campaign_id] if draft.campaign_id else []), *draft.retried_campaigns)


def _of_number(asked: _Asked, number: str) -> Verdict:
    """Where the number rings, whoever has it."""
    if number in asked.own_lines:
        return Verdict(OWN_LINE, Rule.OWN_LINE)
    refusal = destinations.refusal(asked.draft.tenant, number)
    return Verdict(refusal, Rule.COUNTRY) if refusal else rules.ALLOWED


def _decision(verdict: Verdict) -> Decision:
    if not verdict.refusal:
        return Decision(DraftLead.State.READY, "", "", verdict.version)
    return Decision(DraftLead.State.LEFT_OUT, verdict.rule or "", verdict.refusal[:LONGEST_REASON], verdict.version)


def _differs(lead: DraftLead, decision: Decision) -> bool:
    return Decision(lead.state, lead.rule, lead.reason, lead.rules_version) != decision


def _store(draft: CampaignDraft, decisions: dict[int, Decision]) -> None:
    """People who were sent meanwhile stay as they are."""
    if not decisions:
        return
    columns = zip(*decisions.values(), strict=True)
    with database.cursor() as cursor:
        cursor.execute(STORE, [list(decisions), *map(list, columns), draft.tenant_id])
