"""Start, pause, resume and cancel a campaign: asked of VoiceDock once, and told as it came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.budget import spending as budget
from dashboard.budget.models import Lane
from dashboard.calls.models import Call
from dashboard.campaigns import sync
from dashboard.campaigns.models import Campaign
from dashboard.inventory import runs, vendor_requests
from dashboard.inventory.models import Kind, VendorRequest
from tenants import audit, scope
from tenants.access import staff_of
from tenants.models import NumberDedication, User

Status = Campaign.Status


class Refusal(Exception):
    """Not asked of VoiceDock at all; `words` say why and what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Answer:
    """`outcome` is accepted, refused or unknown; `words` are for the person who asked."""

    outcome: str
    words: str


class Deed(NamedTuple):
    """`name` as in the audit trail; `done` as in "Half-year recall is paused."."""

    name: str
    status: str
    allowed: tuple[str, ...]
    done: str
    starts: bool = False


START = Deed("start", Status.SCHEDULED, (Status.DRAFT,), "started", starts=True)
RESUME = Deed("resume", Status.SCHEDULED, (Status.PAUSED,), "started again", starts=True)
PAUSE = Deed("pause", Status.PAUSED, (Status.SCHEDULED,), "paused")
CANCEL = Deed("cancel", Status.CANCELLED, (Status.DRAFT, Status.SCHEDULED, Status.PAUSED), "cancelled")
SHARED = (
    "Other clients' numbers are in the same VoiceDock organization, and VoiceDock chooses the number a campaign calls "
    "from. Ask your account team to start it."
)


def start(campaign: Campaign, *, by: User) -> Answer:
    """Let it call its leads inside its daily window. In a shared connection only staff may: raises `Refusal`."""
    return _ask(campaign, START, by)


def resume(campaign: Campaign, *, by: User) -> Answer:
    """Go on after a pause; the same rules as for `start`."""
    return _ask(campaign, RESUME, by)


def pause(campaign: Campaign, *, by: User | None) -> Answer:
    """Stop placing new calls. Whether VoiceDock ends those under way is not documented (`voicedock-api.md §6.3`)."""
    return _ask(campaign, PAUSE, by)


def cancel(campaign: Campaign, *, by: User) -> Answer:
    """Abandon it for good."""
    return _ask(campaign, CANCEL, by)


def offered(campaign: Campaign) -> list[str]:
    """Which of start, resume, pause and cancel its state allows."""
    if campaign.vanished_at:
        return []
    return [deed.name for deed in (START, RESUME, PAUSE, CANCEL) if campaign.status in deed.allowed]


def is_shared(campaign: Campaign) -> bool:
    """Whether numbers of other clients could be called from. Inside a scope that reaches all."""
    others = NumberDedication.objects.filter(connection_id=campaign.connection_id).open()
    return others.exclude(tenant=campaign.tenant).exists()


def pause_for_alarm(campaign: Campaign) -> Answer:
    """A call of it left from a number that is not its client's: stop it. Nothing to stop counts as accepted."""
    try:
        return _ask(campaign, PAUSE, None, because="a call left from a number that is not this client's")
    except Refusal as no:
        return Answer("refused", no.words)


def pause_suspects(call: Call) -> list[Campaign]:
    """Pause every started campaign that can have made this call: those of its assistant. Opens scopes of its own."""
    with scope.system("which campaign made this call"):
        suspects = list(
            Campaign.objects.select_related("connection", "tenant").filter(
                connection_id=call.connection_id,
                assistant__remote_id=call.assistant_remote_id,
                status=Status.SCHEDULED,
            )
        )
    for campaign in suspects:
        pause_for_alarm(campaign)
    return suspects


def _ask(campaign: Campaign, deed: Deed, by: User | None, because: str = "") -> Answer:
    """Opens short scopes of its own, with nothing open while VoiceDock is asked.

    The intent is committed with its audit entry before the request leaves: what asks may die at any moment.
    """
    campaign, request = _begin(campaign, deed, by, because)
    remote = None
    try:
        with budget.speak(campaign.connection, Lane.CONTROL, tenant=campaign.tenant_id) as vendor:
            remote = vendor.update_campaign(campaign.remote_id, status=deed.status)
    except budget.Spent as no:
        words = f"{no.words} Try again in {no.retry_after:.0f} seconds."
        _settle(request, campaign, deed, by, Answer("refused", words), because)
        raise Refusal(words) from no
    except voicedock.Unanswered as silence:
        doubt = f"The next look at VoiceDock, in a moment, shows whether {campaign.name} is {deed.done}."
        answer = Answer("unknown", f"{silence.plain} {doubt}")
    except voicedock.VoiceDockError as no:
        answer = Answer("refused", no.words)
    else:
        answer = Answer("accepted", f"{campaign.name} is {deed.done}.")
    _settle(request, campaign, deed, by, answer, because)
    runs.hurry(campaign.connection_id, Kind.CAMPAIGNS)
    if remote is not None:
        with scope.system("what a campaign is now"):
            sync.keep(campaign.connection, [remote])
    return answer


def _settle(
    request: VendorRequest, campaign: Campaign, deed: Deed, by: User | None, answer: Answer, because: str
) -> None:
    with scope.system("what became of a campaign"):
        vendor_requests.settle(request, VendorRequest.Outcome(answer.outcome))
        details = {"name": campaign.name, "deed": deed.name, "outcome": answer.outcome, "why": because or answer.words}
        audit.record(by, campaign.tenant, f"campaign.{deed.name}-{answer.outcome}", campaign, **details)


def _begin(campaign: Campaign, deed: Deed, by: User | None, because: str) -> tuple[Campaign, VendorRequest]:
    """Whether it may be asked, and the intent. Raises `Refusal`."""
    staff = staff_of(by) if by else None
    with scope.system("may this campaign do that"):
        campaign = Campaign.objects.select_related("connection", "tenant").get(pk=campaign.pk)
        if campaign.vanished_at:
            raise Refusal("This campaign is no longer at VoiceDock.")
        if campaign.status not in deed.allowed:
            now = dict(Status.choices).get(campaign.status, campaign.status).lower()
            raise Refusal(f"It is {now} now, so there is nothing to {deed.name}.")
        if deed.starts and campaign.tenant is None:
            raise Refusal("Its assistant is dedicated to no client, so nobody may call with it.")
        if deed.starts and not campaign.tenant.may_dial:  # type: ignore[union-attr]
            raise Refusal("This client is suspended: nothing is dialed for it.")
        if deed.starts and not _assistant_is_theirs(campaign):
            raise Refusal("Its assistant is no longer dedicated to this client.")
        if deed.starts and staff is None and is_shared(campaign):
            raise Refusal(SHARED)
        facts = {"name": campaign.name, "deed": deed.name} | ({"why": because} if because else {})
        request = vendor_requests.begin(
            campaign.connection,
            campaign,
            tenant=campaign.tenant,
            by=by,
            lost_action=f"campaign.{deed.name}-given-up",
            **facts,
        )
        audit.record(by, campaign.tenant, f"campaign.{deed.name}-asked", campaign, **facts)
    return campaign, request


def _assistant_is_theirs(campaign: Campaign) -> bool:
    if campaign.assistant is None or campaign.tenant is None:
        return False
    return campaign.assistant.dedications.filter(tenant=campaign.tenant, period__contains=Now()).exists()
