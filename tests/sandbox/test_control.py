"""What commands do, per family of model (voicedock-api.md §4, §15)."""

import httpx
import pytest

from dashboard.sandbox import conversations

REALTIME = {"Front desk live": "+31205550150"}
OPENING = {
    "en": "Good morning, am I speaking with Joost?",
    "nl": "Goedemorgen, ik bel u voor de controle op maandag, komt dat uit?",
}
SAY = {"type": "say", "content": "One moment, I am checking that.", "end_after": False}


def test_say_is_spoken_and_may_end_the_call(sandbox, bloom, place):
    call = place(bloom)
    assert _command(bloom, call, SAY).json() == {"success": True, "message": "Command sent successfully"}
    sandbox.advance(2)
    assert {"role": "assistant", "content": SAY["content"]} in _messages(bloom, call)
    assert _status(bloom, call) == "in-progress"
    _command(bloom, call, SAY | {"end_after": True})
    sandbox.advance(6)
    assert _status(bloom, call) == "ended"
    assert bloom.get(f"/calls/{call}").json()["end_reason"] == "assistant_ended"


@pytest.mark.parametrize("command", [{"type": "end-call"}, SAY | {"end_after": True}])
def test_the_report_of_a_call_that_a_command_ended_does_not_blame_the_assistant(sandbox, bloom, place, command):
    call = place(bloom)
    sandbox.advance(12)
    _command(bloom, call, command)
    sandbox.advance(30)
    found = bloom.get(f"/calls/{call}").json()["analysis_result"]
    assert found == {"outcome": "unfinished", "reason": "ended by the team"}


def test_injected_context_is_not_spoken_unless_a_response_is_triggered(sandbox, bloom, place):
    call = place(bloom)
    context = {"type": "inject-context", "content": "The order is 4417", "trigger_response": False}
    _command(bloom, call, context)
    assert not _spoken(bloom, call, "4417")
    _command(bloom, call, context | {"trigger_response": True})
    sandbox.advance(3)
    assert _spoken(bloom, call, "4417")


@pytest.mark.parametrize(
    ("sentence", "replies"),
    [
        ("Would Saturday at nine suit you?", ("en", True)),
        ("Your dentist is running ten minutes late.", ("en", False)),
        ("Schikt zaterdag om negen uur?", ("nl", True)),
        ("De tandarts loopt tien minuten uit.", ("nl", False)),
    ],
)
def test_the_person_replies_in_the_language_of_the_call(sandbox, bloom, place, sentence, replies):
    call = place(bloom)
    sandbox.state.calls[call].messages = [{"role": "assistant", "content": OPENING[replies[0]]}]
    _command(bloom, call, SAY | {"content": sentence})
    sandbox.advance(12)
    spoken = [message["content"] for message in _messages(bloom, call)]
    after = spoken[spoken.index(sentence) + 1]
    assert (
        after in conversations.REPLIES[replies] and _messages(bloom, call)[spoken.index(sentence) + 1]["role"] == "user"
    )


@pytest.mark.parametrize(
    ("language", "phrase"), [("en", "I have just heard this:"), ("nl", "Ik hoor net het volgende:")]
)
def test_context_is_put_into_the_next_sentence(sandbox, bloom, place, language, phrase):
    call = place(bloom)
    sandbox.state.calls[call].messages = [{"role": "assistant", "content": OPENING[language]}]
    _command(bloom, call, {"type": "inject-context", "content": "Order 4417 is ready.", "trigger_response": False})
    sandbox.advance(120)
    (mention,) = [
        message for message in _messages(bloom, call) if "4417" in message["content"] and message["role"] == "assistant"
    ]
    assert mention["content"].startswith(f"{phrase} Order 4417 is ready. ")  # and what was to be said anyway


def test_end_call_says_its_message_and_ends_within_seconds(sandbox, bloom, place):
    call = place(bloom)
    _command(bloom, call, {"type": "end-call", "message": "Goodbye then."})
    sandbox.advance(4)
    assert _status(bloom, call) == "ended" and _spoken(bloom, call, "Goodbye then.")


@pytest.mark.parametrize("destination", ["+31612340099", "sip:desk@pbx.test"])
def test_transfer_announces_and_hands_over(sandbox, bloom, place, destination):
    call = place(bloom)
    _command(bloom, call, {"type": "transfer", "destination": destination, "message": "I connect you."})
    sandbox.advance(1)
    assert _spoken(bloom, call, "I connect you.") and _status(bloom, call) == "in-progress"
    sandbox.advance(3)
    assert _status(bloom, call) == "transferred"


def test_realtime_never_speaks_a_say_command(sandbox, bloom, place):
    """By chance it hangs, times out or is accepted, and each of them happens."""
    outcomes = set()
    for _ in range(6):
        call = place(bloom, "Front desk live", "+31205550150")
        for _ in range(3):
            try:
                outcomes.add(_command(bloom, call, SAY).status_code)
            except httpx.ReadTimeout:
                outcomes.add("hangs")
        sandbox.advance(20)
        assert not _spoken(bloom, call, SAY["content"])
    assert outcomes == {"hangs", 504, 200}


def test_realtime_transfers_without_announcing_and_ends_on_command(sandbox, bloom, place):
    call = place(bloom, "Front desk live", "+31205550150")
    _command(bloom, call, {"type": "transfer", "destination": "+31612340099", "message": "I connect you."})
    sandbox.advance(4)
    assert _status(bloom, call) == "transferred" and not _spoken(bloom, call, "I connect you.")
    other = place(bloom, "Front desk live", "+31205550150")
    _command(bloom, other, {"type": "end-call", "message": "Bye."})
    sandbox.advance(2)
    assert _status(bloom, other) == "ended" and not _spoken(bloom, other, "Bye.")


def test_realtime_mostly_ignores_injected_context(sandbox, bloom, place):
    spoken_count = 0
    for _ in range(12):
        call = place(bloom, "Front desk live", "+31205550150")
        answer = _command(bloom, call, {"type": "inject-context", "content": "Code 991", "trigger_response": True})
        assert answer.status_code == 200
        sandbox.advance(5)
        spoken_count += _spoken(bloom, call, "Code 991")
    assert spoken_count < 6


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "sing"},
        {"type": "say"},
        {"type": "say", "content": "Hello"},
        {"type": "say", "content": "", "end_after": False},
        {"type": "say", "content": "Hello", "end_after": "no"},
        {"type": "inject-context", "content": "x"},
        {"type": "transfer"},
        {"type": "transfer", "destination": "0612"},
    ],
)
def test_a_wrong_command_is_refused_without_effect(bloom, place, body):
    call = place(bloom)
    before = _messages(bloom, call)
    assert _command(bloom, call, body).status_code == 400
    assert _messages(bloom, call) == before


def test_only_a_call_in_progress_takes_commands(sandbox, bloom, place, admin_api):
    call = place(bloom, answered=False)
    refused = _command(bloom, call, SAY)
    assert refused.status_code == 400 and refused.json()["error"] == "Call is not active"
    admin_api.post("/_sandbox/options", json={"not_active_status": 409})
    assert _command(bloom, call, SAY).status_code == 409
    assert _command(bloom, "call-outbound-none", SAY).status_code == 404


def test_the_eleventh_command_in_a_minute_is_refused_and_does_nothing(sandbox, bloom, place):
    call = place(bloom)
    context = {"type": "inject-context", "content": "x", "trigger_response": False}
    assert [_command(bloom, call, context).status_code for _ in range(10)] == [200] * 10
    refused = _command(bloom, call, {"type": "end-call"})
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) <= 60
    sandbox.advance(3)
    assert _status(bloom, call) == "in-progress"
    other = place(bloom)
    assert _command(bloom, other, context).status_code == 200, "another call has its own ten"


def _command(client, call, body):
    return client.post(f"/calls/{call}/control", json=body)


def _status(client, call):
    return client.get(f"/calls/{call}").json()["status"]


def _messages(client, call):
    return client.get(f"/calls/{call}").json()["messages"]


def _spoken(client, call, words):
    return any(words in message["content"] and message["role"] == "assistant" for message in _messages(client, call))
