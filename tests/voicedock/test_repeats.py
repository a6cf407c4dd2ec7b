"""What is asked again and what never is (voicedock-api.md §1.6)."""

import httpx
import pytest
import stamina

from dashboard import voicedock

WHO = {"number_id": "n1", "destination": "+31612345678", "assistant_id": "a1"}
TROUBLE = [(500, {}), (502, "<html>"), (503, {}), (504, {}), httpx.ReadTimeout("slow"), httpx.ConnectError("refused")]
LEAVES_ONCE = [
    lambda c: c.place_call(**WHO),
    lambda c: c.control_call("call-1", voicedock.Say("Hello")),
    lambda c: c.control_call("call-1", voicedock.EndCall()),
    lambda c: c.create_organization("Dentist"),
    lambda c: c.update_assistant("a1", name="x"),
    lambda c: c.update_campaign("c1", status="paused"),
    lambda c: c.add_lead("c1", "+31612345678"),
]


def limited(seconds=None):
    return httpx.Response(429, headers={} if seconds is None else {"Retry-After": str(seconds)})


@pytest.mark.parametrize("trouble", [*TROUBLE, limited(0), limited(1), limited(), (408, {}), (200, "half")])
@pytest.mark.parametrize("ask", LEAVES_ONCE)
def test_what_may_have_acted_leaves_once(client, vendor, ask, trouble):
    vendor.answer(trouble)
    with pytest.raises(voicedock.VoiceDockError):
        ask(client)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("ask", [lambda c: c.numbers(), lambda c: c.delete_campaign("c1")])
def test_reads_and_deletes_are_asked_three_times(client, vendor, ask, trouble):
    vendor.answer(trouble)
    with pytest.raises((voicedock.ServerFault, voicedock.Unreachable)):
        ask(client)
    assert len(vendor.requests) == 3
    vendor.answer(trouble, trouble, {"numbers": []})
    ask(client)
    assert len(vendor.requests) == 6


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 422, 302])
def test_a_no_is_not_asked_again(client, vendor, status):
    vendor.answer((status, {}))
    with pytest.raises(voicedock.VoiceDockError):
        client.numbers()
    assert len(vendor.requests) == 1


def test_an_answer_that_cannot_be_read_is_not_asked_again(client, vendor):
    vendor.answer((200, "<html>"))
    with pytest.raises(voicedock.Malformed):
        client.numbers()
    assert len(vendor.requests) == 1


def test_a_read_waits_for_its_turn_only_if_that_is_soon(speak, vendor):
    vendor.answer(limited(2), {"numbers": []})
    speak().numbers()
    assert len(vendor.requests) == 2
    vendor.answer(limited(3), {"numbers": []})
    with pytest.raises(voicedock.RateLimited):
        speak().numbers()
    vendor.answer(limited(3), {"numbers": []})
    assert speak(max_wait=5).numbers() == []
    for never in (limited(), limited(0)):
        vendor.answer(never, {"numbers": []})
        with pytest.raises(voicedock.RateLimited):
            speak(max_wait=-1).numbers()


def test_a_delete_does_not_wait_for_its_turn(client, vendor):
    vendor.answer(limited(0))
    with pytest.raises(voicedock.RateLimited):
        client.delete_campaign("c1")
    assert len(vendor.requests) == 1


def test_what_a_repeated_delete_does_not_find_was_deleted(client, vendor):
    vendor.answer(httpx.ReadTimeout("slow"), (404, {}))
    client.delete_campaign("c1")
    vendor.answer((404, {}))
    with pytest.raises(voicedock.NotFound):
        client.delete_campaign("c1")


@pytest.fixture
def waits(monkeypatch):
    """Seconds slept, without sleeping."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    stamina.set_testing(False)
    return slept


def test_the_waits(speak, vendor, waits):
    vendor.answer((503, {}))
    with pytest.raises(voicedock.ServerFault):
        speak().numbers()
    assert waits == [1, 2]
    waits.clear()
    vendor.answer(limited(2), limited(1), {"numbers": []})
    speak().numbers()
    assert waits == [2, 1]


def test_permission_is_asked_before_each_attempt(speak, vendor):
    asked = []
    vendor.answer((503, {}), (503, {}), {"id": "x"})
    speak(permit=lambda *what: asked.append((what, len(vendor.requests)))).call("call-+1")
    assert asked == [(("GET", "/calls/call-%2B1"), n) for n in range(3)]


def test_without_permission_nothing_leaves_and_the_reason_comes_through(speak, vendor):
    class Spent(Exception):
        pass

    left = [1]

    def permit(method, path):
        if not left:
            raise Spent
        left.pop()

    vendor.answer((503, {}))
    client = speak(permit=permit)
    with pytest.raises(Spent):
        client.numbers()
    assert len(vendor.requests) == 1
    with pytest.raises(Spent):
        client.place_call(**WHO)
    assert len(vendor.requests) == 1


def test_what_is_refused_before_it_leaves_needs_no_permission(speak):
    asked = []
    with pytest.raises(voicedock.Invalid):
        speak(permit=lambda *what: asked.append(what)).place_call(**WHO | {"number_id": ""})
    assert asked == []
