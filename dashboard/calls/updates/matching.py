"""Find the call of an update, or create one and find its tenant.

Only calls of the connection that reported the update are considered, whatever the update contains.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard.calls.models import UNCERTAIN, UNSENT, Call, Mode
from dashboard.calls.placing import destinations
from dashboard.calls.updates.call_update import NEVER, CallUpdate
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Connection, NumberDedication

LOCK = 0x5043  # our class of advisory locks; the second key is the connection
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=10)  # around the sending; clocks differ
RECENT = timedelta(hours=1)
NO_ID = Q(remote_id="")


@scope.requires_scope
def find(connection: Connection, update: CallUpdate) -> tuple[Call, bool] | None:
    """The call of the update, locked: by VoiceDock's id, the webhook's id, our reference, or as the only candidate."""
    calls = Call.objects.select_for_update(of=("self",)).select_related("tenant").filter(connection_id=connection.pk)
    for known in _by_id(update):
        if (call := calls.filter(known).first()) is not None:
            return call, False
    if (call := _by_reference(calls, update)) or (call := _only_candidate(calls, update)):
        return call, False
    return None


def create_from_remote(connection: Connection, update: CallUpdate) -> tuple[Call, bool] | None:
    """A new, unsaved row for a call that was not placed here. Concurrent updates create one row.

    None for an outbound call in a webhook: its tenant depends on its assistant too, which only lists contain.
    """
    if not may_be_created(update):
        return None
    lock(connection)
    if (found := find(connection, update)) is not None:
        return found
    moment = update.born_at if update.born_at != NEVER else timezone.now()
    number, assistant = _number_at(connection, update, moment), _assistant_at(connection, update, moment)
    copy = assistant_of(connection.pk, update.assistant_remote_id)
    return new_call(connection, update, moment, number, assistant, copy), True


def may_be_created(update: CallUpdate) -> bool:
    return update.direction != "outbound" or bool(update.assistant_remote_id)


@scope.requires_scope
def lock(connection: Connection) -> None:
    """Held until the transaction ends by whoever stores new calls of this connection."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, connection.pk])


def new_call(
    connection: Connection,
    update: CallUpdate,
    moment: datetime,
    number: NumberDedication | None,
    assistant: AssistantDedication | None,
    copy: Assistant | None,
) -> Call:
    """The unsaved row, with what was dedicated at that moment; `copy` is ours of its assistant."""
    tenant, number, assistant = _tenant_of(update, number, assistant)
    place = destinations.place_of(update.counterpart if update.direction == "outbound" else "")
    call = Call(
        tenant_id=tenant,
        connection_id=connection.pk,
        number_dedication=number,
        assistant_dedication=assistant,
        origin=Call.Origin.ADOPTED,
        direction=update.direction or "unknown",
        counterpart=update.counterpart,
        destination_country=place.country,
        destination_kind=place.kind,
        line=number.e164 if number is not None else update.line,
        state="",
        rank=-1,
        state_at=moment,
        created_at=moment,
        remote_id=update.remote_id,
        webhook_call_id=update.webhook_call_id,
    )
    if copy is not None:
        call.assistant_name = copy.name
    return call


@scope.requires_scope
def assistant_of(connection_id: int, remote_id: str) -> Assistant | None:
    if not remote_id:
        return None
    return Assistant.objects.filter(connection_id=connection_id, remote_id=remote_id).first()


@scope.requires_scope
def is_saved_by_others(call: Call) -> bool:
    """Whether the id that VoiceDock reports is that of a saved assistant which is not assigned to the call's client.

    What VoiceDock reports as the assistant of a one-time call is not documented: an id that we do not know, or that of
    the client's own, says nothing.
    """
    saved = assistant_of(call.connection_id, call.assistant_remote_id)
    if saved is None or call.tenant_id is None:
        return False
    own = AssistantDedication.objects.at(call.created_at).filter(tenant_id=call.tenant_id, assistant=saved)
    return not own.exists()


def is_recent(call: Call) -> bool:
    """Whether the call is recent enough for an alarm; older ones are imported history."""
    return call.created_at > timezone.now() - RECENT


def _by_id(update: CallUpdate) -> list[Q]:
    """An id from a webhook may be the one of REST, or another one (`voicedock-api.md §11.5`)."""
    wanted = []
    if update.remote_id:
        answered = Q(answered_remote_id=update.remote_id, remote_id="")  # its response is stored, but not applied yet
        wanted += [Q(remote_id=update.remote_id), Q(webhook_call_id=update.remote_id), answered]
    if update.webhook_call_id:
        wanted += [Q(webhook_call_id=update.webhook_call_id), Q(remote_id=update.webhook_call_id)]
    return wanted


def _by_reference(calls: QuerySet[Call], update: CallUpdate) -> Call | None:
    """The call with our reference, if it was claimed for sending and has no other id."""
    try:
        pk = UUID(update.reference)
    except ValueError:
        return None
    free = calls.filter(pk=pk, origin=Call.Origin.PLACED, claimed_at__isnull=False)
    return free.filter(_unclaimed(update)).first()


def _unclaimed(update: CallUpdate) -> Q:
    """Rows without the id that the update has."""
    return (NO_ID if update.remote_id else Q()) & (Q(webhook_call_id="") if update.webhook_call_id else Q())


def _only_candidate(calls: QuerySet[Call], update: CallUpdate) -> Call | None:
    """The only call with this counterpart and line, in that time, without this id; None if there are several."""
    if not update.counterpart or not (update.line or update.number_remote_id) or update.reference:
        return None
    fitting = list(calls.filter(_intents(update))[:2]) if update.direction == "outbound" else []
    if not fitting:
        fitting = list(calls.filter(_known_by_other_id(update))[:2])
    return fitting[0] if len(fitting) == 1 else None


def _intents(update: CallUpdate) -> Q:
    """Placed calls without a response; there is one at a time for a counterpart and line."""
    fits = Q(origin=Call.Origin.PLACED, state__in=[*UNSENT, *UNCERTAIN], counterpart=update.counterpart) & NO_ID
    fits &= (
        Q(sent_at__gte=update.born_at - AFTER, sent_at__lte=update.born_at + BEFORE) if _dated(update) else Q(pk=None)
    )
    if update.assistant_remote_id:
        fits &= Q(assistant_remote_id=update.assistant_remote_id) | Q(mode=Mode.TRANSIENT)
    return fits & _same_line(update)


def _known_by_other_id(update: CallUpdate) -> Q:
    """Calls known by the other of the two ids: an update from a list for a row from a webhook, or the reverse."""
    if not _dated(update) or bool(update.remote_id) == bool(update.webhook_call_id):
        return Q(pk=None)
    missing = (NO_ID & ~Q(webhook_call_id="")) if update.remote_id else (Q(webhook_call_id="") & ~NO_ID)
    fits = missing & Q(counterpart=update.counterpart, direction=update.direction) & _same_line(update)
    if update.remote_id:  # the list knows when it began, the row when the first webhook came
        return fits & Q(created_at__gte=update.born_at - BEFORE, created_at__lte=_last(update) + AFTER)
    return fits & Q(created_at__lte=update.at + BEFORE) & (Q(ended_at=None) | Q(ended_at__gte=update.at - AFTER))


def _same_line(update: CallUpdate) -> Q:
    same = Q()
    if update.line:
        same |= Q(line=update.line)
    if update.number_remote_id:
        same |= Q(number_remote_id=update.number_remote_id)
    return same


def _dated(update: CallUpdate) -> bool:
    return update.born_at != NEVER


def _last(update: CallUpdate) -> datetime:
    return update.fields.get("ended_at") or max(update.at, timezone.now())


def _number_at(connection: Connection, update: CallUpdate, moment: datetime) -> NumberDedication | None:
    rights = NumberDedication.objects.at(moment).select_related("tenant").filter(connection_id=connection.pk)
    if update.number_remote_id and (found := rights.filter(number__remote_id=update.number_remote_id).first()):
        return found
    return rights.filter(e164=update.line).first() if update.line else None


def _assistant_at(connection: Connection, update: CallUpdate, moment: datetime) -> AssistantDedication | None:
    if not update.assistant_remote_id:
        return None
    rights = AssistantDedication.objects.at(moment).select_related("tenant").filter(connection_id=connection.pk)
    return rights.filter(assistant__remote_id=update.assistant_remote_id).first()


def _tenant_of(
    update: CallUpdate, number: NumberDedication | None, assistant: AssistantDedication | None
) -> tuple[int | None, NumberDedication | None, AssistantDedication | None]:
    """The tenant of the line, or of the assistant for a call in the browser, which has no line.

    An outbound call by a client's assistant from another's line belongs to the client of the assistant, without the
    line, so that nobody else can read its transcript.
    """
    if (
        assistant is not None
        and update.direction != "inbound"
        and (number is None or number.tenant_id != assistant.tenant_id)
    ):
        return assistant.tenant_id, None, assistant
    if number is None:
        return None, None, None
    return number.tenant_id, number, assistant if assistant and assistant.tenant_id == number.tenant_id else None
