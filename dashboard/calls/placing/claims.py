"""Claims: one worker takes a queued call for sending, if its client may still place it.

The locks come first, each in a statement of its own, so that the counts afterwards see what was committed before them.
The claim is one UPDATE without joins: through a join, two workers could both succeed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from dashboard.calls.models import STOPS_DIALING, Alarm, Call, State
from dashboard.calls.placing import destinations
from dashboard.calls.transient import rights
from dashboard.calls.transitions import tenant_id_of
from dashboard.contact_rules import rules as contact_rules
from dashboard.contact_rules.contact_history import Asking
from dashboard.contact_rules.verdict import from_stored
from dashboard.rate_limits.limiter import TIMEOUT
from tenants import time_zones
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import AssistantDedication, NumberDedication, Tenant

log = structlog.get_logger()
LEASE = timedelta(seconds=45)  # longer than the one attempt may take
ONE_ATTEMPT = timedelta(seconds=TIMEOUT)

SUSPENDED = "{name} is suspended: nothing can be called until your account team lifts that."
HELD = "{name} is about to be suspended or closed: nothing is sent for it meanwhile."
CLOSED = "{name} is closed: nothing can be called."
WRONG_NUMBER = (
    "A call of {name} left from a number that is not theirs, so nothing is dialed until your account team has looked."
)
WRONG_ASSISTANT = (
    "A call of {name} was made with an assistant that is not theirs, so nothing is dialed until your account team has "
    "looked."
)
AT_ONCE = "{name} may have {limit} calls at once, and all are in use. Try again when one has ended."
A_DAY = "{name} may place {limit} calls a day, and today’s are used. Your account team can raise that."
ALREADY = "You are calling this number already: see Live. Nothing was dialed a second time."
CALLED_MEANWHILE = "This number was called from here meanwhile: see Calls. Nothing was dialed a second time."
NOT_THEIRS = "This line or assistant is no longer assigned to you, so nothing was dialed."


NOT_IN_TIME = "It could not be sent before the end of the time that it was planned for. Nothing was dialed."
IN_TIME = Q(not_after=None) | Q(not_after__gt=Now())
NOT_HELD = Q(calls_held_until=None) | Q(calls_held_until__lte=Now())


class ClaimLost(ActionRefused):
    """The claim has expired, or the call has changed state since. No request was sent."""

    def __init__(self) -> None:
        super().__init__("It took too long until it could be sent.")


class Claim(StrEnum):
    """The outcome of a claim."""

    WON = "won"
    TAKEN = "taken"  # by another worker
    REFUSED = "refused"  # the call must not be sent


@dataclass(frozen=True)
class ClaimResult:
    """`reason` says why the call may not leave; empty of the other outcomes."""

    outcome: Claim
    reason: str = ""


@scope.opens_scope
def claim(call: Call) -> ClaimResult:
    """Take a queued call for sending. Opens the scope of its tenant."""
    with scope.for_tenant(tenant_id_of(call)):
        tenant = _lock_tenant(call)
        verdict = _verdict(tenant, call)
        if words := _refusal(tenant, call, verdict):
            return ClaimResult(Claim.REFUSED, words)
        queued = Call.objects.filter(pk=call.pk, tenant_id=tenant_id_of(call), state=State.QUEUED)
        due = queued.filter(Q(lease_until=None) | Q(lease_until__lte=Now()))
        active = Tenant.objects.filter(pk=OuterRef("tenant_id"), status=Tenant.Status.ACTIVE).filter(NOT_HELD)
        claimed = due.filter(IN_TIME, _dedication_in_force(NumberDedication, "number")).filter(Exists(active))
        if not call.is_transient:
            claimed = claimed.filter(_dedication_in_force(AssistantDedication, "assistant"))
        try:
            with transaction.atomic():
                won = claimed.update(
                    state=State.SENDING,
                    lease_until=Now() + LEASE,
                    sent_at=Now(),
                    state_at=Now(),
                    attempts=F("attempts") + 1,
                    rules_version=verdict.version,
                    version=F("version") + 1,
                )
        except IntegrityError as error:
            withdrawn = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == "call_leaves"
            if withdrawn and (words := _refusal(tenant, call, _verdict(tenant, call))):  # since it was looked up above
                log.info("call_refused_by_database", call=str(call.pk))
                return ClaimResult(Claim.REFUSED, words)
            raise
        if won:
            return ClaimResult(Claim.WON)
        return ClaimResult(Claim.REFUSED, NOT_THEIRS) if due.exists() else ClaimResult(Claim.TAKEN)


def _refusal(tenant: Tenant, call: Call, verdict: contact_rules.Verdict) -> str:
    """Why this call may not be sent now, or ""."""
    return (
        blocking_reason(tenant, excluding=call)
        or destinations.refusal(tenant, call.counterpart)
        or verdict.refusal
        or rights.refusal(tenant, call)
        or (NOT_IN_TIME if is_too_late(call) else "")
        or _called_already(call)
    )


@scope.opens_scope
def confirm(call: Call) -> None:
    """Check, just before the request is sent, that the claim outlasts the one attempt.

    While a claim is in force, neither a dedication nor the client's right to dial can end. Opens the scope of its
    tenant; raises `ClaimLost`.
    """
    with scope.for_tenant(tenant_id_of(call)):
        held = Call.objects.filter(IN_TIME, pk=call.pk, state=State.SENDING, lease_until__gt=Now() + ONE_ATTEMPT)
        if not held.exists() or _verdict(call.tenant, call).refusal:  # type: ignore[arg-type]
            raise ClaimLost  # the next claim says why


def _verdict(tenant: Tenant, call: Call) -> contact_rules.Verdict:
    """Whether this person may be called now; the rules that somebody set aside for this call refuse nothing."""
    overridden = from_stored(call.overridden_rule)
    return contact_rules.verdict(tenant, call.counterpart, asking=Asking(call=call.pk), overridden=overridden)


def is_too_late(call: Call) -> bool:
    """Whether the window of a planned call has ended."""
    return call.not_after is not None and call.not_after <= timezone.now()


def blocking_reason(tenant: Tenant, *, excluding: Call | None = None) -> str:
    """Why this client may not place a call now, or "". Inside its scope. `excluding`: a call that does not count."""
    name = tenant.name
    if tenant.status != Tenant.Status.ACTIVE:
        return (CLOSED if tenant.status == Tenant.Status.CLOSED else SUSPENDED).format(name=name)
    found = _usage(tenant, excluding)
    if not found["may_send"]:
        return HELD.format(name=name)
    if alarm := found["alarm"]:
        return (WRONG_NUMBER if alarm == Alarm.WRONG_NUMBER else WRONG_ASSISTANT).format(name=name)
    if found["at_once"] >= tenant.max_concurrent_calls:
        return AT_ONCE.format(name=name, limit=tenant.max_concurrent_calls)
    if found["today"] >= tenant.max_calls_per_day:
        return A_DAY.format(name=name, limit=tenant.max_calls_per_day)
    return ""


def _usage(tenant: Tenant, excluding: Call | None) -> dict[str, Any]:
    """What blocks or limits the client's calls, in one query; each subquery uses an index of its own."""
    calls = Call.objects.filter(tenant_id=OuterRef("pk"))
    others = calls.exclude(pk=excluding.pk) if excluding is not None else calls
    midnight = time_zones.midnight(tenant.zone)
    today = others.filter(created_at__gte=midnight, origin=Call.Origin.PLACED, sent_at__isnull=False)
    rows = Tenant.objects.filter(pk=tenant.pk).annotate(
        may_send=Case(When(NOT_HELD, then=True), default=False),
        alarm=Subquery(calls.filter(alarm__in=STOPS_DIALING).values("alarm")[:1]),
        at_once=_count(others.against_limit()),
        today=_count(today.exclude(state=State.REFUSED)),
    )
    return dict(rows.values("may_send", "alarm", "at_once", "today").get())


def _count(calls: QuerySet[Call]) -> Coalesce:
    counted = calls.order_by().values("tenant_id").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


def _called_already(call: Call) -> str:
    """Why another call to this person keeps this one from leaving, or "": it is live, or left since this was requested.

    Inside the tenant's lock, so that only one of two concurrent requests dials. One that waited for its turn must not
    dial after the other, even if that is over by then.
    """
    others = Call.objects.filter(
        tenant_id=tenant_id_of(call), counterpart=call.counterpart, origin=Call.Origin.PLACED
    ).exclude(pk=call.pk)
    live = others.live().exclude(state=State.QUEUED)
    meanwhile = others.filter(sent_at__gte=call.created_at).exclude(state__in=[State.QUEUED, State.REFUSED])
    finished = (live | meanwhile).order_by("finished").values_list("finished", flat=True).first()
    if finished is None:
        return ""
    return CALLED_MEANWHILE if finished else ALREADY


def _lock_tenant(call: Call) -> Tenant:
    """Lock the tenant, so that its calls are counted one claim at a time, and then both dedications of the call."""
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id_of(call))
    with database.cursor() as cursor:
        for table, pk in (
            ("tenants_numberdedication", call.number_dedication_id),
            ("tenants_assistantdedication", call.assistant_dedication_id),
        ):
            cursor.execute(f'SELECT 1 FROM "{table}" WHERE id = %s FOR SHARE', [pk])
    return tenant


def _dedication_in_force(kind: type[NumberDedication] | type[AssistantDedication], name: str) -> Exists:
    """The dedication of the call is in force until the claim expires, by the clock of the database."""
    held = kind.objects.open().filter(pk=OuterRef(f"{name}_dedication_id"), tenant_id=OuterRef("tenant_id"))
    return Exists(held.at(Now() + LEASE))
