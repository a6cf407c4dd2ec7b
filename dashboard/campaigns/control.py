"""Start, pause, resume and cancel a campaign: asked of VoiceDock once, and told as it came out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet

from dashboard import voicedock
from dashboard.calls.models import STOPS_DIALING, Call
from dashboard.campaigns import pauses, rights, sync
from dashboard.campaigns.models import Campaign, PauseCause
from dashboard.connections import vendor_requests
from dashboard.connections.models import VendorRequest
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import audit
from tenants.access.decorators import staff_of
from tenants.isolation import scope
from tenants.models import User

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
NEEDS_STAFF = (
    "One of its calls was made for another client or with another assistant. Ask your account team to look at it."
)
RISK = "Confirm the risk that is stated there: other clients' numbers are in this organization."
ALARM = "A call left from a number, or was made with an assistant, that is not this client's. Clear that alarm first."
DEEDS = (START, RESUME, PAUSE, CANCEL)
SHARED = (
    "Other clients' numbers are in the same VoiceDock organization, and VoiceDock chooses the number a campaign calls "
    "from. Ask your account team to run it."
)


def start(campaign: Campaign, *, by: User | None, confirmed: str = "") -> Answer:
    """Let it call its leads inside its daily window. Raises `Refusal`.

    In a shared connection only staff may, who confirm the risk that `rights.risk_of` states: `confirmed` is its token.
    """
    return _ask(campaign, START, by, confirmed=confirmed)


def resume(campaign: Campaign, *, by: User | None, confirmed: str = "") -> Answer:
    """Go on after a pause; the same rules as for `start`."""
    return _ask(campaign, RESUME, by, confirmed=confirmed)


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
    return [deed.name for deed in DEEDS if campaign.status in deed.allowed]


def hindrances(campaigns: QuerySet[Campaign], *, by: User) -> dict[int, dict[str, str]]:
    """Why this person may not do what the state of a campaign offers, by campaign and name; what may be done is absent.

    The same judgement that refuses, before the click. `campaigns` are read here, in a scope that reaches all, with as
    many queries for one as for all.
    """
    with scope.for_system("what may be done with these campaigns"):
        found = list(campaigns.select_related("tenant"))
        present, alarmed, staff = rights.rights_of(found), _alarmed(found), _is_staff(by)
        return {
            one.pk: {
                deed.name: words
                for deed in DEEDS
                if one.status in deed.allowed
                and (words := _hindrance(one, deed, present[one.pk], alarmed, staff=staff))
            }
            for one in found
        }


def risk(campaign: Campaign, *, by: User) -> rights.Risk | None:
    """What staff have to confirm before it is started; None for nothing, and for people who are not staff."""
    if not _is_staff(by):
        return None
    with scope.for_system("what is risked with this campaign"):
        present = rights.rights_of([campaign])[campaign.pk]
        return rights.risk_of(campaign, present)


def is_shared(campaign: Campaign) -> bool:
    """Whether numbers of other clients could be called from. Inside a scope that reaches all."""
    return bool(rights.rights_of([campaign])[campaign.pk].foreign)


def pause_because(campaign: Campaign, cause: PauseCause) -> Answer:
    """Require a pause and ask for it at once. Without a clear yes, `rechecks` asks again until VoiceDock shows it."""
    pauses.require(campaign, cause)
    return ask_to_pause(campaign)


def ask_to_pause(campaign: Campaign) -> Answer:
    """Ask for a pause that is required, and keep what came of it. Nothing to pause counts as refused."""
    try:
        answer = _ask(campaign, PAUSE, None)
    except Refusal as no:
        answer = Answer("refused", no.words)
        pauses.attempted(campaign, pauses.NOT_SENT)
    else:
        pauses.attempted(campaign, answer.outcome)
    return answer


def pause_for_alarm(campaign: Campaign) -> Answer:
    """A call of it left from a number that is not its client's: stop it."""
    return pause_because(campaign, PauseCause.ALARM)


def _ask(campaign: Campaign, deed: Deed, by: User | None, confirmed: str = "") -> Answer:
    """Opens short scopes of its own, with nothing open while VoiceDock is asked.

    The intent is committed with its audit entry before the request leaves: what asks may die at any moment.
    """
    campaign, request = _begin(campaign, deed, by, confirmed)
    because = _cause(campaign, deed, by)
    remote = None
    try:
        with limiter.client_for(campaign.connection, Priority.CONTROL, tenant=campaign.tenant_id) as vendor:
            remote = vendor.update_campaign(campaign.remote_id, status=deed.status)
            done = f"{campaign.name} is {deed.done}."
            details = {"outcome": "accepted", "why": because or done}
            vendor_requests.keep_answer(request, f"campaign.{deed.name}-accepted", **details)
    except limiter.RateLimitExceeded as no:
        words = f"{no.words} Try again in {no.retry_after:.0f} seconds."
        _settle(request, campaign, deed, by, Answer("refused", words), because)
        raise Refusal(words) from no
    except voicedock.Unanswered as silence:
        doubt = f"The next look at VoiceDock, in a moment, shows whether {campaign.name} is {deed.done}."
        answer = Answer("unknown", f"{silence.plain} {doubt}")
    except voicedock.VoiceDockError as no:
        answer = Answer("refused", no.words)
    else:
        answer = Answer("accepted", done)
    _settle(request, campaign, deed, by, answer, because)
    runs.mark_due(campaign.connection_id, Kind.CAMPAIGNS)
    if remote is not None:
        with scope.for_system("what a campaign is now"):
            sync.keep(campaign.connection, [remote])
    return answer


def _settle(
    request: VendorRequest, campaign: Campaign, deed: Deed, by: User | None, answer: Answer, because: str
) -> None:
    with scope.for_system("what became of a campaign"):
        if not vendor_requests.settle(request, VendorRequest.Outcome(answer.outcome)):
            return  # beat was first
        details = {"name": campaign.name, "deed": deed.name, "outcome": answer.outcome, "why": because or answer.words}
        audit.record(by, campaign.tenant, f"campaign.{deed.name}-{answer.outcome}", campaign, **details)


def _begin(campaign: Campaign, deed: Deed, by: User | None, confirmed: str) -> tuple[Campaign, VendorRequest]:
    """Whether it may be asked, and the intent. Raises `Refusal`.

    What it is started under is kept, so that a later change of it is noticed.
    """
    with scope.for_system("may this campaign do that"):
        campaign = Campaign.objects.select_related("connection", "tenant").get(pk=campaign.pk)
        present = rights.rights_of([campaign])[campaign.pk]
        if words := _hindrance(campaign, deed, present, _alarmed([campaign]), staff=_is_staff(by)):
            raise Refusal(words)
        risk = rights.risk_of(campaign, present) if deed.starts else None
        if risk and risk.token and confirmed != risk.token:
            raise Refusal(RISK)
        if deed.starts:
            Campaign.objects.filter(pk=campaign.pk).update(
                checked_rights=present.as_json(), pause_required_at=None, pause_next_at=None, pause_cause=""
            )
        because = _cause(campaign, deed, by)
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
        if risk and risk.token:
            _confirmed(campaign, risk, by)
    return campaign, request


def _cause(campaign: Campaign, deed: Deed, by: User | None) -> str:
    """Why Patchbay itself pauses it."""
    return campaign.get_pause_cause_display() if by is None and deed is PAUSE else ""


def _confirmed(campaign: Campaign, risk: rights.Risk, by: User | None) -> None:
    """The client's trail has the figure, the reseller's the numbers and whose they are."""
    numbers = [f"{number} of {client}" for number, client in risk.foreign]
    facts = {"name": campaign.name, "count": len(numbers)}
    audit.record(by, campaign.tenant, "campaign.risk-confirmed", campaign, **facts)
    audit.record(by, None, "campaign.risk-confirmed", campaign, **facts, numbers=numbers)


def _hindrance(campaign: Campaign, deed: Deed, present: rights.Rights, alarmed: set[int], *, staff: bool) -> str:
    """Why this may not be done now, or "". Inside a scope that reaches all."""
    if campaign.vanished_at:
        return "This campaign is no longer at VoiceDock."
    if campaign.status not in deed.allowed:
        now = dict(Status.choices).get(campaign.status, campaign.status).lower()
        return f"It is {now} now, so there is nothing to {deed.name}."
    return _start_hindrance(campaign, present, alarmed, staff=staff) if deed.starts else ""


def _start_hindrance(campaign: Campaign, present: rights.Rights, alarmed: set[int], *, staff: bool) -> str:
    if campaign.tenant is None:
        return "Its assistant is dedicated to no client, so nobody may call with it."
    if not campaign.tenant.may_dial:
        return f"This client is {campaign.tenant.get_status_display().lower()}: nothing is dialed for it."
    if present.assistant is None:
        return "Its assistant is no longer dedicated to this client."
    if campaign.tenant_id in alarmed:
        return ALARM
    if not staff and campaign.pause_cause == PauseCause.FOREIGN_CALL:
        return NEEDS_STAFF
    return SHARED if present.foreign and not staff else ""


def _alarmed(campaigns: Iterable[Campaign]) -> set[int]:
    """Clients of these with an open alarm that stops dialing."""
    clients = {one.tenant_id for one in campaigns}
    alarms = Call.objects.filter(tenant__in=clients, alarm__in=STOPS_DIALING)
    return set(alarms.values_list("tenant_id", flat=True))


def _is_staff(by: User | None) -> bool:
    return by is not None and staff_of(by) is not None
