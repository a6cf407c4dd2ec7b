"""Start, pause, resume and cancel a campaign: each request is sent to VoiceDock once, and its outcome recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db.models import QuerySet
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.calls.models import STOPS_DIALING, Call
from dashboard.campaigns import low_credit, pauses, rights, schedule_switch, sync
from dashboard.campaigns.models import Campaign, CampaignDraft, Lead, PauseCause
from dashboard.connections import vendor_requests
from dashboard.connections.models import VendorRequest
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind
from dashboard.ui import states
from tenants import audit
from tenants.access.decorators import staff_of
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import Tenant, User

log = structlog.get_logger()

Status = Campaign.Status
Outcome = VendorRequest.Outcome


class CampaignActionRefused(ActionRefused):
    """Not sent to VoiceDock."""


@dataclass(frozen=True)
class ActionResult:
    """`outcome` is never `WAITING`; `message` is for the user."""

    outcome: Outcome
    message: str


class Action(NamedTuple):
    """`name` as in the audit trail; `status` is the new one, `allowed` those before; `done` completes "It is …"."""

    name: str
    status: str
    allowed: tuple[str, ...]
    done: str
    starts: bool = False


START = Action("start", Status.SCHEDULED, (Status.DRAFT,), "started", starts=True)
RESUME = Action("resume", Status.SCHEDULED, (Status.PAUSED,), "started again", starts=True)
PAUSE = Action("pause", Status.PAUSED, (Status.SCHEDULED,), "paused")
CANCEL = Action("cancel", Status.CANCELLED, (Status.DRAFT, Status.SCHEDULED, Status.PAUSED), "cancelled")
NEEDS_STAFF = (
    "One of its calls was made for another client or with another assistant. Ask your account team to look at it."
)
STILL_ON_IT = (
    "A person on it must not be called any more and is being taken off. Start it once that is done; it is tried again "
    "every few seconds."
)
STILL_SENDING = "Its people are still being sent to VoiceDock. Start it when all of them are there."
LOW_CREDIT = "Little credit is left. It starts by itself once there is more, or at once where a person starts it."
NOT_WANTED = "Somebody paused it meanwhile, so its days start it no more."
ON_THIS_DAY, NOT_ON_THIS_DAY = "it calls on this day", "it does not call on this day"
RISK = "Confirm the risk that is stated there: other clients' numbers are in this organization."
ALARM = "A call left from a number, or was made with an assistant, that is not this client's. Clear that alarm first."
ACTIONS = (START, RESUME, PAUSE, CANCEL)
SHARED = (
    "Other clients' numbers are in the same VoiceDock organization, and VoiceDock chooses the number a campaign calls "
    "from. Ask your account team to run it."
)


def start(campaign: Campaign, *, by: User | None, confirmed: str = "") -> ActionResult:
    """Let it call its leads inside its daily window. Raises `CampaignActionRefused`.

    In a shared connection only staff may do this; `confirmed` is the token of the risk that they accepted, of
    `rights.risk_of`.
    """
    return _ask(campaign, START, by, confirmed=confirmed)


def resume(campaign: Campaign, *, by: User | None, confirmed: str = "") -> ActionResult:
    """Continue after a pause; the same rules as for `start`."""
    return _ask(campaign, RESUME, by, confirmed=confirmed)


def pause(campaign: Campaign, *, by: User | None) -> ActionResult:
    """Stop placing new calls. Whether VoiceDock ends those under way is not documented (`voicedock-api.md §6.3`)."""
    return _ask(campaign, PAUSE, by)


def start_by_days(campaign: Campaign, *, confirmed: str) -> ActionResult:
    """It calls on this day. `confirmed` is the risk that staff accepted when they started it; no person is asked."""
    action = RESUME if campaign.status == Status.PAUSED else START
    return _ask(campaign, action, None, confirmed=confirmed, by_days=True)


def pause_by_days(campaign: Campaign) -> ActionResult:
    """It does not call on this day."""
    return _ask(campaign, PAUSE, None, by_days=True)


@scope.requires_scope
def check_start(campaign: Campaign, *, by: User, confirmed: str) -> str:
    """Whether this person might start it now; the token of the risk they accepted. Raises `CampaignActionRefused`.

    Inside a scope that covers all clients. Nothing is requested.
    """
    campaign = Campaign.objects.select_related("connection", "tenant").get(pk=campaign.pk)
    present = rights.rights_of([campaign])[campaign.pk]
    action = RESUME if campaign.status == Status.PAUSED else START
    return _checked(campaign, action, present, staff=_is_staff(by), confirmed=confirmed)


def cancel(campaign: Campaign, *, by: User) -> ActionResult:
    """Cancel it for good."""
    return _ask(campaign, CANCEL, by)


def offered(campaign: Campaign) -> list[str]:
    """Which of start, resume, pause and cancel its state allows."""
    if campaign.vanished_at:
        return []
    return [action.name for action in ACTIONS if campaign.status in action.allowed]


def blocked_actions(campaigns: QuerySet[Campaign], *, by: User) -> dict[int, dict[str, str]]:
    """Why this user may not do what the state of a campaign offers: {campaign id: {action name: message}}.

    Actions that are allowed are absent. The same rules refuse the action itself. `campaigns` are read here, in a scope
    that covers all clients, with as many queries for one as for all.
    """
    with scope.for_system("allowed actions of campaigns"):
        found = list(campaigns.select_related("tenant"))
        present, alarmed, staff = rights.rights_of(found), _alarmed(found), _is_staff(by)
        return {
            campaign.pk: {
                action.name: message
                for action in ACTIONS
                if campaign.status in action.allowed
                and (message := _blocker(campaign, action, present[campaign.pk], alarmed, staff=staff))
            }
            for campaign in found
        }


def risk(campaign: Campaign, *, by: User) -> rights.Risk | None:
    """What staff have to confirm before it is started; None for nothing, and for users who are not staff."""
    if not _is_staff(by):
        return None
    with scope.for_system("risk of a campaign"):
        present = rights.rights_of([campaign])[campaign.pk]
        return rights.risk_of(campaign, present)


@scope.opens_scope
def pause_all(tenant: Tenant, cause: PauseCause) -> None:
    """Require the pause of all started campaigns of a client, and request each at once. Opens scopes of its own."""
    with scope.for_tenant(tenant):
        started = Campaign.objects.filter(tenant=tenant, status=Status.SCHEDULED, vanished_at=None)
        found = list(started.select_related("connection", "tenant"))
    ask_to_pause_all([campaign for campaign in found if pauses.require(campaign, cause)])


def ask_to_pause_all(campaigns: Iterable[Campaign]) -> None:
    """Ask for the required pause of each; one that fails does not stop the others, and `rechecks` asks again."""
    for campaign in campaigns:
        try:
            ask_to_pause(campaign)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            log.exception("campaign_not_paused", campaign=campaign.pk)


def ask_to_pause(campaign: Campaign) -> ActionResult:
    """Ask for a pause that is required, and record the outcome. Nothing to pause counts as refused."""
    try:
        result = _ask(campaign, PAUSE, None)
    except CampaignActionRefused as error:
        result = ActionResult(Outcome.REFUSED, error.message)
        pauses.record_attempt(campaign, pauses.NOT_SENT)
    else:
        pauses.record_attempt(campaign, result.outcome)
    return result


def _ask(
    campaign: Campaign, action: Action, by: User | None, confirmed: str = "", by_days: bool = False
) -> ActionResult:
    """Opens short scopes of its own; none is open during the request to VoiceDock.

    The intent is committed with its audit entry before the request is sent, since this process may die at any moment.
    """
    campaign, request = _begin(campaign, action, by, confirmed, by_days)
    because = _cause(campaign, action, by, by_days)
    remote = None
    try:
        with limiter.client_for(campaign.connection, Priority.CONTROL, tenant=campaign.tenant_id) as vendor:
            remote = vendor.update_campaign(campaign.remote_id, status=action.status)
            done = f"{campaign.name} is {action.done}."
            details = {"outcome": "accepted", "why": because or done}
            vendor_requests.keep_answer(request, f"campaign.{action.name}-accepted", **details)
    except limiter.RateLimitExceeded as error:
        message = f"{error.message} Try again in {error.retry_after:.0f} seconds."
        _settle(request, campaign, action, by, ActionResult(Outcome.REFUSED, message), because)
        raise CampaignActionRefused(message) from error
    except voicedock.Unanswered as error:
        doubt = f"The next sync, in a moment, shows whether {campaign.name} is {action.done}."
        result = ActionResult(Outcome.UNKNOWN, f"{error.summary} {doubt}")
    except voicedock.VoiceDockError as error:
        result = ActionResult(Outcome.REFUSED, error.message)
    else:
        result = ActionResult(Outcome.ACCEPTED, done)
    _settle(request, campaign, action, by, result, because)
    runs.mark_due(campaign.connection_id, Kind.CAMPAIGNS)
    if remote is not None:
        with scope.for_system("update the copy of a campaign"):
            sync.store_campaigns(campaign.connection, [remote])
    return result


def _settle(
    request: VendorRequest, campaign: Campaign, action: Action, by: User | None, result: ActionResult, because: str
) -> None:
    with scope.for_system("outcome of a campaign action"):
        if not vendor_requests.settle(request, result.outcome):
            return  # the periodic task has recorded it already
        details = {
            "name": campaign.name,
            "command": action.name,
            "outcome": result.outcome,
            "why": because or result.message,
        }
        audit.record(by, campaign.tenant, f"campaign.{action.name}-{result.outcome}", campaign, **details)
        if by is not None and action.starts and result.outcome == Outcome.REFUSED:
            schedule_switch.turn_off(campaign, result.message)


def _begin(
    campaign: Campaign, action: Action, by: User | None, confirmed: str, by_days: bool
) -> tuple[Campaign, VendorRequest]:
    """Check the rules and record the intent. Raises `CampaignActionRefused`.

    The dedications it is started under are stored, so that `rechecks` notices when they change.
    """
    with scope.for_system("check a campaign action"):
        campaign = Campaign.objects.select_related("connection", "tenant").get(pk=campaign.pk)
        present = rights.rights_of([campaign])[campaign.pk]
        staff = _is_staff(by) or (by_days and bool(confirmed))
        risk = _checked(campaign, action, present, staff=staff, confirmed=confirmed)
        because = _cause(campaign, action, by, by_days)
        if action.starts:
            Campaign.objects.filter(pk=campaign.pk).update(
                checked_rights=present.as_json(),
                pause_required_at=None,
                auto_paused_at=None,
                pause_next_at=None,
                pause_cause="",
            )
        if by_days and not schedule_switch.is_on(campaign):
            raise CampaignActionRefused(NOT_WANTED)
        if by_days and action.starts and low_credit.holds_back(campaign):
            raise CampaignActionRefused(LOW_CREDIT)
        if not by_days:
            _tell_days(campaign, action, risk)
        facts = {"name": campaign.name, "command": action.name} | ({"why": because} if because else {})
        request = vendor_requests.begin(
            campaign.connection,
            campaign,
            tenant=campaign.tenant,
            by=by,
            lost_action=f"campaign.{action.name}-given-up",
            **facts,
        )
        audit.record(by, campaign.tenant, f"campaign.{action.name}-asked", campaign, **facts)
        if risk and not by_days:
            _confirmed(campaign, rights.risk_of(campaign, present), by)
    return campaign, request


def _checked(campaign: Campaign, action: Action, present: rights.Rights, *, staff: bool, confirmed: str) -> str:
    """The token of the risk that is accepted with it, or "". Raises `CampaignActionRefused`."""
    if message := _blocker(campaign, action, present, _alarmed([campaign]), staff=staff):
        raise CampaignActionRefused(message)
    if action.starts and CampaignDraft.objects.filter(campaign=campaign, state=CampaignDraft.State.SENDING).exists():
        raise CampaignActionRefused(STILL_SENDING)
    if action.starts and Lead.objects.filter(campaign=campaign, removal_next_at__isnull=False).exists():
        raise CampaignActionRefused(STILL_ON_IT)
    risk = rights.risk_token(campaign, present) if action.starts else ""
    if risk and confirmed != risk:
        raise CampaignActionRefused(RISK)
    return risk


def _tell_days(campaign: Campaign, action: Action, risk: str) -> None:
    """A start lets its days decide from now on, and is what failures are counted from; a pause ends that."""
    if action.starts:
        low = low_credit.is_low(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(watched_since=Now(), began_with_low_credit=low)
        schedule_switch.turn_on(campaign, confirmed_risk=risk)
    else:
        schedule_switch.turn_off(campaign)


def _cause(campaign: Campaign, action: Action, by: User | None, by_days: bool) -> str:
    """Why Patchbay itself pauses or starts it."""
    if by_days:
        return ON_THIS_DAY if action.starts else NOT_ON_THIS_DAY
    return campaign.get_pause_cause_display() if by is None and action is PAUSE else ""


def _confirmed(campaign: Campaign, risk: rights.Risk, by: User | None) -> None:
    """The client's audit trail has the count, the reseller's has the numbers and their clients."""
    numbers = [f"{number} of {client}" for number, client in risk.foreign]
    facts = {"name": campaign.name, "count": len(numbers)}
    audit.record(by, campaign.tenant, "campaign.risk-confirmed", campaign, **facts)
    audit.record(by, None, "campaign.risk-confirmed", campaign, **facts, numbers=numbers)


def _blocker(campaign: Campaign, action: Action, present: rights.Rights, alarmed: set[int], *, staff: bool) -> str:
    """Why this is not allowed now, or "". Inside a scope that covers all clients."""
    if campaign.vanished_at:
        return "This campaign is no longer at VoiceDock."
    if campaign.status not in action.allowed:
        now = states.read(campaign.status, "campaign")[1].lower()
        return f"It is {now} now, so there is nothing to {action.name}."
    return _start_blocker(campaign, present, alarmed, staff=staff) if action.starts else ""


def _start_blocker(campaign: Campaign, present: rights.Rights, alarmed: set[int], *, staff: bool) -> str:
    if campaign.tenant is None:
        return "Its assistant is assigned to no client, so nobody can call with it."
    if not campaign.tenant.may_dial:
        return f"This client is {campaign.tenant.get_status_display().lower()}: nothing is dialed for it."
    if present.assistant is None:
        return "Its assistant is no longer assigned to this client."
    if campaign.tenant_id in alarmed:
        return ALARM
    if not staff and campaign.pause_cause == PauseCause.FOREIGN_CALL:
        return NEEDS_STAFF
    return SHARED if present.foreign and not staff else ""


def _alarmed(campaigns: Iterable[Campaign]) -> set[int]:
    """Clients of these with an open alarm that stops dialing."""
    clients = {campaign.tenant_id for campaign in campaigns}
    alarms = Call.objects.filter(tenant__in=clients, alarm__in=STOPS_DIALING)
    return set(alarms.values_list("tenant_id", flat=True))


def _is_staff(by: User | None) -> bool:
    return by is not None and staff_of(by) is not None
