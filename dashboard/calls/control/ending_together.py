"""End calls that somebody asked to end together, such as all of a client: a few at a time, by tasks.

The wish stands on the call, committed with its audit entry by whoever has it. A call that still rings is ended once it
talks, since VoiceDock can end none before. `end_asked_at`, from which the alarm of a late end counts, is set when the
wish is committed, of a ringing call when the news that it talks is written (`updates.apply`): it needs no worker.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from uuid import UUID

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Coalesce, Now

from dashboard.calls.control import commands
from dashboard.calls.models import Call, Receipt, State
from dashboard.calls.transitions import owner
from dashboard.live_updates import publish
from dashboard.voicedock import EndCall
from tenants.isolation import scope
from tenants.models import User

AT_ONCE = 3  # of each connection in two seconds: 90 a minute, below what VoiceDock allows one
BOOKED = timedelta(seconds=40)  # longer than one attempt may take; whoever died with it is followed by another
AGAIN = timedelta(seconds=15)  # after the budget of the minute was used up
ASKED = Coalesce(F("end_asked_at"), Now())  # the first wish counts


def ask(calls: QuerySet[Call], *, by: User) -> int:
    """Have these live calls ended; how many. Inside the scope of their tenant, whose audit entry the caller writes."""
    found = list(calls.filter(finished=False).order_by("pk").select_for_update(of=("self",)))
    Call.objects.filter(pk__in=[call.pk for call in found]).update(
        end_due_at=Now(),
        end_due_by=by,
        end_asked_at=Case(When(state=State.IN_PROGRESS, then=ASKED), default=F("end_asked_at")),
        version=F("version") + 1,
    )
    for call in found:  # an open page has to know when the end will be late
        publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version + 1)
    return len(found)


def due() -> list[UUID]:
    """Those to end now, each booked for its task. Opens a scope of its own and asks VoiceDock nothing."""
    found = []
    with scope.for_system("calls that were asked to end together"):
        wanted = Call.objects.filter(end_due_at__lte=Now(), finished=False, state=State.IN_PROGRESS)
        wanted = wanted.exclude(remote_id="")
        for connection in wanted.order_by().values_list("connection", flat=True).distinct():
            for call in wanted.filter(connection=connection).order_by("end_due_at", "created_at")[:AT_ONCE]:
                booking = Call.objects.filter(pk=call.pk, end_due_at=call.end_due_at)
                if booking.update(end_due_at=Now() + BOOKED, end_asked_at=ASKED):
                    found.append(call.pk)
    return found


def send(call_id: UUID) -> Receipt | None:
    """The command, once for each booking; asked for again when the minute's budget was used up. Opens scopes."""
    with scope.for_system("a call that was asked to end"):
        call = Call.objects.select_related("end_due_by").filter(pk=call_id, end_due_at__isnull=False).first()
    if call is None:
        return None
    token = uuid.uuid5(call.pk, f"end {call.end_due_at}")
    receipt = commands.send(call, EndCall(), by=call.end_due_by, token=token)
    not_sent = receipt.outcome == Receipt.Outcome.REFUSED and receipt.sent_at is None
    with scope.for_tenant(owner(call)):
        rows = Call.objects.filter(pk=call.pk, tenant_id=owner(call), end_due_at=call.end_due_at)
        rows.update(end_due_at=Now() + AGAIN) if not_sent else rows.update(end_due_at=None, end_due_by=None)
    return receipt
