"""Send a call that is written down, at most once, and tell how it came out: placed, refused, waiting, not certain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.budget import spending as budget
from dashboard.budget.models import Lane
from dashboard.calls import claiming
from dashboard.calls.models import UNCERTAIN, UNSENT, Call, State
from dashboard.calls.steps import READ_ANEW, owner, step
from dashboard.inventory import lengths, runs
from dashboard.inventory.models import Kind
from tenants import scope

WAITS = timedelta(minutes=2)  # after that nobody expects the phone to ring any more
AGAIN_UNREACHED = 5.0  # seconds
NOTHING_DIALED = "Nothing was dialed."


def send(call_id: UUID) -> Call:
    """Send a call that is still queued; any number of times, by anybody at once. Opens scopes of its own."""
    with scope.system("send a queued call"):
        call = whole().get(pk=call_id)
    return attempt(call)


def attempt(call: Call) -> Call:
    """The same for a call read with `whole`. Opens scopes of its own, with nothing open while VoiceDock is asked."""
    no = claiming.claim(call)
    if no is not None:
        return refuse(call, no) if no else _anew(call)
    return _post(call)


def _post(call: Call) -> Call:
    """The one attempt, with nothing open. A 2xx is a call, a no is none, and anything unclear stays so."""
    try:
        with budget.speak(call.connection, Lane.PLACE, tenant=call.tenant_id) as vendor:
            placed = vendor.place_call(
                number_id=call.number_dedication.number.remote_id,  # type: ignore[union-attr]
                destination=call.party,
                assistant_id=call.assistant_dedication.assistant.remote_id,  # type: ignore[union-attr]
                assistant_override={"metadata": {"our_ref": str(call.pk)}},
                first_message=call.overrides.get("first_message") or None,
            )
    except budget.Spent as no:
        return _wait(call, no.retry_after, no.words)
    except voicedock.NotSent as no:
        return _wait(call, AGAIN_UNREACHED, no.words)
    except voicedock.RateLimited as no:
        return _wait(call, no.retry_after or 30.0, no.words)
    except (voicedock.Refused, voicedock.Invalid) as no:
        return refuse(call, f"{no.words} {NOTHING_DIALED}", came_from=[State.SENDING, State.UNKNOWN])
    except voicedock.VoiceDockError as silence:
        return lose(call, silence.words)
    return _placed(call, placed)


def _placed(call: Call, placed: voicedock.PlacedCall) -> Call:
    """VoiceDock has it. A webhook may have told so before, and more."""
    with scope.of(owner(call)):
        row = Call.objects.select_for_update().get(pk=call.pk)
        remote_id = lengths.fit(Call, "remote_id", placed.call_id)
        _make_way(row, remote_id)
        change: dict[str, Any] = {"remote_id": remote_id, "placed_at": Now(), "lease_until": None}
        if row.state in (*UNSENT, *UNCERTAIN):
            over = voicedock.states.is_terminal(placed.status)
            change |= {
                "state": lengths.fit(Call, "state", placed.status),
                "rank": voicedock.states.rank(placed.status),
                "finished": over,
            }
            change |= {"state_at": Now(), "error": "", "alarm": "", "alarm_at": None}
        step(call, [row.state], "call.placed", **change)
    runs.hurry(call.connection_id, Kind.LIVE_CALLS)
    return call


def _make_way(row: Call, remote_id: str) -> None:
    """A list showed this call before its answer came, and could not tell that it is ours: that row steps back."""
    twins = Call.objects.filter(connection_id=row.connection_id, remote_id=remote_id).exclude(pk=row.pk)
    twins.update(
        remote_id="",
        hook_id="",
        finished=True,
        state=State.ENDED,
        error="Found twice: this is the call that was placed here in the same moment.",
        version=F("version") + 1,
    )


def _wait(call: Call, seconds: float, words: str) -> Call:
    """Proven unsent: back into the queue, not before `seconds` have passed."""
    with scope.of(owner(call)):
        step(
            call,
            [State.SENDING],
            "call.requeued",
            why=words,
            state=State.QUEUED,
            state_at=Now(),
            lease_until=Now() + min(timedelta(seconds=max(seconds, 1.0)), WAITS),
            sent_at=None,
            attempts=F("attempts") - 1,
            error=f"{words} {NOTHING_DIALED} We try again by ourselves."[:500],
        )
    return call


def refuse(call: Call, words: str, *, came_from: Sequence[State] = (State.QUEUED,)) -> Call:
    """It was not placed and never will be. Opens the scope of its tenant."""
    with scope.of(owner(call)):
        step(
            call,
            came_from,
            "call.refused",
            why=words,
            state=State.REFUSED,
            rank=voicedock.states.rank(State.REFUSED),
            finished=True,
            state_at=Now(),
            lease_until=None,
            error=words[:500],
            alarm="",
            alarm_at=None,
        )
    return call


def lose(call: Call, words: str) -> Call:
    """Nobody knows whether it was placed: it is looked for, and never sent again. Opens the scope of its tenant."""
    with scope.of(owner(call)):
        step(
            call,
            [State.SENDING],
            "call.unknown",
            why=words,
            state=State.UNKNOWN,
            state_at=Now(),
            lease_until=Now() + timedelta(seconds=2),
            looks=0,
            error=words[:500],
        )
    return call


def whole() -> QuerySet[Call]:
    """With all that is needed after the scope has closed."""
    return Call.objects.select_related(
        "tenant", "connection", "requested_by", "number_dedication__number", "assistant_dedication__assistant"
    )


def _anew(call: Call) -> Call:
    with scope.of(owner(call)):
        call.refresh_from_db(fields=READ_ANEW)
    return call
