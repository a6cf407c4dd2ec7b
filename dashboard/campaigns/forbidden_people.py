"""Take people off campaigns who must not be called any more: each is recorded, then removed at VoiceDock.

One that VoiceDock does not remove, as it does while that person is being called, is tried again. Where that keeps
failing, the campaign is paused, and so is one with more people to remove than one run takes off: it would call the last
of them for as long as that takes. Who is on a list is asked for people and for entries that are new
(`listed_people.py`).
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.campaigns import control, listed_people, pauses, taken_off
from dashboard.campaigns.do_not_call import entries as do_not_call
from dashboard.campaigns.models import Campaign, DraftLead, Lead, PauseCause
from dashboard.contact_rules import rules
from dashboard.contact_rules.rules import InCampaign, Rule, Verdict
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import audit
from tenants.isolation import scope

log = structlog.get_logger()
MOST = 50  # people taken off by one run: the requests of a connection are shared with all else
MARKED = 10 * MOST  # people recorded by one run, so that it is known where more wait than the next runs take off
MAX_SECONDS = 5.0  # of one run in which lists are asked; the next one continues
FIRST_WAIT, MAX_WAIT = 10, 300  # seconds between two attempts; each wait is twice as long as the one before
ATTEMPTS = 4  # that fail until the campaign is paused
LISTS = (Rule.DO_NOT_CALL, Rule.RESELLERS_LIST, Rule.CAMPAIGN_LIST)


@scope.opens_scope
def run() -> list[Lead]:
    """Record those who are new, and ask VoiceDock to remove those that are due; for beat, and after a list grew.

    Returns those that were removed. Opens scopes of its own; running it again changes nothing more.
    """
    listed_people.ask_again()
    _require()
    _pause_where_many_are_due()
    with scope.for_system("people who are to be removed"):
        due = list(_due().select_related("campaign__connection", "campaign__tenant")[:MOST])
    return [lead for lead in due if _try(lead)]


def _require() -> None:
    """Record who has to be removed, before anything is asked. Started campaigns come first: they call people now."""
    left, until = MARKED, time.monotonic() + MAX_SECONDS
    for started in (True, False):
        last: int | None = 0
        while left and last is not None and time.monotonic() < until:
            with scope.for_system("people who must not be called any more"):
                ids, last = listed_people.ask(last, left, started=started)
                _mark(ids)
            left -= len(ids)


def _pause_where_many_are_due() -> None:
    """Pause started campaigns with more people to take off than one run does: the last of them could be called."""
    started = Campaign.objects.filter(status=Campaign.Status.SCHEDULED, vanished_at=None, pause_required_at=None)
    with scope.for_system("campaigns with many people who must not be called"):
        waiting = Lead.objects.filter(removal_next_at__isnull=False, tenant__isnull=False, campaign__in=started)
        many = waiting.order_by().values("campaign").annotate(people=Count("pk")).filter(people__gt=MOST)
        found = list(
            started.filter(pk__in=many.values("campaign")).select_related("connection", "tenant").order_by("pk")
        )
    control.ask_to_pause_all([one for one in found if pauses.require(one, PauseCause.FORBIDDEN_PEOPLE)])


def _mark(ids: list[int]) -> None:
    found = list(Lead.objects.filter(pk__in=ids).select_related("campaign__tenant").order_by("pk"))
    Lead.objects.filter(pk__in=ids).update(removal_next_at=Now(), removal_attempts=0)
    for lead in found:
        _record(lead, "campaign.person-forbidden")


def _due() -> QuerySet[Lead]:
    waiting = Lead.objects.filter(removal_next_at__lte=Now(), tenant__isnull=False)
    return waiting.order_by("removal_next_at", "pk")


def _try(lead: Lead) -> bool:
    """Whether the person is off the campaign now. One that fails does not stop the others."""
    try:
        return _still_forbidden(lead) and _remove(lead)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("person_not_removed", lead=lead.pk)
        _record_failure(lead)
        return False


def _still_forbidden(lead: Lead) -> bool:
    """Whether it is still to be done; if not, that is forgotten."""
    with scope.for_system("is this person still to be removed?"):
        verdict = _verdict(lead)
        campaign = Campaign.objects.filter(pk=lead.campaign_id, vanished_at=None)
        is_waiting = Lead.objects.filter(pk=lead.pk, status="pending").exists()
        if verdict.rule in LISTS and is_waiting and campaign.exclude(status__in=Campaign.OVER).exists():
            return True
        # Asked for once more: another run may have passed this person by, as one who is to be removed.
        Lead.objects.filter(pk=lead.pk).update(removal_next_at=None, removal_attempts=0, lists_asked=False)
        campaign.update(leads_due_at=Now())  # VoiceDock may have removed them: the copy waited for this
    return False


def _verdict(lead: Lead) -> Verdict:
    assert lead.campaign.tenant is not None
    listed = do_not_call.listed_of(lead.campaign, lead.phone_number)
    return rules.verdict(lead.campaign.tenant, lead.phone_number, campaign=InCampaign(listed=listed))


def _remove(lead: Lead) -> bool:
    """Asking twice removes once, so a lost answer is no harm: the next attempt finds nobody there."""
    campaign = lead.campaign
    try:
        with limiter.client_for(campaign.connection, Priority.REST, tenant=campaign.tenant_id) as vendor:
            vendor.remove_lead(campaign.remote_id, lead.remote_id)
    except limiter.RateLimitExceeded:
        return False  # nothing was asked: the next run is soon
    except voicedock.NotFound:
        pass
    except voicedock.VoiceDockError as error:
        log.warning("person_not_removed", lead=lead.pk, error=error.message)
        _record_failure(lead)
        return False
    _record_removal(lead)
    runs.mark_due(campaign.connection_id, Kind.CAMPAIGNS)
    return True


def _record_removal(lead: Lead) -> None:
    with scope.for_system("a person was removed"):
        verdict = _verdict(lead)
        rule = verdict.rule or Rule.DO_NOT_CALL
        people = DraftLead.objects.filter(tenant=lead.tenant_id, draft__campaign=lead.campaign_id)
        people.filter(number=lead.phone_number, state=DraftLead.State.SENT).update(
            state=DraftLead.State.LEFT_OUT,
            rule=rule,
            reason=verdict.refusal,
            rules_version=verdict.version,
        )
        if Lead.objects.filter(pk=lead.pk).delete()[0]:
            Campaign.objects.filter(pk=lead.campaign_id).update(version=F("version") + 1)
            now = Campaign.objects.get(pk=lead.campaign_id)
            publish.row_changed("campaign", now.pk, tenant=now.tenant_id, version=now.version)
            taken_off.record(lead, rule)


def _record_failure(lead: Lead) -> None:
    """Wait longer each time; from the last attempt on, the campaign is paused."""
    attempts = lead.removal_attempts + 1
    wait = min(MAX_WAIT, FIRST_WAIT * 2 ** (attempts - 1))
    with scope.for_system("a person was not removed"):
        Lead.objects.filter(pk=lead.pk).update(
            removal_attempts=attempts, removal_next_at=Now() + timedelta(seconds=wait)
        )
    if attempts >= ATTEMPTS and pauses.require(lead.campaign, PauseCause.FORBIDDEN_PERSON):
        control.ask_to_pause_all([lead.campaign])


def _record(lead: Lead, action: str) -> None:
    campaign = lead.campaign
    audit.record(None, campaign.tenant, action, campaign, name=campaign.name, counterpart=lead.phone_number)
