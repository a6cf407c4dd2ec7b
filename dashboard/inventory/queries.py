"""What staff's screens of clients, inventory and connections read; each runs inside a scope that reaches all."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import Exact
from django.utils import timezone

from dashboard.budget.models import BudgetSpend, Lane
from dashboard.budget.shares import WINDOW
from dashboard.calls.models import Alarm, Call
from dashboard.inventory import sync
from dashboard.inventory.models import Kind, SyncRun, SyncState
from tenants import time_zones
from tenants.isolation import scope
from tenants.models import (
    Assistant,
    AssistantDedication,
    AuditEntry,
    Connection,
    ConnectionSecret,
    Invitation,
    Membership,
    Number,
    NumberDedication,
    Tenant,
)

HISTORY = 20
LATE = timedelta(seconds=60)  # news older than this wait for something
NEARLY_FULL = 0.85  # of a minute's requests


def midnight(zone_name: F | OuterRef) -> Case:
    """When today began for the client of a row; `zone_name` leads to its time zone. Asks which zones there are.

    Not computed in the database, which raises for a name that it does not know.
    """
    now, names = timezone.now(), Tenant.objects.order_by().values_list("timezone", flat=True).distinct()
    begins = {name: time_zones.midnight(time_zones.or_utc(name), now) for name in names}
    utc = time_zones.midnight(time_zones.or_utc("UTC"), now)
    whens = [When(Exact(zone_name, Value(name)), then=Value(moment)) for name, moment in begins.items()]
    return Case(*whens, default=Value(utc), output_field=DateTimeField())


def clients() -> QuerySet[Tenant]:
    """Clients with how many calls they have live and made today, by their own clocks."""
    calls = Call.objects.filter(tenant=OuterRef("pk")).order_by()
    return Tenant.objects.select_related("home_connection").annotate(
        live=_count(calls.live()), today=_count(calls.filter(created_at__gte=midnight(OuterRef("timezone"))))
    )


def _count(calls: QuerySet[Call]) -> Coalesce:
    return Coalesce(Subquery(calls.values("tenant").annotate(n=Count("pk")).values("n")), 0)


def found_clients(wish: dict[str, Any]) -> QuerySet[Tenant]:
    found = clients().order_by("name", "id")
    if text := (wish.get("q") or "").strip():
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text) | Q(city__icontains=text))
    if wish.get("connection"):
        found = found.filter(home_connection=wish["connection"])
    if wish.get("status"):
        found = found.filter(status=wish["status"])
    return found


def free_numbers() -> QuerySet[Number]:
    return _free(Number, NumberDedication.objects.filter(number=OuterRef("pk")))


def free_assistants() -> QuerySet[Assistant]:
    return _free(Assistant, AssistantDedication.objects.filter(assistant=OuterRef("pk")))


def _free(model: type[Model], dedications: QuerySet[Any]) -> QuerySet[Any]:
    """Held by nobody now, and promised to nobody."""
    there = model._default_manager.filter(vanished_at=None).select_related("connection")
    return there.filter(~Exists(_held(dedications)))


def _held(dedications: Any) -> QuerySet[Any]:
    return dedications.unended()


def offered_numbers(tenant: Tenant) -> QuerySet[Number]:
    return _offered(Number, tenant, NumberDedication.objects.filter(number=OuterRef("pk")))


def offered_assistants(tenant: Tenant) -> QuerySet[Assistant]:
    return _offered(Assistant, tenant, AssistantDedication.objects.filter(assistant=OuterRef("pk")))


def _offered(model: type[Model], tenant: Tenant, dedications: QuerySet[Any]) -> QuerySet[Any]:
    """Everything a client could be given, with its `holder`: what is free first, then what can be had from a later day.

    Of its own connection first; the holder is the name of a client, or none.
    """
    there = model._default_manager.filter(vanished_at=None).select_related("connection")
    home = Q(connection=tenant.home_connection_id)
    return there.annotate(
        away=~home if tenant.home_connection_id else Q(pk__isnull=False),
        holder=Subquery(_held(dedications).order_by("period").values("tenant__name")[:1]),
    ).order_by(F("holder").asc(nulls_first=True), "away", "connection__name", *(model._meta.ordering or ()))


def number_dedications(tenant: Tenant) -> list[NumberDedication]:
    found = NumberDedication.objects.filter(tenant=tenant).select_related("number__connection", "tenant")
    return _open_first(found)


def assistant_dedications(tenant: Tenant) -> list[AssistantDedication]:
    found = AssistantDedication.objects.filter(tenant=tenant).select_related("assistant__connection", "tenant")
    return _open_first(found)


def _open_first(found: QuerySet[Any]) -> list[Any]:
    rows = list(found.order_by(F("period").desc())[:100])
    return sorted(rows, key=lambda one: (one.period.upper is not None, one.pk))


def people(tenant: Tenant) -> list[Membership]:
    order = ["owner", "manager", "operator", "viewer"]
    found = Membership.objects.filter(tenant=tenant).select_related("user")[:200]
    return sorted(found, key=lambda one: (order.index(one.role), one.user.name))


def open_invitations(tenant: Tenant) -> list[Invitation]:
    waiting = Invitation.objects.filter(tenant=tenant, accepted_at=None, withdrawn_at=None, expires_at__gt=Now())
    return list(waiting.select_related("tenant", "invited_by").order_by("created_at")[:100])


def latest(tenant: Tenant, count: int = 6) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(tenant=tenant).order_by("-at", "-id")[:count])


def client_figures(tenant: Tenant) -> Tenant:
    return clients().get(pk=tenant.pk)


def live_calls(tenant: Tenant, count: int = 20) -> list[Call]:
    """What is going on for this client now, the longest first."""
    return list(Call.objects.live().filter(tenant=tenant).order_by("created_at", "pk")[:count])


def wrong_number(tenant: Tenant) -> Call | None:
    """The call whose alarm stops this client's dialing, if there is one."""
    return Call.objects.filter(tenant=tenant, alarm=Alarm.WRONG_NUMBER).order_by("alarm_at").first()


def neighbours(tenant: Tenant) -> int:
    """Other clients at home in the same connection."""
    if tenant.home_connection_id is None:
        return 0
    return Tenant.objects.filter(home_connection=tenant.home_connection_id).exclude(pk=tenant.pk).count()


def own_minutes(tenant: Tenant) -> Decimal | None:
    """The minutes that are this client's alone; None for credit that others use too. Opens a scope of its own.

    VoiceDock keeps one balance for an organization and all below it (`voicedock-api.md §12`).
    """
    home = tenant.home_connection
    if home is None or home.minutes_balance is None:
        return None
    with scope.system("whose credit it is"):
        family = Connection.objects.filter(Q(parent=home.pk) | Q(children=home.pk)).exists()
        if family or neighbours(tenant):
            return None
        lent = [NumberDedication.objects.open(), AssistantDedication.objects.open()]
        if any(one.filter(connection=home.pk).exclude(tenant=tenant.pk).exists() for one in lent):
            return None
    return home.minutes_balance


def stock(model: type[Model], wish: dict[str, Any]) -> QuerySet[Any]:
    """Numbers or assistants of all connections with `holder` (a tenant's id), and the `later_name` of the client that
    gets it from `later_from` on; free ones first."""
    dedications = _dedications(model)
    held = dedications.filter(period__contains=Now(), withdrawn_at=None)
    later = dedications.filter(period__startswith__gt=Now(), withdrawn_at=None).order_by("period")
    thing = model._default_manager.select_related("connection").annotate(
        holder=Subquery(held.values("tenant")[:1]),
        holder_name=Subquery(held.values("tenant__name")[:1]),
        holder_slug=Subquery(held.values("tenant__slug")[:1]),
        later_name=Subquery(later.values("tenant__name")[:1]),
        later_slug=Subquery(later.values("tenant__slug")[:1]),
        later_from=Subquery(later.values("period__startswith")[:1]),
        times=Coalesce(Subquery(_by_thing(dedications)), 0),
    )
    if text := (wish.get("q") or "").strip():
        digits = "".join(one for one in text if one.isdigit()).lstrip("0")
        like = Q(name__icontains=text) | Q(business_name__icontains=text) | Q(holder_name__icontains=text)
        like |= Q(later_name__icontains=text)
        if model is Number and digits and not any(one.isalpha() for one in text):
            like |= Q(e164__contains=digits)
        thing = thing.filter(like)
    if wish.get("connection"):
        thing = thing.filter(connection=wish["connection"])
    match wish.get("held"):
        case "free":
            thing = thing.filter(holder=None, later_name=None, vanished_at=None)
        case "held":
            thing = thing.exclude(holder=None)
        case "gone":
            thing = thing.exclude(vanished_at=None)
    last = "e164" if model is Number else "name"
    return thing.order_by(F("vanished_at").asc(nulls_first=True), F("holder_name").asc(nulls_first=True), last, "pk")


def _dedications(model: type[Model]) -> QuerySet[Any]:
    if model is Number:
        return NumberDedication.objects.filter(number=OuterRef("pk")).order_by()
    return AssistantDedication.objects.filter(assistant=OuterRef("pk")).order_by()


def _by_thing(dedications: QuerySet[Any]) -> QuerySet[Any]:
    name = "number" if dedications.model is NumberDedication else "assistant"
    return dedications.values(name).annotate(n=Count("pk")).values("n")


def history(dedications: type[Model], name: str, things: list[Any]) -> dict[int, list[Any]]:
    """Who had each of these, the newest period first."""
    found: dict[int, list[Any]] = defaultdict(list)
    wanted = dedications._default_manager.filter(**{f"{name}__in": [one.pk for one in things]})
    for one in wanted.select_related("tenant", "made_by", "ended_by").order_by(F("period").desc()):
        if len(found[getattr(one, f"{name}_id")]) < HISTORY:
            found[getattr(one, f"{name}_id")].append(one)
    return found


def connections() -> list[Connection]:
    """Every connection with what staff ask of it: who shares it, requests of this minute, credit, how it fares."""
    found: list[Connection] = list(
        Connection.objects.select_related("parent").annotate(
            clients=_related(Tenant, "home_connection"),
            lines=_related(Number, "connection"),
            speakers=_related(Assistant, "connection"),
        )
    )
    spent, states = requests_this_minute(), sync_states(found)
    keys = dict(ConnectionSecret.objects.values_list("connection_id", "key_ending"))
    fresh = sync.freshness(found)
    for one in found:
        one.lanes = spent[one.pk]  # type: ignore[attr-defined]
        one.spent = sum(spent[one.pk].values())  # type: ignore[attr-defined]
        one.states = states[one.pk]  # type: ignore[attr-defined]
        one.key_ending = keys.get(one.pk, "")  # type: ignore[attr-defined]
        one.fresh = fresh[one.pk]  # type: ignore[attr-defined]
        one.is_late = bool(one.fresh.age and one.fresh.age > LATE)  # type: ignore[attr-defined]
        one.allowed = str(one.requests_per_minute)  # type: ignore[attr-defined]
        one.tight = one.spent >= NEARLY_FULL * one.requests_per_minute  # type: ignore[attr-defined]
        one.is_resting = bool(one.resting_until and one.resting_until > timezone.now())  # type: ignore[attr-defined]
    return found


def _related(model: type[Model], field: str) -> Coalesce:
    mine = model._default_manager.filter(**{field: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(mine.values(field).annotate(n=Count("pk")).values("n")), 0)


def requests_this_minute() -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = defaultdict(Counter)
    rows = BudgetSpend.objects.filter(at__gt=Now() - WINDOW).order_by().values_list("connection_id", "lane")
    for connection, lane, count in rows.annotate(n=Count("pk")):
        found[connection][Lane(lane).label] = count
    return found


def sync_states(connections: list[Connection]) -> dict[int, list[SyncState]]:
    found: dict[int, list[SyncState]] = {one.pk: [] for one in connections}
    order = list(Kind.values)
    for state in SyncState.objects.filter(connection__in=found):
        found[state.connection_id].append(state)
    return {pk: sorted(states, key=lambda one: order.index(one.kind)) for pk, states in found.items()}


def children_without_key(connection: Connection) -> list[dict[str, str]]:
    """Organizations below this one that VoiceDock told of and nobody has connected (`voicedock-api.md §9.1`)."""
    state = SyncState.objects.filter(connection=connection, kind=Kind.ORGANIZATION).first()
    told = (state.mark if state else {}).get("children", [])
    known = set(
        Connection.objects.filter(organization_id__in=[one["id"] for one in told]).values_list(
            "organization_id", flat=True
        )
    )
    return [one for one in told if one["id"] not in known]


def runs(connection: Connection, count: int = 30) -> list[SyncRun]:
    return list(SyncRun.objects.filter(connection=connection).order_by("-started_at")[:count])


def inventory_age() -> datetime | None:
    """The oldest of the last good looks at numbers and assistants; None while one was never seen whole."""
    times = [one.fresh_at for one in sync.freshness(list(Connection.objects.all()), (Kind.INVENTORY,)).values()]
    return min(times) if times and all(times) else None  # type: ignore[type-var]
