"""What there is to notify the people of a client about: each subject is mailed to each of them at most once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from dashboard.calls import outcomes
from dashboard.calls.models import Call, PlannedCall
from dashboard.campaigns.models import Campaign, PauseCause
from tenants.isolation import scope
from tenants.models import MailKind, Tenant

LEFT_ALONE_FOR = timedelta(minutes=1)  # before a mail about a call: whoever watches it acts sooner
LOOKED_BACK = timedelta(days=1)
AT = time(12)  # by the clock of the client, one mail a day about those who asked to be called back
MOST = 200  # of the newest subjects: what is new is among them, however many older ones stand
NOT_PLACED = "A planned call was not placed in its time."


@dataclass(frozen=True)
class Subject:
    """`key` names it for good; `text` is its line in the mail. Without a text there is nothing to say of it."""

    key: str
    text: str
    path: str


@scope.requires_scope
def calls_that_need_a_person(tenant: Tenant) -> list[Subject]:
    """Without numbers or names: a mail leaves Patchbay, and the page that it links is for those who may read them."""
    asking = Call.objects.filter(tenant=tenant).needing_attention().exclude(alarm="")
    due = asking.filter(alarm_at__lte=Now() - LEFT_ALONE_FOR, alarm_at__gt=Now() - LOOKED_BACK)
    found = [
        Subject(f"{call.pk} {call.alarm}", call.get_alarm_display(), reverse("call", args=[tenant.slug, call.pk]))
        for call in due.order_by("-alarm_at")[:MOST]
    ]
    return [*found, *_planned_calls(tenant)]


def _planned_calls(tenant: Tenant) -> list[Subject]:
    """Those that were not placed in their time."""
    missed = PlannedCall.objects.filter(tenant=tenant).not_placed()
    due = missed.filter(state_at__lte=Now() - LEFT_ALONE_FOR, state_at__gt=Now() - LOOKED_BACK)
    path = reverse("planned-calls", args=[tenant.slug])
    return [Subject(f"{planned.pk} {planned.state}", NOT_PLACED, path) for planned in due.order_by("-state_at")[:MOST]]


@scope.requires_scope
def people_to_call_back(tenant: Tenant) -> list[Subject]:
    """One subject a day, due at noon: how many asked for it and were not called since."""
    local = timezone.now().astimezone(tenant.zone)
    if local.time() < AT:
        return []
    count = Call.objects.filter(tenant=tenant).to_call_back().values("counterpart").distinct().count()
    people = "1 person" if count == 1 else f"{count} people"
    path = f"{reverse('calls', args=[tenant.slug])}?{urlencode({'outcome': outcomes.CALL_BACK})}"
    text = f"{people} asked to be called back and {'was' if count == 1 else 'were'} not called since." if count else ""
    return [Subject(f"{local:%Y-%m-%d}", text, path)]


@scope.requires_scope
def campaigns_that_stopped(tenant: Tenant) -> list[Subject]:
    """Completed ones, and those that Patchbay pauses or has paused, with the reason.

    A pause is often seen seconds after it is required, so that what requires it is no longer there.
    """
    seen = Q(status=Campaign.Status.COMPLETED, counted_at__gt=Now() - LOOKED_BACK)
    paused = Q(auto_paused_at__gt=Now() - LOOKED_BACK)
    found = (
        Campaign.objects.filter(tenant=tenant, vanished_at=None).filter(seen | paused).order_by("-counted_at")[:MOST]
    )
    return [subject for campaign in found for subject in _of_campaign(tenant, campaign)]


def _of_campaign(tenant: Tenant, campaign: Campaign) -> list[Subject]:
    path, found = reverse("campaign", args=[tenant.slug, campaign.pk]), []
    if campaign.status == Campaign.Status.COMPLETED:
        words = f"{campaign.completed_leads} of {campaign.total_leads} people done, {campaign.failed_leads} failed"
        found.append(Subject(f"{campaign.pk} completed", f"{campaign.name} is completed: {words}.", path))
    if _is_paused_lately(campaign):
        why = PauseCause(campaign.pause_cause).label if campaign.pause_cause else "it has to"
        at = f"{campaign.auto_paused_at:%Y-%m-%dT%H:%M:%S.%f}"
        verb = "is being" if campaign.pause_required_at else "was"
        found.append(Subject(f"{campaign.pk} paused {at}", f"{campaign.name} {verb} paused: {why}.", path))
    return found


def _is_paused_lately(campaign: Campaign) -> bool:
    """Not one that went on at VoiceDock, and is over by now."""
    since = campaign.auto_paused_at
    return since is not None and since > timezone.now() - LOOKED_BACK and campaign.status not in Campaign.OVER


OF_KIND: dict[MailKind, Callable[[Tenant], list[Subject]]] = {
    MailKind.NEEDS_PERSON: calls_that_need_a_person,
    MailKind.CALL_BACK: people_to_call_back,
    MailKind.CAMPAIGN: campaigns_that_stopped,
}
