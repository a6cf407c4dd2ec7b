"""The end of sending: our people are counted against VoiceDock's list, and the days of the campaign begin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Max
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignSchedule, DraftLead
from dashboard.campaigns.sending import matching, vendor
from dashboard.campaigns.sending.leases import Lease
from dashboard.campaigns.sending.matching import Found
from dashboard.campaigns.sending.outcomes import SETTLED
from dashboard.live_updates import publish
from dashboard.sync import text_lengths
from tenants import audit
from tenants.isolation import scope

State = DraftLead.State
CHUNK = 1000
NAMED = 5  # lines
UNREAD = "{count} entries of VoiceDock’s list cannot be read, so they could not be compared."


@dataclass
class Comparison:
    """Lines of ours that VoiceDock does not list, those it lists more than once, and how many it has that are not ours.

    `not_taken` are those that went with the creation and are not listed: they are sent again, one by one.
    """

    ours: int = 0
    missing: list[int] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    foreign: int = 0
    unreadable: int = 0
    not_taken: list[int] = field(default_factory=list)

    @property
    def is_short(self) -> bool:
        return bool(self.missing or self.not_taken)

    @property
    def words(self) -> str:
        found = [
            _lines("VoiceDock’s list does not have {lines} of the file.", self.missing),
            _lines("VoiceDock’s list has {lines} of the file more than once.", self.twice),
            f"VoiceDock’s list has {self.foreign} people who are not in the file." if self.foreign else "",
            UNREAD.format(count=self.unreadable) if self.unreadable else "",
        ]
        return " ".join(filter(None, found))


@scope.opens_scope
def finish(draft: CampaignDraft, lease: Lease) -> float | None:
    """Compare, and end the sending; a number where people have to be sent again. Opens scopes of its own."""
    latest = _latest_request(draft)
    with vendor.client_for(draft, lease) as client:
        is_late = latest is not None and vendor.is_late(latest)
        remotes = vendor.listed(lambda: client.leads(draft.remote_id), is_late=is_late)
        count, unreadable = len(remotes) + len(remotes.unreadable), len(remotes.unreadable)
        there = matching.by_number(remotes)
        del remotes
        compared = _compare(draft, there, unreadable)
        if compared.is_short and latest and (wait := (latest + SETTLED - timezone.now()).total_seconds()) > 0:
            return wait  # VoiceDock may list the last ones a moment later
        if compared.not_taken:
            _send_again(draft, compared)
            return 0
        _end(draft, lease, compared, count)
    return None


def _compare(draft: CampaignDraft, there: Found, unreadable: int) -> Comparison:
    """Chunk by chunk; those of the creation get the ids by which VoiceDock has them."""
    compared, after = Comparison(unreadable=unreadable), 0
    known = 0
    while True:
        with scope.for_tenant(draft.tenant_id):
            sent = DraftLead.objects.filter(draft=draft, state=State.SENT, line__gt=after)
            leads = list(sent.only("pk", "line", "number", "remote_id").order_by("line")[:CHUNK])
            known += _compare_each(leads, there, compared)
        if len(leads) < CHUNK:
            break
        after = leads[-1].line
    if unreadable:  # whoever is not in what can be read may be in what cannot
        compared.missing, compared.not_taken = [], []
    compared.foreign = sum(map(len, there.values())) - known
    return compared


def _latest_request(draft: CampaignDraft) -> datetime | None:
    """After which VoiceDock's list is certain to have all that were asked, `SETTLED` later."""
    with scope.for_tenant(draft.tenant_id):
        at: datetime | None = DraftLead.objects.filter(draft=draft).aggregate(at=Max("asked_at"))["at"]
    return at


def _send_again(draft: CampaignDraft, compared: Comparison) -> None:
    with scope.for_tenant(draft.tenant_id):
        again = DraftLead.objects.filter(draft=draft, state=State.SENT, line__in=compared.not_taken)
        again.update(state=State.READY, asked_at=None)


def _compare_each(leads: list[DraftLead], there: Found, compared: Comparison) -> int:
    """How many entries of VoiceDock's list these are."""
    new, known = [], 0
    for lead in leads:
        ids = there.get(matching.key(lead.number), [])
        known += len(ids)
        compared.ours += 1
        if len(ids) > 1:
            compared.twice.append(lead.line)
        if not ids:
            (compared.missing if lead.remote_id else compared.not_taken).append(lead.line)
        elif not lead.remote_id:
            lead.remote_id = text_lengths.fit(DraftLead, "remote_id", ids[0])
            new.append(lead)
    DraftLead.objects.bulk_update(new, ["remote_id"])
    return known


def _end(draft: CampaignDraft, lease: Lease, compared: Comparison, count: int) -> None:
    words = compared.words
    with scope.for_system("a draft was sent"):
        mine = CampaignDraft.objects.filter(pk=draft.pk, state=CampaignDraft.State.SENDING, try_at=lease.until)
        values = {"state": CampaignDraft.State.SENT, "sent_at": Now(), "counted": count, "reason": words[:500]}
        if not mine.update(**values, try_at=None, changed_at=Now(), version=F("version") + 1):
            return  # somebody stopped it meanwhile: it is counted again when they go on
        if draft.starts_itself and not words:
            _begin_days(draft)
        facts = {"name": draft.name, "count": compared.ours, "listed": count, "why": words}
        audit.record(None, draft.tenant, "campaign.sent", draft, **facts)
        publish.row_changed("campaign-draft", draft.pk, tenant=draft.tenant_id, version=draft.version + 1)


def _begin_days(draft: CampaignDraft) -> None:
    """Not of one that was paused while its people were sent: whoever paused it, a person starts it again."""
    running = Campaign.objects.filter(draft=draft, pause_cause="").exclude(status=Campaign.Status.PAUSED)
    CampaignSchedule.objects.filter(campaign__in=running).update(is_on=True, next_at=Now())


def _lines(sentence: str, lines: list[int]) -> str:
    if not lines:
        return ""
    named = ", ".join(map(str, lines[:NAMED]))
    more = f" and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
    return sentence.format(lines=f"line{'s' if len(lines) > 1 else ''} {named}{more}")
