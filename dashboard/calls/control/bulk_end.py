"""End many calls at once, such as all of a client: tasks send the commands, a few at a time.

The request is stored on each call, in the transaction that writes its audit entry. A ringing call is ended once it is
answered, since VoiceDock cannot end it before. The alarm for a late end counts from `end_asked_at`: it is set with the
request, or for a ringing call with the update that shows it answered (`updates.apply`), so that it needs no worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest, Now

from dashboard.calls.control import commands
from dashboard.calls.models import Call, Receipt, State
from dashboard.calls.placing import taking_back
from dashboard.calls.transitions import record_transition, tenant_id_of
from dashboard.live_updates import publish
from dashboard.sync import text_lengths
from dashboard.voicedock import EndCall
from tenants.isolation import scope
from tenants.models import AuditEntry, User

AT_ONCE = 3  # of each connection in two seconds: 90 a minute, below what VoiceDock allows one
LEASE = timedelta(seconds=40)  # longer than one attempt may take; then another task sends it
AGAIN = timedelta(seconds=15)  # after the budget of the minute was used up
SOONEST = timedelta(seconds=2)  # after VoiceDock asked to wait, however short; tasks are sent every two seconds
ASKED = Coalesce(F("end_asked_at"), Now())  # the first request counts


@dataclass(frozen=True)
class Requested:
    """`calls` are the ids of those whose end was requested; of `before` another person's request had not been sent.

    `before` are as they were then: `end_due_by` is that person.
    """

    calls: frozenset[UUID] = frozenset()
    before: Sequence[Call] = ()

    @property
    def count(self) -> int:
        return len(self.calls)


@scope.requires_scope
def request(calls: QuerySet[Call], *, by: User) -> Requested:
    """Request the end of these live calls. Those that wait are taken back: nobody rings.

    One command ends a call that several people asked to end: its receipt is the first one's. Inside the scope of their
    tenant; the caller writes the audit entries, last: its own, and those of `record_before`.
    """
    locked = calls.filter(finished=False).order_by("pk").select_for_update(of=("self",))
    found = list(locked.select_related("tenant", "end_due_by"))
    sent = [call for call in found if not taking_back.end_waiting(call, by=by)]
    Call.objects.filter(pk__in=[call.pk for call in sent]).update(
        end_due_at=Greatest("end_due_at", Now()),  # what waits because VoiceDock asked to, or is being sent, stays so
        end_due_by=Coalesce(F("end_due_by"), Value(by.pk)),
        end_asked_at=Case(When(state=State.IN_PROGRESS, then=ASKED), default=F("end_asked_at")),
        version=F("version") + 1,
    )
    for call in sent:  # open pages show when the end is late
        call.version += 1
        publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)
    before = [call for call in sent if call.end_due_by_id not in (None, by.pk)]
    return Requested(frozenset(call.pk for call in found), before)


@scope.requires_scope
def record_before(requested: Requested, *, by: User) -> None:
    """The timelines of the calls that others are ending name this person too, once, however often it was asked for."""
    about = {f"call:{call.pk}": call for call in requested.before}
    known = AuditEntry.objects.filter(action="call.end-asked-too", actor_id=by.pk, subject__in=about)
    for subject in about.keys() - set(known.values_list("subject", flat=True)):
        record_transition(about[subject], "call.end-asked-too", by=by, before=str(about[subject].end_due_by))


@scope.opens_scope
def due() -> list[UUID]:
    """The calls to end now, each leased to its task. Opens a scope of its own and sends no request."""
    found = []
    with scope.for_system("calls that were asked to end together"):
        wanted = Call.objects.filter(end_due_at__lte=Now(), finished=False, state=State.IN_PROGRESS)
        wanted = wanted.exclude(remote_id="").exclude(remote_id__contains=text_lengths.MARK)  # no command can reach it
        for connection in wanted.order_by().values_list("connection", flat=True).distinct():
            for call in wanted.filter(connection=connection).order_by("end_due_at", "created_at")[:AT_ONCE]:
                leased = Call.objects.filter(pk=call.pk, end_due_at=call.end_due_at)
                if leased.update(end_due_at=Now() + LEASE, end_asked_at=ASKED):
                    found.append(call.pk)
    return found


@scope.opens_scope
def send(call_id: UUID) -> Receipt | None:
    """Send the end-call once per lease. It is due again if nothing was done: the minute's budget was used up, or
    VoiceDock could not be reached or asked us to wait. What it refused is settled. Opens scopes.
    """
    with scope.for_system("a call that was asked to end"):
        call = Call.objects.select_related("end_due_by").filter(pk=call_id, end_due_at__isnull=False).first()
    if call is None:
        return None
    token = uuid.uuid5(call.pk, f"end {call.end_due_at}")
    receipt = commands.send(call, EndCall(), by=call.end_due_by, token=token, origin=commands.Origin(is_repeated=True))
    again_in = _again_in(receipt)
    change: dict[str, Any] = {"end_due_at": Now() + again_in} if again_in else {"end_due_at": None, "end_due_by": None}
    with scope.for_tenant(tenant_id_of(call)):
        rows = Call.objects.filter(pk=call.pk, tenant_id=tenant_id_of(call), end_due_at=call.end_due_at)
        if rows.update(version=F("version") + 1, **change):
            call.refresh_from_db(fields=["version"])
            publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)
    return receipt


def _again_in(receipt: Receipt) -> timedelta | None:
    """When it is sent again; None where VoiceDock has answered, or may have done it."""
    if receipt.outcome != Receipt.Outcome.REFUSED:
        return None
    wait = timedelta(seconds=receipt.retry_after or 0)
    if receipt.sent_at is None:
        return max(wait, AGAIN)
    return max(wait, SOONEST) if wait else None
