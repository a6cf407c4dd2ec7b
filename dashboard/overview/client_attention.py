"""What needs the people of a client: one list, from which its overview, its state line and its sidebar are drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import CharField, Count, F, Max, Min, Q, QuerySet, Value
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format

from dashboard.calls.models import TALKED, Call, PlannedCall
from dashboard.campaigns.models import Campaign, PauseCause
from dashboard.clients import readiness
from dashboard.clients.readiness import Missing
from dashboard.overview.attention import Attention, Need, calls, live_count, named, read_call, union
from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant

LOOKED_BACK = timedelta(days=7)
WITHOUT_OUTCOME = 5  # calls of an assistant, none of which has an outcome, before somebody is told
ORDER = ["call", "planned", "client", "call-back", "paused", "draft", "assistant"]
Facts = dict[str, Any]


@scope.requires_scope
def of_client(actor: Actor, tenant: Tenant) -> Attention:
    """What this person can see of it. Inside a scope that covers the client."""
    found = Call.objects.filter(tenant=tenant)
    branches = [_client(tenant)]
    if actor.may(Permission.SEE_CALLS):
        branches += [live_count(found), calls(found), _call_backs(tenant), _assistants(tenant)]
        branches.append(_planned(tenant))
    if actor.may(Permission.RUN_CAMPAIGNS):
        branches.append(_campaigns(tenant))
    needs: list[Need] = []
    live = 0
    for kind, since, facts in union(branches):
        if kind == "live":
            live = facts["count"]
        elif need := _READ[kind](since, facts, tenant):
            needs.append(need)
    return Attention(sorted(needs, key=lambda need: (ORDER.index(need.kind), need.urgency)), live)


def _client(tenant: Tenant) -> QuerySet[Any]:
    found = readiness.annotated(Tenant.objects.filter(pk=tenant.pk, status=Tenant.Status.ACTIVE))
    return named(found, "client", F("created_at"), **{name: F(name) for name in readiness.FACTS})


def _read_client(since: datetime | None, facts: Facts, tenant: Tenant) -> Need | None:
    missing = [str(one.label) for one in readiness.from_facts(facts).missing if one != Missing.OWNER]
    if not missing:
        return None
    verb = "is" if len(missing) == 1 else "are"
    words = f"{' and '.join(missing)} {verb} missing. Ask {settings.RESELLER_NAME}."
    return Need(kind="client", title="You cannot call yet", about="", text=words[:1].upper() + words[1:])


def _call_backs(tenant: Tenant) -> QuerySet[Any]:
    """People who asked to be called back, and have not been called since."""
    asked = Call.objects.filter(tenant=tenant).to_call_back()
    counted = asked.order_by().annotate(kind=Value("call-back", output_field=CharField())).values("kind")
    return counted.annotate(since=Min("created_at"), facts=JSONObject(count=Count("counterpart", distinct=True)))


def _read_call_back(since: datetime | None, facts: Facts, tenant: Tenant) -> Need | None:
    count = facts["count"]
    if not count:
        return None
    one = count == 1
    return Need(
        kind="call-back",
        tone="",
        title=f"{count} {'person' if one else 'people'} asked to be called back",
        about="",
        text="Nobody has called this person since." if one else "Nobody has called them since.",
        since=since,
        url=f"{reverse('calls', args=[tenant.slug])}?state=call-back",
        action="See the call" if one else "See them",
    )


def _planned(tenant: Tenant) -> QuerySet[Any]:
    """Planned calls that were not placed in their time, and of which nobody has decided anything."""
    missed = PlannedCall.objects.filter(tenant=tenant).not_placed().order_by()
    counted = missed.annotate(kind=Value("planned", output_field=CharField())).values("kind")
    return counted.annotate(since=Min("state_at"), facts=JSONObject(count=Count("pk"), why=Min("reason")))


def _read_planned(since: datetime | None, facts: Facts, tenant: Tenant) -> Need | None:
    count = facts["count"]
    if not count:
        return None
    one = count == 1
    return Need(
        kind="planned",
        title="A planned call waits for you" if one else f"{count} planned calls wait for you",
        about="",
        text=f"It was not placed: {facts['why']}" if one else "They were not placed in their time. Decide about each.",
        since=since,
        url=reverse("planned-calls", args=[tenant.slug]),
        action="Decide",
    )


def _campaigns(tenant: Tenant) -> QuerySet[Any]:
    """Drafts with people on them, and campaigns that Patchbay paused."""
    found = Campaign.objects.filter(tenant=tenant, vanished_at=None).filter(
        Q(status=Campaign.Status.DRAFT, total_leads__gt=0) | (Q(status=Campaign.Status.PAUSED) & ~Q(pause_cause=""))
    )
    return named(
        found,
        "campaign",
        F("remote_created_at"),
        id=F("id"),
        name=F("name"),
        status=F("status"),
        cause=F("pause_cause"),
        total=F("total_leads"),
    )


def _read_campaign(since: datetime | None, facts: Facts, tenant: Tenant) -> Need:
    is_draft = facts["status"] == Campaign.Status.DRAFT
    people = "1 person" if facts["total"] == 1 else f"{number_format(facts['total'], use_l10n=True)} people"
    cause = f" because {PauseCause(facts['cause']).label}" if facts["cause"] in PauseCause else ""
    return Need(
        kind="draft" if is_draft else "paused",
        tone="" if is_draft else "waiting",
        title=f"{facts['name']} is ready to start" if is_draft else f"{facts['name']} is paused",
        about="",
        text=f"{people} on it. Nobody is called until somebody starts it."
        if is_draft
        else f"Patchbay paused it{cause}. Nobody new is called until somebody resumes it.",
        url=reverse("campaign", args=[tenant.slug, facts["id"]]),
        action="Review",
    )


def _assistants(tenant: Tenant) -> QuerySet[Any]:
    """Assistants that reach people and never say what came of it."""
    recent = Call.objects.filter(tenant=tenant, created_at__gte=timezone.now() - LOOKED_BACK)
    talked = recent.filter(TALKED).exclude(assistant_name="").order_by()
    counted = talked.annotate(kind=Value("assistant", output_field=CharField())).values("kind", "assistant_name")
    silent = counted.annotate(count=Count("pk"), any_outcome=Max("analysis_outcome")).filter(
        any_outcome="", count__gte=WITHOUT_OUTCOME
    )
    return silent.annotate(since=Min("created_at"), facts=JSONObject(name=F("assistant_name"), count=Count("pk")))


def _read_assistant(since: datetime | None, facts: Facts, tenant: Tenant) -> Need:
    first_day = (timezone.now() - LOOKED_BACK).astimezone(tenant.zone).date()
    query = urlencode({"assistant": facts["name"], "outcome": "no_outcome", "since": first_day.isoformat()})
    return Need(
        kind="assistant",
        tone="",
        title=f"{facts['name']} gives no outcome",
        about="",
        text=f"{facts['count']} calls of the past 7 days have no result. "
        f"Ask {settings.RESELLER_NAME} to add the question.",
        url=f"{reverse('calls', args=[tenant.slug])}?{query}",
        action="See them",
    )


_READ = {
    "client": _read_client,
    "call": lambda since, facts, tenant: read_call(since, facts, staff=False),
    "planned": _read_planned,
    "call-back": _read_call_back,
    "campaign": _read_campaign,
    "assistant": _read_assistant,
}
