"""What needs a person at the reseller: one list, from which the overview, its state line and the sidebar are drawn.

It is read by one query, since every page of staff shows how many there are. What a role may not see is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, DateTimeField, Exists, F, Min, OuterRef, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, JSONObject, Left, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format

from dashboard.calls import labels
from dashboard.calls.models import STOPS_DIALING, Alarm, Call, CallQuerySet, State
from dashboard.campaigns.models import Campaign, PauseCause
from dashboard.clients import readiness
from dashboard.connections import health
from dashboard.connections.health import Problem
from dashboard.sync import freshness
from dashboard.sync.models import Kind, SyncState
from dashboard.ui import phone_numbers
from dashboard.webhooks.models import Delivery
from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Connection, OutgoingMail, Tenant

MOST = 200  # of each kind
STOPPED = "No call is placed for this client until staff have looked at it."
BURST = 5  # calls of a day to countries that the client had never called before: fraud begins so
STATE = ("fresh_at", "failures", "lease_until", "cursor")  # what `freshness` reads of the state of a sync
URGENT = [Alarm.END_NOT_CONFIRMED, Alarm.NOT_CERTAIN, Alarm.LOST, *STOPS_DIALING]
ORDER = [
    "call",
    "campaign",
    "burst",
    Problem.FAILING,
    Problem.NO_CREDIT,
    Problem.LOW_CREDIT,
    Problem.STALE,
    "delivery",
    "mail",
]
ORDER += ["client"]


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that needs a person. `tone` is a mark: person, waiting (it can wait a little), or incomplete.

    `about` names the client or the connection, `number` is a phone number of which `text` goes on to speak.
    """

    kind: str
    title: str
    about: str
    text: str
    tone: str = "person"
    number: str = ""
    since: datetime | None = None
    url: str = ""
    action: str = ""
    urgency: int = 0


@dataclass(frozen=True)
class Attention:
    """What needs a person, the most urgent first, and how many calls are live."""

    needs: list[Need]
    live: int = 0

    @property
    def oldest(self) -> datetime | None:
        """Since when the longest waiting of those that cannot wait has been waiting."""
        return min((need.since for need in self.needs if need.since and need.tone == "person"), default=None)


@scope.requires_scope
def of_staff(actor: Actor) -> Attention:
    """All that this member of staff can see. Inside the scope of that person."""
    branches = [_connections()]
    if actor.may(Permission.SEE_ALL_CALLS):
        branches += [live_count(Call.objects.all()), calls(Call.objects.all()), _campaigns(), _bursts()]
    if actor.may(Permission.SEE_CONNECTIONS):
        branches.append(_deliveries())
    if actor.may(Permission.MANAGE_MAIL):
        branches.append(_mails())
    branches.append(_clients())
    needs: list[Need] = []
    live = 0
    for kind, since, facts in union(branches):
        if kind == "live":
            live = facts["count"]
        else:
            needs += _READ[kind](since, facts, actor)
    return Attention(sorted(needs, key=_place), live)


def union(branches: list[QuerySet[Any]]) -> Iterator[tuple[str, datetime | None, dict[str, Any]]]:
    """Each branch has `kind`, `since` and `facts`."""
    rows = [branch.values_list("kind", "since", "facts") for branch in branches]
    yield from rows[0].union(*rows[1:], all=True)


def _place(need: Need) -> tuple[int, int, float]:
    return ORDER.index(need.kind), need.urgency, need.since.timestamp() if need.since else 0.0


def named(found: QuerySet[Any], kind: str, since: Any, **facts: Any) -> QuerySet[Any]:
    return found.order_by().annotate(
        kind=Value(kind, output_field=CharField()),
        since=Cast(since, DateTimeField()),
        facts=JSONObject(**facts),
    )[:MOST]


def live_count(found: CallQuerySet) -> QuerySet[Any]:
    """How many of these calls are live, as one row."""
    counted = found.live().order_by().annotate(kind=Value("live", output_field=CharField())).values("kind")
    return counted.annotate(since=Value(None, output_field=DateTimeField()), facts=JSONObject(count=Count("pk")))


def calls(found: CallQuerySet) -> QuerySet[Any]:
    """Calls that need a person."""
    alarm = Case(When(alarm="", then=Value(Alarm.END_NOT_CONFIRMED.value)), default=F("alarm"))
    return named(
        found.needing_attention(),
        "call",
        Coalesce("alarm_at", "end_asked_at", "created_at"),
        id=F("id"),
        alarm=alarm,
        client=F("tenant__name"),
        slug=F("tenant__slug"),
        number=F("counterpart"),
        by=F("requested_by__name"),
    )


def read_call(since: datetime | None, facts: dict[str, Any], *, staff: bool = True) -> Need:
    """The need of a row of `calls`."""
    alarm = Alarm(facts["alarm"])
    text = STOPPED if alarm in STOPS_DIALING else labels.WHY[alarm]
    if facts["by"] and alarm == Alarm.NOT_CERTAIN:
        text = f"{text} {facts['by']} is waiting."
    action = {Alarm.NOT_CERTAIN: "Decide", Alarm.END_NOT_CONFIRMED: "End again"}.get(alarm, "See the call")
    url = reverse("call", args=[facts["slug"], facts["id"]]) if facts["slug"] else ""
    return Need(
        kind="call",
        title=alarm.label,
        about=(facts["client"] or "Unassigned") if staff else "",
        number=facts["number"],
        text=text,
        since=since,
        url=url or f"{reverse('staff-calls')}?state=person",
        action=action if url else "See the call",
        urgency=URGENT.index(alarm),
    )


def _campaigns() -> QuerySet[Any]:
    """Campaigns that have to stop, and VoiceDock has not shown that they have."""
    found = Campaign.objects.filter(pause_required_at__isnull=False, status=Campaign.Status.SCHEDULED, vanished_at=None)
    return named(
        found,
        "campaign",
        F("pause_required_at"),
        id=F("id"),
        name=F("name"),
        cause=F("pause_cause"),
        client=F("tenant__name"),
        slug=F("tenant__slug"),
    )


def _read_campaign(since: datetime | None, facts: dict[str, Any], actor: Actor) -> list[Need]:
    because = f" because {PauseCause(facts['cause']).label}" if facts["cause"] in PauseCause else ""
    return [
        Need(
            kind="campaign",
            title="A campaign is not paused yet",
            about=facts["client"] or "Unassigned",
            text=f"{facts['name']} has to stop{because}. VoiceDock has not shown that it is paused.",
            since=since,
            url=reverse("campaign", args=[facts["slug"], facts["id"]]) if facts["slug"] else reverse("staff-campaigns"),
            action="See the campaign",
        )
    ]


def _bursts() -> QuerySet[Any]:
    """Clients with many calls of the last day to countries that they had never called before."""
    day = Now() - timedelta(days=1)
    before = Call.objects.filter(
        tenant=OuterRef("tenant"), destination_country=OuterRef("destination_country"), created_at__lt=day
    )
    abroad = Call.objects.filter(tenant__isnull=False, created_at__gte=day).exclude(
        destination_country__in=["", F("tenant__country")]
    )
    abroad = abroad.exclude(counterpart__startswith=Left("line", 3))  # where the client has not chosen its country
    new = abroad.exclude(state=State.REFUSED).exclude(Exists(before.order_by())).order_by()
    grouped = new.annotate(kind=Value("burst", output_field=CharField())).values("kind", "tenant_id")
    counted = grouped.annotate(calls=Count("pk")).filter(calls__gte=BURST)
    return counted.annotate(
        since=Min("created_at"),
        facts=JSONObject(
            client=F("tenant__name"),
            slug=F("tenant__slug"),
            count=Count("pk"),
            countries=ArrayAgg("destination_country", distinct=True),
        ),
    )


def _read_burst(since: datetime | None, facts: dict[str, Any], actor: Actor) -> list[Need]:
    where = ", ".join(phone_numbers.country(code, article=True) or code for code in facts["countries"])
    return [
        Need(
            kind="burst",
            title=f"{facts['count']} calls to new countries",
            about=facts["client"],
            text=f"It called {where}, where it had never called before. Look whether these are its own calls.",
            since=since,
            url=reverse("staff-client", args=[facts["slug"]]),
            action="See the client",
        )
    ]


def _connections() -> QuerySet[Any]:
    """Every connection in the scope; `health` decides what is wrong with it, as on the pages of connections."""
    states = SyncState.objects.filter(connection=OuterRef("pk"), kind__in=[Kind.LIVE_CALLS, Kind.CALLS])
    return named(
        Connection.objects.all(),
        "connection",
        F("created_at"),
        id=F("id"),
        name=F("name"),
        error=F("last_error"),
        error_at=F("last_error_at"),
        balance=Cast("minutes_balance", CharField()),
        states=ArraySubquery(states.values(state=JSONObject(**{name: F(name) for name in STATE}))),
    )


def _read_connection(since: datetime | None, facts: dict[str, Any], actor: Actor) -> list[Need]:
    moments = ("fresh_at", "lease_until")
    states = [SyncState(**one | {name: _moment(one[name]) for name in moments}) for one in facts["states"] or []]
    fresh = freshness.of_states(states)
    sees = actor.may(Permission.SEE_CONNECTIONS)
    balance = Decimal(facts["balance"]) if facts["balance"] is not None and sees else None
    connection = Connection(
        pk=facts["id"],
        name=facts["name"],
        last_error=facts["error"],
        minutes_balance=balance,
        created_at=since or timezone.now(),
    )
    errors = {
        Problem.FAILING: (
            "The connection fails",
            f"{(facts['error'] or 'The last sync failed').rstrip('.')}. What you see of its clients may be old.",
        ),
        Problem.STALE: (
            ("Its data is old", "Calls and states of its clients may have changed since.")
            if fresh.fresh_at
            else ("Its first sync has not begun", "None of its calls are shown yet. Look whether the workers run.")
        ),
        Problem.NO_CREDIT: ("No credit left", "VoiceDock places no calls for its clients until it is topped up."),
        Problem.LOW_CREDIT: ("Credit is low", f"{number_format(int(balance or 0))} minutes left. Calls stop at 0."),
    }
    at = {Problem.FAILING: _moment(facts["error_at"]), Problem.STALE: fresh.fresh_at}
    return [
        Need(
            kind=problem,
            tone=health.TONES[problem],
            title=errors[problem][0],
            about=facts["name"],
            text=errors[problem][1],
            since=at.get(problem),
            url=reverse("staff-connection", args=[facts["id"]]) if sees else "",
            action="See the connection",
        )
        for problem in health.problems(connection, fresh)
    ]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _deliveries() -> QuerySet[Any]:
    """Webhooks that could not be applied, by connection."""
    failed = Delivery.objects.filter(outcome=Delivery.Outcome.FAILED).order_by()
    grouped = failed.annotate(kind=Value("delivery", output_field=CharField())).values(
        "kind", "connection_id", "connection__name"
    )
    return grouped.annotate(
        since=Min("received_at"),
        facts=JSONObject(id=F("connection_id"), name=F("connection__name"), count=Count("pk")),
    )


def _read_delivery(since: datetime | None, facts: dict[str, Any], actor: Actor) -> list[Need]:
    count = facts["count"]
    return [
        Need(
            kind="delivery",
            tone="waiting",
            title=f"{count} webhook{'' if count == 1 else 's'} could not be applied",
            about=facts["name"],
            text="What VoiceDock reported there is not on our pages yet.",
            since=since,
            url=reverse("staff-connection", args=[facts["id"]]),
            action="See them",
        )
    ]


def _mails() -> QuerySet[Any]:
    failed = OutgoingMail.objects.filter(state=OutgoingMail.State.FAILED).order_by()
    counted = failed.annotate(kind=Value("mail", output_field=CharField())).values("kind")
    return counted.annotate(since=Min("created_at"), facts=JSONObject(count=Count("pk")))


def _read_mail(since: datetime | None, facts: dict[str, Any], actor: Actor) -> list[Need]:
    count = facts["count"]
    if not count:
        return []
    return [
        Need(
            kind="mail",
            tone="waiting",
            title=f"{count} mail{'' if count == 1 else 's'} could not be sent",
            about="Mail",
            text="Its receivers do not know what it says."
            if count == 1
            else "Their receivers do not know what they say.",
            since=since,
            url=reverse("staff-mail"),
            action="See them",
        )
    ]


def _clients() -> QuerySet[Any]:
    """Clients that are active and cannot call."""
    active = readiness.annotated(Tenant.objects.filter(status=Tenant.Status.ACTIVE))
    found = active.exclude(**dict.fromkeys(readiness.FACTS, True))
    facts = {name: F(name) for name in ("name", "slug", *readiness.FACTS)}
    return named(found, "client", F("created_at"), **facts)


def _read_client(since: datetime | None, facts: dict[str, Any], actor: Actor) -> list[Need]:
    found = readiness.from_facts(facts)
    sentence = found.sentence
    nobody = found.missing == (readiness.Missing.OWNER,)
    return [
        Need(
            kind="client",
            tone="incomplete",
            title="No owner yet" if nobody else "Cannot call yet",
            about=facts["name"],
            text="Nobody of this client can sign in." if nobody else f"{sentence[:1].upper()}{sentence[1:]}.",
            since=since,
            url=reverse("staff-client", args=[facts["slug"]]),
            action="Set it up",
        )
    ]


_READ = {
    "call": lambda since, facts, actor: [read_call(since, facts)],
    "campaign": _read_campaign,
    "burst": _read_burst,
    "connection": _read_connection,
    "delivery": _read_delivery,
    "mail": _read_mail,
    "client": _read_client,
}
