"""End calls that somebody asked to end together, such as all of a client: a few at a time, by tasks.

The wish stands on the call, committed with its audit entry by whoever has it. A call that still rings is ended once it
talks, since VoiceDock can end none before.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from dashboard.calls.control import commands
from dashboard.calls.models import Call, Receipt, State
from dashboard.calls.transitions import owner
from tenants.isolation import scope
from tenants.models import User

AT_ONCE = 3  # of each connection in two seconds: 90 a minute, below what VoiceDock allows one
BOOKED = timedelta(seconds=40)  # longer than one attempt may take; whoever died with it is followed by another
AGAIN = timedelta(seconds=15)  # after the budget of the minute was used up


def ask(calls: QuerySet[Call], *, by: User) -> int:
    """Have these live calls ended; how many. Inside the scope of their tenant, whose audit entry the caller writes."""
    return calls.filter(finished=False).update(end_due_at=Now(), end_due_by=by)


def due() -> list[UUID]:
    """Those to end now, each booked for its task. Opens a scope of its own and asks VoiceDock nothing.

    The alarm of a late end-call counts from here, so it is raised although no worker sends the command.
    """
    found = []
    with scope.for_system("calls that were asked to end together"):
        wanted = Call.objects.filter(end_due_at__lte=Now(), finished=False, state=State.IN_PROGRESS)
        wanted = wanted.exclude(remote_id="")
        for connection in wanted.order_by().values_list("connection", flat=True).distinct():
            for call in wanted.filter(connection=connection).order_by("end_due_at", "created_at")[:AT_ONCE]:
                booking = Call.objects.filter(pk=call.pk, end_due_at=call.end_due_at)
                asked = Coalesce(F("end_asked_at"), Now())
                if booking.update(end_due_at=Now() + BOOKED, end_asked_at=asked):
                    found.append(call.pk)
    return found


def send(call_id: UUID) -> Receipt | None:
    """The command, once for each booking; asked for again when the minute's budget was used up. Opens scopes."""
    with scope.for_system("a call that was asked to end"):
        call = Call.objects.select_related("end_due_by").filter(pk=call_id, end_due_at__isnull=False).first()
    if call is None:
        return None
    token = uuid.uuid5(call.pk, f"end {call.end_due_at}")
    receipt = commands.send(call, {"type": "end-call"}, by=call.end_due_by, token=token)
    not_sent = receipt.outcome == Receipt.Outcome.REFUSED and receipt.sent_at is None
    with scope.for_tenant(owner(call)):
        rows = Call.objects.filter(pk=call.pk, tenant_id=owner(call), end_due_at=call.end_due_at)
        rows.update(end_due_at=Now() + AGAIN) if not_sent else rows.update(end_due_at=None, end_due_by=None)
    return receipt
