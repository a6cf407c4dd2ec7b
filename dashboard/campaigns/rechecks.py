"""Compares started campaigns with the present state of their clients and dedications, and with their calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from dashboard.calls.models import Call
from dashboard.campaigns import control, pauses, rights
from dashboard.campaigns.models import CallVerdict, Campaign, Lead, PauseCause
from dashboard.campaigns.rights import Rights
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant

RECENT = timedelta(hours=1)  # calls that are copied later pause nothing
MOST = 500


def run() -> list[Campaign]:
    """Require the pauses that are needed and request those that are due; idempotent, for beat.

    Returns the campaigns for which a pause was requested. Opens scopes of its own.
    """
    pauses.settle()
    compare_calls()
    for campaign, cause in _changed():
        pauses.require(campaign, cause)
    return ask_due()


def ask_due() -> list[Campaign]:
    """Request each pause that is due."""
    with scope.for_system("pauses that are due"):
        due = list(pauses.due()[:MOST])
    control.ask_to_pause_all(due)
    return due


def _changed() -> list[tuple[Campaign, PauseCause]]:
    """Started campaigns whose dedications became worse, with the cause.

    One that was started at VoiceDock itself has no recorded rights: those of the first time it is seen are stored.
    """
    with scope.for_system("campaigns and their dedications"):
        started = Campaign.objects.filter(
            status=Campaign.Status.SCHEDULED, vanished_at=None, tenant__isnull=False, pause_required_at=None
        )
        found = list(started.select_related("tenant").order_by("pk"))
        present = rights.rights_of(found)
        causes = [(campaign, cause) for campaign in found if (cause := _cause(campaign, present[campaign.pk]))]
        paused = {campaign.pk for campaign, _ in causes}
        unchecked = [campaign for campaign in found if campaign.checked_rights is None and campaign.pk not in paused]
        for campaign in unchecked:
            Campaign.objects.filter(pk=campaign.pk, checked_rights__isnull=True).update(
                checked_rights=present[campaign.pk].as_json()
            )
    return causes


def _cause(campaign: Campaign, now: Rights) -> PauseCause | None:
    if campaign.tenant is None or campaign.tenant.status != Tenant.Status.ACTIVE:
        return PauseCause.STOPPED
    if campaign.checked_rights is None:
        return PauseCause.ASSISTANT if now.assistant is None else None
    return rights.worsened(Rights.from_json(campaign.checked_rights), now)


@scope.opens_scope
def compare_calls() -> None:
    """Compare the calls of leads with their campaigns: the client of each, and the assistant that was reported.

    A call that VoiceDock made with another client's number or assistant belongs to that client here, so nothing else
    shows that this campaign made it.
    """
    known = Call.objects.filter(
        ~Q(assistant_remote_id="") | Q(tenant=None) | ~Q(tenant=OuterRef("tenant")),
        connection=OuterRef("campaign__connection"),
        remote_id=OuterRef("call_remote_id"),
    )
    with scope.for_system("calls that campaigns made"):
        leads = list(
            Lead.objects.select_related("campaign__assistant", "campaign__tenant")
            .filter(Exists(known), call_verdict="", last_attempt_at__gt=Now() - RECENT)
            .exclude(call_remote_id="")
            .exclude(tenant=None)[:MOST]
        )
        verdicts = dict(_verdicts(leads))
        for verdict in CallVerdict:
            found = {lead.pk: lead.call_remote_id for lead in leads if verdicts.get(lead.pk) == verdict}
            # Of a lead that was read meanwhile another call is to be compared.
            compared = Lead.objects.filter(pk__in=found, call_remote_id__in=set(found.values()))
            compared.update(call_verdict=verdict)
    for campaign in {lead.campaign for lead in leads if verdicts.get(lead.pk) == CallVerdict.DIFFERS}:
        with scope.for_system("a campaign made a call that is not its client's"):
            audit.record(None, campaign.tenant, "campaign.foreign-call", campaign, name=campaign.name)
        pauses.require(campaign, PauseCause.FOREIGN_CALL)


def _verdicts(leads: list[Lead]) -> Iterator[tuple[int, CallVerdict]]:
    """(lead id, verdict) of leads whose call is known with its assistant, or belongs to another client."""
    calls = {
        (call.connection_id, call.remote_id): call
        for call in Call.objects.filter(
            connection__in={lead.campaign.connection_id for lead in leads},
            remote_id__in={lead.call_remote_id for lead in leads},
        )
    }
    for lead in leads:
        call = calls.get((lead.campaign.connection_id, lead.call_remote_id))
        if call is None:  # deleted between the two queries
            continue
        assistant = lead.campaign.assistant
        same = assistant is None or call.assistant_remote_id == assistant.remote_id
        agrees = same and call.tenant_id == lead.tenant_id
        yield lead.pk, CallVerdict.AGREES if agrees else CallVerdict.DIFFERS
