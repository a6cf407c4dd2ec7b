"""Place a call: write down what is meant, send it to VoiceDock at most once, and tell how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.budget import spending as budget
from dashboard.budget.models import Lane
from dashboard.calls import claiming, destinations
from dashboard.calls.models import UNCERTAIN, UNSENT, Call, State
from dashboard.calls.steps import READ_ANEW, step, tell
from dashboard.inventory import runs
from dashboard.inventory.models import Kind
from tenants import scope
from tenants.models import AssistantDedication, NumberDedication, Tenant, User
from tenants.models import Number as OwnNumber

WAITS = timedelta(minutes=2)  # after that nobody expects the phone to ring any more
AGAIN_UNREACHED = 5.0  # seconds
LONGEST_FIRST_MESSAGE = 600
NOTHING_DIALED = "Nothing was dialed."
OTHER_CONTENT = "This form has already placed another call. Open Call now anew and type it again."
NOT_YOURS = "Choose one of those shown here: what came with the form is not yours to use. Nothing was dialed."
TWO_HOUSES = "This assistant cannot speak on that line. Choose another line or assistant."
OWN = "This number is one of ours: an assistant would call itself. Type the number of a person."
ALREADY = "You are calling this number already: see Live. Nothing was dialed a second time."
NOT_CERTAIN = (
    "It is not certain whether the last call to this number was placed. Decide that one first, so that nobody is "
    "called twice."
)


class Refusal(Exception):
    """Nothing was written or dialed. `field` is destination, number, assistant, first_message, or "" for the whole."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field, self.words = field, words


def place(
    tenant: Tenant,
    *,
    by: User | None,
    number: int,
    assistant: int,
    destination: str,
    token: UUID,
    first_message: str = "",
) -> Call:
    """Call somebody; `number` and `assistant` are ids of the tenant's dedications. Opens scopes of its own.

    The same token is the same call: a second one returns what the first one made. Raises `Refusal`.
    """
    call, new = request(
        tenant,
        by=by,
        number=number,
        assistant=assistant,
        destination=destination,
        token=token,
        first_message=first_message,
    )
    return _send(call) if new else call


def request(
    tenant: Tenant,
    *,
    by: User | None,
    number: int,
    assistant: int,
    destination: str,
    token: UUID,
    first_message: str = "",
) -> tuple[Call, bool]:
    """Write the intent; the call, and whether this is what made it. Opens scopes of its own."""
    party = _callable(destination)
    words = first_message.strip()
    if len(words) > LONGEST_FIRST_MESSAGE:
        raise Refusal("first_message", f"Keep the first sentence below {LONGEST_FIRST_MESSAGE} characters.")
    with scope.of(tenant):
        if (call := _by_token(tenant, token)) is not None:
            return _same(call, number, assistant, party, words), False
        line, speaker = _rights(tenant, number, assistant)
        if no := _hindrance(tenant, party):
            if (call := _by_token(tenant, token)) is not None:  # the very same form, in this moment
                return _same(call, number, assistant, party, words), False
            raise no
        meant = _intent(tenant, line, speaker, party, words, token, by)
        Call.objects.bulk_create([meant], ignore_conflicts=True)
        call = _by_token(tenant, token)
        if call is None:
            raise Refusal("destination", ALREADY)
        if call.pk != meant.pk:
            return _same(call, number, assistant, party, words), False
        tell(call, "call.asked", by=by, line=line.e164, assistant=call.assistant_name)
    return call, True


def send(call_id: UUID) -> Call:
    """Send a call that is still queued; any number of times, by anybody at once. Opens scopes of its own."""
    with scope.system("send a queued call"):
        call = _whole().get(pk=call_id)
    return _send(call)


def _send(call: Call) -> Call:
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
    with scope.of(call.tenant_id):  # type: ignore[arg-type]
        row = Call.objects.select_for_update().get(pk=call.pk)
        _make_way(row, placed.call_id)
        change = {"remote_id": placed.call_id, "placed_at": Now(), "lease_until": None}
        if row.state in (*UNSENT, *UNCERTAIN):
            over = voicedock.states.is_terminal(placed.status)
            change |= {"state": placed.status, "rank": voicedock.states.rank(placed.status), "finished": over}
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
    with scope.of(call.tenant_id):  # type: ignore[arg-type]
        step(
            call,
            [State.SENDING],
            "call.requeued",
            why=words,
            state=State.QUEUED,
            state_at=Now(),
            lease_until=Now() + timedelta(seconds=min(max(seconds, 1.0), 60.0)),
            sent_at=None,
            attempts=F("attempts") - 1,
            error=f"{words} {NOTHING_DIALED} We try again by ourselves."[:500],
        )
    return call


def refuse(call: Call, words: str, *, came_from: Sequence[State] = (State.QUEUED,)) -> Call:
    """It was not placed and never will be. Opens the scope of its tenant."""
    with scope.of(call.tenant_id):  # type: ignore[arg-type]
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
    with scope.of(call.tenant_id):  # type: ignore[arg-type]
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


def _callable(destination: str) -> str:
    try:
        party = destinations.read(destination)
    except destinations.NotCallable as no:
        raise Refusal("destination", str(no)) from None
    with scope.system("no assistant calls another"):
        if OwnNumber.objects.filter(e164=party, vanished_at=None).exists():
            raise Refusal("destination", OWN)
    return party


def _rights(tenant: Tenant, number: int, assistant: int) -> tuple[NumberDedication, AssistantDedication]:
    lines = NumberDedication.objects.select_related("number", "connection").filter(tenant=tenant, pk=number)
    speakers = AssistantDedication.objects.select_related("assistant").filter(tenant=tenant, pk=assistant)
    line, speaker = lines.filter(period__contains=Now()).first(), speakers.filter(period__contains=Now()).first()
    if line is None or speaker is None:
        raise Refusal("assistant" if line else "number", NOT_YOURS)
    if line.connection_id != speaker.connection_id:
        raise Refusal("assistant", TWO_HOUSES)
    return line, speaker


def _hindrance(tenant: Tenant, party: str) -> Refusal | None:
    """Why this client may not call this person now."""
    if words := claiming.hindrance(Tenant.objects.get(pk=tenant.pk)):
        return Refusal("", words)
    under_way = Call.objects.filter(tenant=tenant, party=party, origin=Call.Origin.PLACED).live()
    state = under_way.values_list("state", flat=True).first()
    if state is not None:
        return Refusal("destination", NOT_CERTAIN if state in UNCERTAIN else ALREADY)
    return None


def _intent(
    tenant: Tenant,
    line: NumberDedication,
    speaker: AssistantDedication,
    party: str,
    words: str,
    token: UUID,
    by: User | None,
) -> Call:
    return Call(
        tenant_id=tenant.pk,
        connection=line.connection,
        number_dedication=line,
        assistant_dedication=speaker,
        origin=Call.Origin.PLACED,
        direction="outbound",
        party=party,
        line=line.e164,
        mode="hybrid",  # the saved assistant, with our reference over its metadata (§5.5)
        overrides={"first_message": words} if words else {},
        client_token=token,
        requested_by=by,
        provider=speaker.assistant.provider,
        family=speaker.assistant.family,
        assistant_name=speaker.assistant.name,
        assistant_remote_id=speaker.assistant.remote_id,
    )


def _same(call: Call, number: int, assistant: int, party: str, words: str) -> Call:
    then = (
        call.number_dedication_id,
        call.assistant_dedication_id,
        call.party,
        call.overrides.get("first_message", ""),
    )
    if then != (number, assistant, party, words):
        raise Refusal("", OTHER_CONTENT)
    return call


def _by_token(tenant: Tenant, token: UUID) -> Call | None:
    return _whole().filter(tenant_id=tenant.pk, client_token=token).first()


def _whole():  # type: ignore[no-untyped-def]
    """With all that is needed after the scope has closed."""
    return Call.objects.select_related(
        "tenant", "connection", "requested_by", "number_dedication__number", "assistant_dedication__assistant"
    )


def _anew(call: Call) -> Call:
    with scope.of(call.tenant_id):  # type: ignore[arg-type]
        call.refresh_from_db(fields=READ_ANEW)
    return call
