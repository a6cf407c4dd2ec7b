"""Send a stored call at most once and record the outcome: placed, refused, queued again or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import STOPS_DIALING, UNCERTAIN, UNSENT, WAITS, Alarm, Call, State
from dashboard.calls.placing import claims
from dashboard.calls.placing.claims import Claim
from dashboard.calls.planned import rights
from dashboard.calls.transitions import REFRESH_FIELDS, SETTLED_ALARM, never_sent, tenant_id_of, transition
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind
from tenants.isolation import scope

AGAIN_UNREACHED = 5.0  # seconds
NOTHING_DIALED = "Nothing was dialed."
WE_TRY_AGAIN = "We try again by ourselves."
GIVEN_UP_THEN = "It cannot be sent within two minutes and is given up then."
REFUSED_THEN = "VoiceDock refused this call."
DUPLICATE = "Found twice: this is the call that was placed here in the same moment."
SAME_ID = (
    "VoiceDock took this call and answered with the id of another one, so what becomes of it cannot be followed here."
)


def send(call_id: UUID) -> Call:
    """Send a call that is still queued; any number of times, by anybody at once. Opens scopes of its own."""
    with scope.for_system("send a queued call"):
        call = with_relations().get(pk=call_id)
    return attempt(call)


def attempt(call: Call) -> Call:
    """The same for a call read by `with_relations`. Opens scopes of its own, but none during the request."""
    if words := _right_that_ended(call):
        return refuse(call, words)
    claim = claims.claim(call)
    match claim.outcome:
        case Claim.WON:
            return _post(call)
        case Claim.REFUSED:
            return refuse(call, claim.reason)
    return _refreshed(call)


def _post(call: Call) -> Call:
    """Send the request once, with no transaction open.

    A 2xx response means that the call was placed, a refusal that it was not; every other outcome is unknown.
    """
    try:
        with limiter.client_for(
            call.connection, Priority.PLACE, tenant=call.tenant_id, confirm=lambda: claims.confirm(call)
        ) as vendor:
            placed = vendor.place_call(
                number_id=call.number_dedication.number.remote_id,  # type: ignore[union-attr]
                destination=call.counterpart,
                **_speaker(call),
            )
            _keep_answer(call, placed.status, placed.call_id)
    except claims.ClaimLost as error:
        return _release_claim(call, error.message)
    except limiter.RateLimitExceeded as error:
        return _requeue(call, error.retry_after, error.message)
    except voicedock.NotSent as error:
        return _requeue(call, AGAIN_UNREACHED, error.cause)
    except voicedock.RateLimited as error:
        return _requeue(call, error.retry_after or 30.0, error.cause)
    except (voicedock.Refused, voicedock.Invalid) as error:
        if error.sent:
            _keep_answer(call, State.REFUSED, "")
        return refuse(call, f"{error.message} {NOTHING_DIALED}", came_from=[State.SENDING, State.UNKNOWN])
    except voicedock.VoiceDockError as error:
        return mark_unknown(call, error.message)
    return _placed(call)


def _right_that_ended(call: Call) -> str:
    """Of a planned call, which nobody may look at when it leaves: why it is not made any more for who planned it."""
    if call.not_after is None or call.state != State.QUEUED or call.requested_by is None:
        return ""
    return rights.refusal(call.tenant, call.requested_by)  # type: ignore[arg-type]  # placed calls have a client


def _speaker(call: Call) -> dict[str, Any]:
    """The part of the request that says what speaks."""
    if call.is_transient:
        return {"assistant": call.assistant_configuration}
    dedication = call.assistant_dedication
    return {
        "assistant_id": dedication.assistant.remote_id,  # type: ignore[union-attr]
        "assistant_override": call.assistant_override,
    }


def apply_answer(call: Call) -> Call:
    """Apply the stored response to a call whose process died after storing it. Repeating it changes nothing."""
    if call.answered_status == State.REFUSED:
        return refuse(call, f"{REFUSED_THEN} {NOTHING_DIALED}", came_from=[State.SENDING, State.UNKNOWN])
    return _placed(call)


def _keep_answer(call: Call, status: str, remote_id: str) -> None:
    """Store the response in a transaction of its own, so that a later failure cannot lose it."""
    with scope.for_tenant(tenant_id_of(call)):
        Call.objects.filter(pk=call.pk, tenant_id=tenant_id_of(call), answered_at=None).update(
            answered_at=Now(),
            answered_status=text_lengths.fit(Call, "answered_status", status),
            answered_remote_id=text_lengths.fit(Call, "answered_remote_id", remote_id),
        )


def _placed(call: Call) -> Call:
    """Record that VoiceDock placed the call. A webhook may have reported this already, and a later state."""
    _merge_duplicate(call)
    with scope.for_tenant(tenant_id_of(call)):
        row = Call.objects.select_for_update().get(pk=call.pk)
        if row.placed_at is None:
            _apply(call, row)
        else:
            call.refresh_from_db(fields=REFRESH_FIELDS)
    runs.mark_due(call.connection_id, Kind.LIVE_CALLS)
    return call


def _apply(call: Call, row: Call) -> None:
    change: dict[str, Any] = {"placed_at": F("answered_at"), "lease_until": None}
    known = Call.objects.filter(connection_id=row.connection_id, remote_id=row.answered_remote_id).exclude(pk=row.pk)
    if known.exists():
        transition(call, [row.state], "call.id-repeated", error=SAME_ID, **change, **_escalate(row))
        return
    if not row.remote_id:
        change["remote_id"] = row.answered_remote_id
    if row.state in (*UNSENT, *UNCERTAIN):
        status = row.answered_status
        over = voicedock.states.is_terminal(status)
        change |= {"state": status, "rank": voicedock.states.rank(status), "finished": over}
        change |= {"state_at": Now(), "error": "", **SETTLED_ALARM}
    transition(call, [row.state], "call.placed", **change)


def _escalate(row: Call) -> dict[str, Any]:
    """The changes for a call without an id of its own: no sync can find it, so a person has to decide."""
    if row.state not in (*UNSENT, *UNCERTAIN):
        return {}
    asks = {} if row.alarm in STOPS_DIALING else {"alarm": Alarm.NOT_CERTAIN, "alarm_at": Now()}
    return {"state": State.NEEDS_PERSON, "state_at": Now()} | asks


def _merge_duplicate(call: Call) -> None:
    """End the duplicate row of a call that a sync stored before the response to our request arrived.

    Uses a system scope, since the duplicate may have no tenant yet. Only adopted rows are ended: a placed one is
    another call.
    """
    with scope.for_system("one row for one call"):
        answered = Call.objects.filter(pk=call.pk).values("answered_remote_id")
        found = Call.objects.filter(
            connection_id=call.connection_id, remote_id=Subquery(answered), origin=Call.Origin.ADOPTED
        )
        twin = found.exclude(pk=call.pk).exclude(remote_id="").select_for_update(of=("self",)).first()
        if twin is None:
            return
        transition(
            twin,
            [twin.state],
            "call.made-way",
            details={"placed": str(call.pk)},
            remote_id="",
            webhook_call_id="",
            finished=True,
            state=State.ENDED,
            error=DUPLICATE,
        )


def _release_claim(call: Call, words: str) -> Call:
    """Requeue a call that was certainly not sent; refuse it if the sweep has marked it unknown meanwhile."""
    _requeue(call, AGAIN_UNREACHED, words)
    if call.state == State.UNKNOWN:
        return refuse(call, f"{words} {NOTHING_DIALED}", came_from=[State.UNKNOWN])
    return call


def _requeue(call: Call, seconds: float, words: str) -> Call:
    """Put a call that was certainly not sent back into the queue, to be sent after `seconds` at the earliest.

    `words` say why, without advice: what happens next is said here, once.
    """
    again_in = timedelta(seconds=max(seconds, 1.0))
    is_in_time = timezone.now() + again_in < call.gives_up_at
    with scope.for_tenant(tenant_id_of(call)):
        transition(
            call,
            [State.SENDING],
            "call.requeued",
            why=words,
            state=State.QUEUED,
            state_at=Now(),
            lease_until=Now() + min(again_in, WAITS),
            sent_at=None,
            attempts=F("attempts") - 1,
            error=f"{words} {NOTHING_DIALED} {WE_TRY_AGAIN if is_in_time else GIVEN_UP_THEN}"[:500],
        )
    return call


def refuse(call: Call, words: str, *, came_from: Sequence[State] = (State.QUEUED,)) -> Call:
    """Record that the call was not placed and will not be sent again. Opens the scope of its tenant."""
    with scope.for_tenant(tenant_id_of(call)):
        transition(
            call,
            came_from,
            "call.refused",
            why=words,
            **never_sent(words),
        )
    return call


def mark_unknown(call: Call, words: str) -> Call:
    """Record that it is unknown whether the call was placed.

    Reconciliation searches for it; it is never sent again. Opens the scope of its tenant.
    """
    with scope.for_tenant(tenant_id_of(call)):
        transition(
            call,
            [State.SENDING],
            "call.unknown",
            why=words,
            state=State.UNKNOWN,
            state_at=Now(),
            lease_until=Now() + timedelta(seconds=2),
            search_count=0,
            error=words[:500],
        )
    return call


def with_relations() -> QuerySet[Call]:
    """Calls with the related rows and what speaks, which are read after the scope has closed."""
    return Call.objects.defer(None).select_related(
        "tenant", "connection", "requested_by", "number_dedication__number", "assistant_dedication__assistant"
    )


def _refreshed(call: Call) -> Call:
    with scope.for_tenant(tenant_id_of(call)):
        call.refresh_from_db(fields=REFRESH_FIELDS)
    return call
