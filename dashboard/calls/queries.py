"""What the screens of calls read; each function runs inside the scope its caller holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, Func, JSONField, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from dashboard.calls import facts, labels, leads, who_ended
from dashboard.calls.at_once import AtOnce
from dashboard.calls.models import UNCERTAIN, UNSENT, Call, CallPreset, CallQuerySet, Receipt
from dashboard.calls.models.call import END_LATE
from dashboard.sync.models import Kind, SyncState
from dashboard.ui import phone_numbers
from dashboard.voicedock.states import WAITING
from tenants.isolation import scope
from tenants.models import AssistantDedication, AuditEntry, Connection, NumberDedication, Tenant, User

BOARD_SIZE = 200
LIVE_LOOKED_AT = 2000
BOARD_FACTS = (
    *("state", "finished", "alarm", "end_asked_at", "created_at", "counterpart", "family", "line", "assistant_name"),
    *("tenant__slug", "tenant__name", "tenant__timezone", "version", "remote_id"),
    *("assistant_dedication__assistant__name", "assistant_dedication__assistant__remote_id"),
    *("number_dedication__name", "number_dedication__number__name"),
)
NEEDS_PERSON = ~Q(alarm="") | END_LATE | Q(state__in=UNCERTAIN)  # of a live call
RECENT, RECENT_PEOPLE = 100, 4
LINE_NAME = Coalesce(NullIf("name", Value("")), "number__name")  # as `NumberDedication.line_name`


def with_relations(calls: CallQuerySet) -> CallQuerySet:
    """Calls with what screens show of them: line, assistant, who asked for it, who ended it, the campaign's lead."""
    found = calls.select_related(
        "tenant", "requested_by", "number_dedication__number", "assistant_dedication__assistant"
    )
    return found.with_end_age().annotate(
        lead=leads.facts(), ended_by=ArraySubquery(who_ended.receipts().values(person=who_ended.PERSON))
    )


def with_summary(calls: CallQuerySet) -> CallQuerySet:
    """`call.report` with the summary alone: the transcript of a long call is large, and a list does not show it."""
    return calls.select_related("report").defer("report__messages", "report__analysis", "report__recording_url")


def of_tenant(tenant: Tenant) -> CallQuerySet:
    return with_relations(Call.objects.filter(tenant=tenant))


def receipts(call: Call) -> list[Receipt]:
    return list(call.receipts.select_related("asked_by"))


@scope.requires_scope
def earlier(call: Call) -> list[Call]:
    """The last finished calls with the same person, with their summaries."""
    if not call.counterpart:
        return []
    before = Call.objects.filter(
        tenant=call.tenant_id, counterpart=call.counterpart, finished=True, created_at__lt=call.created_at
    )
    return list(with_summary(before).order_by("-created_at")[:3])


@scope.requires_scope
def lines(tenant: Tenant) -> list[NumberDedication]:
    """The client's lines, the usual one first; those that ended come last, the newest period of each number only."""
    found = (
        NumberDedication.objects.filter(tenant=tenant, withdrawn_at=None)
        .select_related("number")
        .order_by("e164", "-period")
    )
    return _newest_periods(found, lambda dedication: dedication.e164, tenant.default_number_id)


@scope.requires_scope
def assistants(tenant: Tenant) -> list[AssistantDedication]:
    found = (
        AssistantDedication.objects.filter(tenant=tenant, withdrawn_at=None)
        .select_related("assistant")
        .order_by("assistant__name", "assistant_id", "-period")
    )
    return [
        dedication
        for dedication in _newest_periods(
            found, lambda dedication: dedication.assistant_id, tenant.default_assistant_id
        )
        if dedication.is_open
    ]


def _newest_periods(found: Iterable[Any], key: Callable[[Any], Any], usual: int | None) -> list[Any]:
    newest: dict[Any, Any] = {}
    for dedication in found:
        kept = newest.get(key(dedication))
        if kept is None or (dedication.is_open and not kept.is_open):
            newest[key(dedication)] = dedication
    return sorted(newest.values(), key=lambda dedication: (not dedication.is_open, dedication.pk != usual))


@scope.requires_scope
def at_once(tenant: Tenant) -> AtOnce:
    """Calls that count against how many a client may have at once, as `claims.claim` counts them."""
    used = Call.objects.against_limit().filter(tenant=tenant).count()
    return AtOnce(used, tenant.max_concurrent_calls)


@scope.requires_scope
def last_try(tenant: Tenant, user: User) -> Call | None:
    """The user's last call of the past hour, shown beside the form."""
    hour = timezone.now() - timedelta(hours=1)
    found = Call.objects.filter(tenant=tenant, requested_by=user, created_at__gt=hour)
    return with_relations(found).order_by("-created_at").first()


@scope.requires_scope
def call_of(tenant: Tenant, call_id: str) -> Call | None:
    """The client's call of that id; None for any other text."""
    try:
        return Call.objects.filter(tenant=tenant, pk=UUID(call_id)).first()
    except ValueError:
        return None


@scope.requires_scope
def recent_people(tenant: Tenant) -> list[Call]:
    """The last call to each of the people whom members of this client called lately, the newest first.

    Looks at the last `RECENT` calls out alone, so that it takes the same time in a table of any size.
    """
    calls = Call.objects.filter(tenant=tenant, direction="outbound").order_by("-created_at", "-id")
    newest: dict[str, UUID] = {}
    for pk, counterpart, by in calls.values_list("pk", "counterpart", "requested_by")[:RECENT]:
        if by is not None and counterpart and len(newest) < RECENT_PEOPLE:
            newest.setdefault(counterpart, pk)
    found = {call.pk: call for call in with_relations(Call.objects.filter(tenant=tenant, pk__in=newest.values()))}
    return [found[pk] for pk in newest.values()]


@scope.requires_scope
def last_to(tenant: Tenant, e164: str) -> Call | None:
    """The last call to this person from here; live ones included."""
    if not e164:
        return None
    found = Call.objects.filter(tenant=tenant, counterpart=e164, direction="outbound")
    return with_relations(found).order_by("-created_at", "-id").first()


@scope.requires_scope
def by_token(tenant: Tenant, token: UUID) -> Call | None:
    """The call that this form has already created."""
    return Call.objects.filter(tenant=tenant, client_token=token).first()


@scope.requires_scope
def live_calls(calls: CallQuerySet, *, longest: bool = True) -> list[Call]:
    """Live calls with what the board filters and counts by, at most `LIVE_LOOKED_AT`; those that need a person first.

    One query, whose rows are small.
    """
    found = calls.live().with_end_age().select_related("tenant", "assistant_dedication__assistant")
    found = found.select_related("number_dedication__number").only(*BOARD_FACTS)
    ordered = found.order_by("created_at" if longest else "-created_at", "id")
    return sorted(ordered[:LIVE_LOOKED_AT], key=lambda call: labels.board_column(call) != "person")


@scope.requires_scope
def column_totals(calls: CallQuerySet) -> dict[str, int]:
    """How many live calls are in each column of the board, as `labels.board_column` says of one; one query."""
    return (
        calls.live()
        .order_by()
        .aggregate(
            person=Count("pk", filter=NEEDS_PERSON),
            waiting=Count("pk", filter=Q(state__in=[*UNSENT, *WAITING]) & ~NEEDS_PERSON),
            live=Count("pk", filter=~Q(state__in=[*UNSENT, *WAITING]) & ~NEEDS_PERSON),
        )
    )


@scope.requires_scope
def board(calls: CallQuerySet, *, longest: bool = True, with_words: bool = False) -> list[Call]:
    """Live calls with their last command on `last`, at most `BOARD_SIZE`.

    `with_words`: with the last two messages on `last_messages`, of which either may be none, for those who may read
    transcripts; the database hands out no more of the transcript.
    """
    found = with_relations(calls.live()).order_by("created_at" if longest else "-created_at", "id")
    if with_words:
        found = found.annotate(
            last_messages=Func(
                F("report__messages__-1"),
                F("report__messages__-2"),
                function="jsonb_build_array",
                output_field=JSONField(),
            )
        )
    shown = list(found[:BOARD_SIZE])
    last = {
        receipt.call_id: receipt
        for receipt in Receipt.objects.filter(call__in=[call.pk for call in shown])
        .select_related("asked_by")
        .order_by("call_id", "-asked_at", "-id")
        .distinct("call_id")
    }
    for call in shown:
        call.last = last.get(call.pk)  # type: ignore[attr-defined]
    return shown


def fresh_at(connection_id: int | None, kind: Kind) -> datetime | None:
    """When the last successful sync of that kind began."""
    if connection_id is None:
        return None
    return SyncState.objects.filter(connection=connection_id, kind=kind).values_list("fresh_at", flat=True).first()


def heard_at(call: Call) -> datetime:
    """When the shown state of a call was last confirmed: by its own last update or the last sync of all live calls.

    That sync does not count for a call that it did not contain.
    """
    followed = call.is_live and call.remote_id and call.missing_since is None
    looked = fresh_at(call.connection_id, Kind.LIVE_CALLS) if followed else None
    return max(call.seen_at, looked) if looked else call.seen_at


@scope.requires_scope
def paused_until(call: Call) -> datetime | None:
    """Until when VoiceDock asked to wait, of a live call; None where it did not, and once that is over."""
    if call.finished:
        return None
    waiting = Connection.objects.filter(pk=call.connection_id, resting_until__gt=timezone.now())
    return waiting.values_list("resting_until", flat=True).first()


def ages(kind: Kind) -> list[tuple[Connection, datetime | None]]:
    """Every connection and when that kind was last synced: the newest first, those never synced last."""
    states = SyncState.objects.filter(kind=kind).select_related("connection")
    return newest_first((state.connection, state.fresh_at) for state in states)


def newest_first(ages: Iterable[tuple[Connection, datetime | None]]) -> list[tuple[Connection, datetime | None]]:
    never = datetime.min.replace(tzinfo=timezone.get_default_timezone())
    return sorted(ages, key=lambda pair: pair[1] or never, reverse=True)


@scope.requires_scope
def dedicated_entry(dedication: NumberDedication) -> AuditEntry | None:
    """The audit entry that says when this line was given to the client."""
    subject = f"{dedication._meta.model_name}:{dedication.pk}"
    return AuditEntry.objects.filter(tenant=dedication.tenant_id, subject=subject).order_by("seq").first()


@scope.requires_scope
def countries(client: str = "") -> list[str]:
    """Where the numbers of one client, or of all of them, are read without a country code."""
    found = Tenant.objects.exclude(country="")
    found = found.filter(slug=client) if client else found
    return list(found.order_by("country").values_list("country", flat=True).distinct())


@scope.requires_scope
def zone_of(client: str) -> ZoneInfo | None:
    """In which the days of one client begin; None for no client, and for one that does not exist."""
    found = Tenant.objects.filter(slug=client).first() if client else None
    return found.zone if found else None


@scope.requires_scope
def client_id(client: str) -> int | None:
    """None for no client, and for one that does not exist."""
    return Tenant.objects.filter(slug=client).values_list("pk", flat=True).first() if client else None


def choice_parts(tenant: Tenant) -> list[tuple[str, QuerySet[Any], dict[str, Any]]]:
    """The lines, assistants and presets that a client's list can be narrowed to: filter, rows, what is read of each."""
    return [
        ("line", NumberDedication.objects.filter(tenant=tenant), {"value": F("e164"), "label": LINE_NAME}),
        ("assistant", AssistantDedication.objects.filter(tenant=tenant), {"value": F("assistant__name")}),
        ("preset", CallPreset.objects.filter(tenant=tenant), {"value": F("name")}),
    ]


def read_choices(found: Mapping[str, Iterable[Mapping[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    """The choices of each of these filters, by value."""
    lines = {(row["value"], row["label"]) for row in found["line"]}
    choices = {"line": [(e164, f"{name} {phone_numbers.grouped(e164)}".strip()) for e164, name in sorted(lines)]}
    for kind in ("assistant", "preset"):
        choices[kind] = [(name, name) for name in sorted({row["value"] for row in found[kind]}) if name]
    return choices


@scope.requires_scope
def choices(tenant: Tenant) -> dict[str, list[tuple[str, str]]]:
    """The same, by one query; the list of calls reads them with its other facts (`history.list_facts`)."""
    return read_choices(
        facts.read(*(facts.named(rows, name, **content) for name, rows, content in choice_parts(tenant)))
    )
