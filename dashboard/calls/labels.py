"""The texts for a call on screens: its state, its end, who started it, and the counterpart."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dashboard.calls import analysis_words, who_ended
from dashboard.calls.models import UNCERTAIN, UNSENT, Alarm, Call, State
from dashboard.ui import phone_numbers, states
from dashboard.voicedock.states import WAITING

if TYPE_CHECKING:
    from tenants.models import User

ENDS = {  # the reasons VoiceDock names (`voicedock-api.md §5.4`); others are shown as they came
    "user_hangup": "person hung up",
    "assistant_ended": "assistant hung up",
    "assistant_hangup": "assistant hung up",
    "max_duration": "longest time reached",
}
IN_THE_OUTCOME = {"transferred": ("transferred",), "failed": ("error",), "not_reached": ("no answer",)}
ASKS = {
    Alarm.NOT_CERTAIN: "Not certain",
    Alarm.END_NOT_CONFIRMED: "Asks for you",
    Alarm.WRONG_NUMBER: "Wrong line",
    Alarm.WRONG_ASSISTANT: "Wrong assistant",
    Alarm.LOST: "Lost at VoiceDock",
}
SPEAKERS = {"user": "Person", "assistant": "Assistant"}  # by the roles of messages (`voicedock-api.md §5.1`)
NO_REASON = "VoiceDock gives no reason"
LONGEST_SENTENCE = 200  # characters; a card shows fewer
WHY = {
    Alarm.NOT_CERTAIN: "VoiceDock did not answer when we placed it. Don’t dial again; decide here.",
    Alarm.END_NOT_CONFIRMED: "It was asked to end, and we have not heard that it ended. Ending it again does no harm.",
    Alarm.LOST: "VoiceDock does not know this call any more and never reported its end. Decide here.",
    Alarm.WRONG_NUMBER: "It left from a number that is not this client’s. Its calls are stopped until someone looks.",
    Alarm.WRONG_ASSISTANT: "It was made with an assistant that is not this client’s. Its calls are stopped until "
    "someone looks.",
}


def mark(call: Call) -> str:
    """The state to show: a call with an open alarm is shown as needing a person."""
    if call.was_taken_back or (call.state == State.LOST and call.finished):
        return State.ENDED
    return State.NEEDS_PERSON if call.current_alarm and call.is_live else call.state


def state(call: Call) -> str:
    """`Ended, person hung up`; a state or reason that we do not know keeps its own words."""
    if call.current_alarm and call.is_live:
        return ASKS[Alarm(call.current_alarm)]
    if call.was_taken_back:
        return "Taken back, nothing was dialed"
    words = states.read(call.state)[1]
    if call.state == State.ENDED and (by := who_ended.words(call)):
        return f"{words} by {by}"
    if call.machine_source and call.finished:
        return f"{words}, voicemail"
    if call.state in (State.ENDED, State.TRANSFERRED, State.ENDED_WITH_ERROR) and call.end_reason:
        reason = end_reason(call.end_reason)
        return words if reason in words.lower() else f"{words}, {reason}"
    return words


def ending(call: Call, me: User | None = None) -> str:
    """How a call that is over came to its end; its outcome says what it brought. Needs `with_relations`.

    `me` is called "you".
    """
    if not call.finished:
        return ""
    if call.state == State.REFUSED:
        return "before dialing"
    if by := who_ended.words(call, me):
        return f"ended by {by}"
    words = end_reason(call.end_reason)
    return "" if words in IN_THE_OUTCOME.get(call.outcome, ()) else words


def end_reason(reason: str) -> str:
    """The reason in words; one that VoiceDock adds is shown as it is spelled, without its underscores."""
    return ENDS.get(reason, reason.replace("_", " ").replace("-", " "))


def why(call: Call) -> str:
    """What an alarm is about, in words to act on."""
    return WHY.get(Alarm(call.current_alarm), "")


def board_column(call: Call) -> str:
    """Which column of the live board it belongs to."""
    if call.current_alarm or call.state in UNCERTAIN:
        return "person"
    if call.state in (*UNSENT, *WAITING):
        return "waiting"
    return "live"


def lead(call: Call) -> dict:
    """Name and campaign of the lead this call was made for; empty for every other call."""
    return getattr(call, "lead", None) or {}


def person(call: Call) -> str:
    """The name of the person, where a campaign knows it."""
    return str(lead(call).get("name") or "")


def place(call: Call) -> str:
    return phone_numbers.region(call.counterpart) or ("In the browser" if call.direction == "web" else "")


def started_by(call: Call) -> str:
    if call.requested_by:
        return str(call.requested_by)
    if lead(call).get("campaign"):
        return str(lead(call)["campaign"])
    return "Caller" if call.direction == "inbound" else "Outside of Patchbay"


def last_sentence(call: Call) -> tuple[str, str]:
    """Who spoke last on the phone, and what; ("", "") where nothing is known. Needs `queries.board` with words."""
    for message in getattr(call, "last_messages", None) or []:
        spoken = " ".join(str(message.get("content") or "").split()) if isinstance(message, dict) else ""
        if spoken and message.get("role") in SPEAKERS:
            return SPEAKERS[message["role"]], spoken[:LONGEST_SENTENCE]
    return "", ""


def line(call: Call) -> str:
    """The name of our line, else nothing: its number stands beside it."""
    return call.number_dedication.line_name if call.number_dedication_id and call.number_dedication else ""


def assistant(call: Call) -> str:
    if call.assistant_name:
        return call.assistant_name
    return (
        str(call.assistant_dedication.assistant) if call.assistant_dedication_id and call.assistant_dedication else ""
    )


def reason(call: Call) -> str:
    """Why there was no conversation, by what VoiceDock gives: its error, else its reason of the end."""
    if words := call.error or end_reason(call.end_reason):
        return words[:1].upper() + words[1:]
    return NO_REASON


def not_reached(call: Call) -> str:
    """What is known of a call that nobody answered, where VoiceDock gives no error."""
    words = "Nobody was reached" if call.state == State.FAILED else states.read(call.state)[1]
    why_not = end_reason(call.end_reason)
    return f"{words}: {why_not}." if why_not else f"{words}. {NO_REASON}."


def analysis(facts: object, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The analysis by VoiceDock, as rows of words: `{"wants_it": true}` → `("Wants it", "Yes")`."""
    return analysis_words.rows(facts, zone)
