"""Plan a call, change it and cancel it: each by a compare-and-set on the row, with its audit entry."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.planned import local_times
from dashboard.calls.planned.wish import Wish
from dashboard.calls.transient import placing as transient_placing
from dashboard.contact_rules import rules as contact_rules
from dashboard.contact_rules.verdict import to_stored
from dashboard.live_updates import publish
from tenants import audit
from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import AssistantDedication, AuditEntry, NumberDedication, Tenant, User

State = PlannedCall.State
CHANGEABLE = (State.PLANNED, *PlannedCall.NOT_PLACED)
MOST_OPEN = 1_000  # of a client
SAME_MOMENT = "A call to this person is planned for this very time already. Choose another time, or change that one."
OVERLAPS = "A call to this person is planned for {time} by {by} already. Plan this one too?"
TOO_MANY = f"{MOST_OPEN:,} calls are planned here already. Cancel some, or wait until some were placed."
BEING_PLACED = "This call is being placed at this moment, so it was not changed. Look at what became of it in the list."
IS_OVER = "This call is no longer planned, so it was not changed. Look at what became of it in the list."
CHANGED_MEANWHILE = (
    "Somebody changed this planned call meanwhile. It is now: {now}. What you typed stands here; saving once more puts "
    "it in its place."
)
CLIENT_CLOSED = "The client was closed."
REASON_CHANGED = "why a contact rule is set aside"
RELATED_FIELDS = {field.name for field in PlannedCall._meta.concrete_fields if field.is_relation}
PLAIN_FIELDS = [field.name for field in PlannedCall._meta.concrete_fields if field.name not in RELATED_FIELDS]


class PlanRefused(ActionRefused):
    """Nothing was changed. `field` is one of the form's, or "" for the whole of it.

    `overridable`: it is possible for those who may, with a reason to set these rules aside.
    """

    def __init__(self, field: str, message: str, *, overridable: tuple[contact_rules.Rule, ...] = ()) -> None:
        super().__init__(message)
        self.field, self.overridable = field, overridable


class ChangedMeanwhile(PlanRefused):
    """The row is not as the form showed it; `planned` is the row of now."""

    def __init__(self, planned: PlannedCall) -> None:
        super().__init__("", CHANGED_MEANWHILE.format(now=summary(planned)))
        self.planned = planned


def is_permitted(actor: Actor, planned: PlannedCall) -> bool:
    """Whoever planned the call, and managers for everybody; whether it can still be changed is another question."""
    own = planned.planned_by_id == actor.user.pk and actor.may(Permission.PLACE_CALLS)
    return own or (actor.may(Permission.PLACE_CALLS) and actor.may(Permission.TAKE_BACK_CALLS))


@scope.opens_scope
def plan(tenant: Tenant, wish: Wish, *, token: UUID, by: User, anyway: bool = False) -> PlannedCall:
    """Plan a call; the same token is the same planned call. Raises `PlanRefused` and `intents.CallRefused`.

    A token that has planned something else is refused: a form that was changed after it was sent plans nothing unseen.
    `anyway`: although another one to this person may be placed in the same time.
    """
    with scope.for_tenant(tenant):
        planned_before = PlannedCall.objects.filter(tenant=tenant, token=token).first()
        if planned_before is not None:
            return _require_same(planned_before, wish)
        if Call.objects.filter(tenant=tenant, client_token=token).exists():
            raise intents.CallRefused("", intents.OTHER_CONTENT)
        if PlannedCall.objects.filter(tenant=tenant).open()[:MOST_OPEN].count() >= MOST_OPEN:
            raise PlanRefused("plan_time", TOO_MANY)
        columns = facts(tenant, wish, by)
        _require_free(tenant, wish, anyway=anyway)
        planned = PlannedCall(tenant=tenant, token=token, planned_by=by, try_at=wish.due_at, **columns)
        PlannedCall.objects.bulk_create([planned], ignore_conflicts=True)
        stored = PlannedCall.objects.filter(tenant=tenant, token=token).first()
        if stored is None:
            raise PlanRefused("plan_time", SAME_MOMENT)
        if stored.pk != planned.pk:
            return _require_same(stored, wish)
        words = joined(wish.changes.words())
        details = {"line": planned.number_dedication.e164} | ({"changes": words} if words else {})
        record(planned, "call.planned", by=by, assistant=planned.speaker, **details)
        _record_override(planned, by)
    return stored


@scope.opens_scope
def change(
    tenant: Tenant, planned_id: UUID, wish: Wish, *, version: int, by: User, anyway: bool = False
) -> PlannedCall:
    """Plan it anew, as the form has it now. Raises `PlanRefused` and `intents.CallRefused`.

    One that was not placed is planned again.
    """
    with scope.for_tenant(tenant):
        planned = locked(tenant, planned_id)
        _require_changeable(planned)
        columns = facts(tenant, wish, by)
        _require_free(tenant, wish, anyway=anyway, excluding=planned.pk)
        changed = differing(wish, columns, planned)
        if not changed and planned.state == State.PLANNED:
            return planned
        if planned.version != version:
            raise ChangedMeanwhile(planned)
        columns |= {"state": State.PLANNED, "reason": "", "call": None, "changed_by": by, "try_at": wish.due_at}
        try:
            with transaction.atomic():
                move(planned, CHANGEABLE, attempt=F("attempt") + 1, **columns)
        except IntegrityError:
            raise PlanRefused("plan_time", SAME_MOMENT) from None
        record(planned, "call.plan-changed", by=by, what=", ".join(changed) or "planned again")
        _record_override(planned, by)
    return planned


@scope.opens_scope
def cancel(planned: PlannedCall, *, by: User) -> bool:
    """It is never placed; False when it was taken for placing first."""
    with scope.for_tenant(planned.tenant_id):
        if not move(planned, CHANGEABLE, state=State.CANCELLED, changed_by=by):
            return False
        record(planned, "call.plan-cancelled", by=by)
    return True


@scope.requires_scope
def cancel_all(tenant: Tenant) -> list[PlannedCall]:
    """For a client that is closed: what is planned is not placed. One that is being placed is stopped by the claim.

    Before any audit entry, like all that locks rows; whoever closes the client records those that are returned.
    """
    rows = PlannedCall.objects.filter(tenant=tenant, state__in=CHANGEABLE).order_by("pk")
    open_ones = list(rows.select_for_update(of=("self",)).select_related("tenant"))
    return [planned for planned in open_ones if move(planned, CHANGEABLE, state=State.CANCELLED, reason=CLIENT_CLOSED)]


@scope.requires_scope
def locked(tenant: Tenant, planned_id: UUID) -> PlannedCall:
    """The row as it is now, locked; raises `PlannedCall.DoesNotExist`."""
    rows = PlannedCall.objects.select_for_update(of=("self",)).select_related(
        "tenant", "planned_by", "changed_by", "number_dedication__number", "assistant_dedication__assistant"
    )
    return rows.get(tenant=tenant, pk=planned_id)


@scope.requires_scope
def move(planned: PlannedCall, came_from: Collection[str], **change: Any) -> bool:
    """Change the row if it is still in one of these states; `planned` is refreshed."""
    rows = PlannedCall.objects.filter(pk=planned.pk, tenant=planned.tenant_id, state__in=list(came_from))
    moved = rows.update(version=F("version") + 1, state_at=Now(), **change)
    planned.refresh_from_db(fields=PLAIN_FIELDS)  # without what is related: that is read after the scope has closed
    if moved:
        for name in RELATED_FIELDS & change.keys():
            setattr(planned, name, change[name])
        publish.row_changed("planned", planned.pk, tenant=planned.tenant_id, version=planned.version)
    return bool(moved)


@scope.requires_scope
def record(planned: PlannedCall, action: str, *, by: User | None = None, **details: Any) -> AuditEntry:
    """Last in its transaction."""
    facts = {"counterpart": planned.destination, "time": time_words(planned)} | details
    return audit.record(by, planned.tenant, action, planned, **facts)


def time_words(planned: PlannedCall) -> str:
    """`27 November 2026 14:30 (Amsterdam)`."""
    return local_times.day_words(planned.due_at, planned.zone)


def summary(planned: PlannedCall) -> str:
    """What is planned, in words: for whoever was about to overwrite it."""
    changes = joined(Changes.from_json(planned.changes).words())
    state = "" if planned.state == State.PLANNED else f" {planned.get_state_display()}."
    latest = local_times.words(planned.latest_at, planned.zone)
    return (
        f"{planned.destination} at {time_words(planned)}, until {latest} at the latest, "
        f"from {planned.number_dedication.e164} with {planned.speaker}, "
        f"{f'with {changes}' if changes else 'as it is saved'}.{state}"
    )


@scope.requires_scope
def facts(tenant: Tenant, wish: Wish, by: User, *, at: datetime | None = None) -> dict[str, Any]:
    """The columns of what is planned, with the client's own line and assistant. Raises `PlanRefused`, `CallRefused`.

    `at` is when it is placed, its own time if left out. A one-time assistant is planned by those who may place calls
    with one now.
    """
    reason, known = wish.override_reason, wish.known_rules
    verdict, overridden = contact_rules.verdict_with_reason(tenant, wish.destination, at or wish.due_at, reason, known)
    if verdict.refusal:
        field = "plan_time" if verdict.passes else "destination"
        raise PlanRefused(field, verdict.refusal, overridable=verdict.overridable)
    line: NumberDedication
    speaker: AssistantDedication | None
    if wish.one_time:
        line, speaker = intents.line_of(tenant, wish.number), None
        transient_placing.require_plannable(tenant, wish.one_time, wish.changes, by)
    else:
        line, speaker = intents.rights(tenant, wish.number, wish.assistant or 0)
    related = {"connection": line.connection, "number_dedication": line, "assistant_dedication": speaker}
    override = {"overridden_rule": to_stored(overridden), "override_reason": reason if overridden else ""}
    return wish.columns | related | override


def differing(wish: Wish, columns: dict[str, Any], planned: PlannedCall) -> list[str]:
    """What is stored otherwise than these columns of the wish, in words without contents."""
    reason = [REASON_CHANGED] if columns["override_reason"] != planned.override_reason else []
    return wish.differing(planned) + reason


@scope.requires_scope
def overlapping(
    tenant: Tenant, destination: str, due_at: datetime, latest_at: datetime, *, excluding: UUID | None = None
) -> PlannedCall | None:
    """Another open one to this person which may be placed in the same time."""
    others = PlannedCall.objects.filter(tenant=tenant, destination=destination).open()
    others = others.exclude(pk=excluding) if excluding else others
    found = others.filter(due_at__lt=latest_at, latest_at__gt=due_at).select_related("planned_by")
    return found.order_by("due_at").first()


@scope.requires_scope
def _record_override(planned: PlannedCall, by: User) -> None:
    if planned.overridden_rule:
        why = {"rule": planned.overridden_rule_words, "why": planned.override_reason}
        record(planned, "call.plan-rule-overridden", by=by, **why)


def _require_changeable(planned: PlannedCall) -> None:
    if planned.state == State.PLACING:
        raise PlanRefused("", BEING_PLACED)
    if planned.state not in CHANGEABLE:
        raise PlanRefused("", IS_OVER)


def _require_free(tenant: Tenant, wish: Wish, *, anyway: bool, excluding: UUID | None = None) -> None:
    other = overlapping(tenant, wish.destination, wish.due_at, wish.latest_at, excluding=excluding)
    if other is not None and other.due_at == wish.due_at:
        raise PlanRefused("plan_time", SAME_MOMENT)
    if other is not None and not anyway:
        words = OVERLAPS.format(time=local_times.words(other.due_at, wish.zone), by=other.planned_by)
        raise PlanRefused("plan_anyway", words)


def _require_same(planned: PlannedCall, wish: Wish) -> PlannedCall:
    """What this form has planned before, if that is what it says now."""
    if wish.differing(planned):
        raise intents.CallRefused("", intents.OTHER_PLAN)
    return planned
