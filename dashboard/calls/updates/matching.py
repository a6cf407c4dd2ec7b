"""Find the call of an update, or create one and find its tenant.

Only calls of the connection that reported the update are considered, whatever the update contains.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard.calls.models import UNCERTAIN, UNSENT, Call
from dashboard.calls.updates.call_update import NEVER, CallUpdate
from tenants.models import Assistant, AssistantDedication, Connection, NumberDedication

LOCK = 0x5043  # our class of advisory locks; the second key is the connection
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=10)  # around the sending; clocks differ
RECENT = timedelta(hours=1)
NO_ID = Q(remote_id="")


def find(connection: Connection, facts: CallUpdate) -> tuple[Call, bool] | None:
    """The call of the update, locked: by VoiceDock's id, the webhook's id, our reference, or as the only candidate."""
    calls = Call.objects.select_for_update(of=("self",)).select_related("tenant").filter(connection_id=connection.pk)
    for known in _by_id(facts):
        if (call := calls.filter(known).first()) is not None:
            return call, False
    if (call := _by_reference(calls, facts)) or (call := _only_candidate(calls, facts)):
        return call, False
    return None


def create_from_remote(connection: Connection, facts: CallUpdate) -> tuple[Call, bool] | None:
    """A new, unsaved row for a call that was not placed here. Concurrent updates create one row.

    None for an outbound call in a webhook: its tenant depends on its assistant too, which only lists contain.
    """
    if facts.direction == "outbound" and not facts.assistant_remote_id:
        return None
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, connection.pk])
    if (found := find(connection, facts)) is not None:
        return found
    moment = facts.born_at if facts.born_at != NEVER else timezone.now()
    line, speaker = _line_at(connection, facts, moment), _speaker_at(connection, facts, moment)
    tenant, line, speaker = _tenant_of(facts, line, speaker)
    call = Call(
        tenant_id=tenant,
        connection_id=connection.pk,
        number_dedication=line,
        assistant_dedication=speaker,
        origin=Call.Origin.ADOPTED,
        direction=facts.direction or "unknown",
        counterpart=facts.counterpart,
        line=line.e164 if line is not None else facts.line,
        state="",
        rank=-1,
        state_at=moment,
        created_at=moment,
        remote_id=facts.remote_id,
        webhook_call_id=facts.webhook_call_id,
    )
    if (copy := assistant_of(connection.pk, facts.assistant_remote_id)) is not None:
        call.assistant_name = copy.name
    return call, True


def assistant_of(connection_id: int, remote_id: str) -> Assistant | None:
    if not remote_id:
        return None
    return Assistant.objects.filter(connection_id=connection_id, remote_id=remote_id).first()


def is_recent(call: Call) -> bool:
    """Whether the call is recent enough for an alarm; older ones are imported history."""
    return call.created_at > timezone.now() - RECENT


def _by_id(facts: CallUpdate) -> list[Q]:
    """An id from a webhook may be the one of REST, or another one (`voicedock-api.md §11.5`)."""
    wanted = []
    if facts.remote_id:
        answered = Q(answered_remote_id=facts.remote_id, remote_id="")  # its response is stored, but not applied yet
        wanted += [Q(remote_id=facts.remote_id), Q(webhook_call_id=facts.remote_id), answered]
    if facts.webhook_call_id:
        wanted += [Q(webhook_call_id=facts.webhook_call_id), Q(remote_id=facts.webhook_call_id)]
    return wanted


def _by_reference(calls: QuerySet[Call], facts: CallUpdate) -> Call | None:
    """The call with our reference, if it was claimed for sending and has no other id."""
    try:
        pk = UUID(facts.reference)
    except ValueError:
        return None
    free = calls.filter(pk=pk, origin=Call.Origin.PLACED, claimed_at__isnull=False)
    return free.filter(_unclaimed(facts)).first()


def _unclaimed(facts: CallUpdate) -> Q:
    """Rows without the id that the update has."""
    return (NO_ID if facts.remote_id else Q()) & (Q(webhook_call_id="") if facts.webhook_call_id else Q())


def _only_candidate(calls: QuerySet[Call], facts: CallUpdate) -> Call | None:
    """The only call with this counterpart and line, in that time, without this id; None if there are several."""
    if not facts.counterpart or not (facts.line or facts.number_remote_id) or facts.reference:
        return None
    fitting = list(calls.filter(_intents(facts))[:2]) if facts.direction == "outbound" else []
    if not fitting:
        fitting = list(calls.filter(_known_by_other_id(facts))[:2])
    return fitting[0] if len(fitting) == 1 else None


def _intents(facts: CallUpdate) -> Q:
    """Placed calls without a response; there is one at a time for a counterpart and line."""
    fits = Q(origin=Call.Origin.PLACED, state__in=[*UNSENT, *UNCERTAIN], counterpart=facts.counterpart) & NO_ID
    fits &= Q(sent_at__gte=facts.born_at - AFTER, sent_at__lte=facts.born_at + BEFORE) if _dated(facts) else Q(pk=None)
    if facts.assistant_remote_id:
        fits &= Q(assistant_remote_id=facts.assistant_remote_id)
    return fits & _same_line(facts)


def _known_by_other_id(facts: CallUpdate) -> Q:
    """Calls known by the other of the two ids: an update from a list for a row from a webhook, or the reverse."""
    if not _dated(facts) or bool(facts.remote_id) == bool(facts.webhook_call_id):
        return Q(pk=None)
    missing = (NO_ID & ~Q(webhook_call_id="")) if facts.remote_id else (Q(webhook_call_id="") & ~NO_ID)
    fits = missing & Q(counterpart=facts.counterpart, direction=facts.direction) & _same_line(facts)
    if facts.remote_id:  # the list knows when it began, the row when the first webhook came
        return fits & Q(created_at__gte=facts.born_at - BEFORE, created_at__lte=_last(facts) + AFTER)
    return fits & Q(created_at__lte=facts.at + BEFORE) & (Q(ended_at=None) | Q(ended_at__gte=facts.at - AFTER))


def _same_line(facts: CallUpdate) -> Q:
    same = Q()
    if facts.line:
        same |= Q(line=facts.line)
    if facts.number_remote_id:
        same |= Q(number_remote_id=facts.number_remote_id)
    return same


def _dated(facts: CallUpdate) -> bool:
    return facts.born_at != NEVER


def _last(facts: CallUpdate) -> datetime:
    return facts.fields.get("ended_at") or max(facts.at, timezone.now())


def _line_at(connection: Connection, facts: CallUpdate, moment: datetime) -> NumberDedication | None:
    rights = NumberDedication.objects.select_related("tenant").filter(
        connection_id=connection.pk, period__contains=moment, withdrawn_at=None
    )
    if facts.number_remote_id and (found := rights.filter(number__remote_id=facts.number_remote_id).first()):
        return found
    return rights.filter(e164=facts.line).first() if facts.line else None


def _speaker_at(connection: Connection, facts: CallUpdate, moment: datetime) -> AssistantDedication | None:
    if not facts.assistant_remote_id:
        return None
    rights = AssistantDedication.objects.select_related("tenant").filter(
        connection_id=connection.pk, period__contains=moment, withdrawn_at=None
    )
    return rights.filter(assistant__remote_id=facts.assistant_remote_id).first()


def _tenant_of(
    facts: CallUpdate, line: NumberDedication | None, speaker: AssistantDedication | None
) -> tuple[int | None, NumberDedication | None, AssistantDedication | None]:
    """The tenant of the line, or of the assistant for a call in the browser, which has no line.

    An outbound call by a client's assistant from another's line belongs to the client of the assistant, without the
    line, so that nobody else can read its transcript.
    """
    if speaker is not None and facts.direction != "inbound" and (line is None or line.tenant_id != speaker.tenant_id):
        return speaker.tenant_id, None, speaker
    if line is None:
        return None, None, None
    return line.tenant_id, line, speaker if speaker and speaker.tenant_id == line.tenant_id else None
