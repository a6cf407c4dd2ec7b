"""Recordings: playable files with ranges that follow the transcript."""

import io
import wave
from itertools import pairwise
from urllib.parse import quote

import pytest

from dashboard.sandbox import app, recordings
from dashboard.sandbox.clock import ManualClock


@pytest.fixture
def call(sandbox, bloom, place):
    """A call that was talked in, ended and reported."""
    call_id = place(bloom)
    sandbox.advance(900)
    return bloom.get(f"/calls/{quote(call_id, safe='')}").json()


def samples(file: bytes) -> tuple[int, bytes]:
    with wave.open(io.BytesIO(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 1)
        return sound.getframerate(), sound.readframes(sound.getnframes())


def loud(part: bytes) -> float:
    return sum(abs(sample - 128) for sample in part) / max(1, len(part))


def test_it_is_as_long_as_the_call_and_needs_no_key(call, admin_api):
    answer = admin_api.get(call["recording_url"])
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "audio/wav"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    rate, sound = samples(answer.content)
    assert abs(len(sound) / rate - call["duration_seconds"]) <= 1
    assert 1.5 < loud(sound) < 40  # somebody speaks, and somebody is silent


def test_each_turn_sounds_at_its_time(sandbox, call):
    """A silence before the first words; then sound and silence by turns, one for each message at least."""
    record = sandbox.state.calls[call["id"]]
    rate, sound = samples(recordings.wav(record))
    slices = [loud(sound[at : at + rate // 10]) > 3 for at in range(0, len(sound), rate // 10)]
    assert not slices[0]
    begins = sum(now and not before for before, now in pairwise(slices))
    assert begins >= len(record.messages) >= 4
    record.messages = record.messages[:1]
    assert loud(samples(recordings.wav(record))[1]) < loud(sound)


def test_the_same_call_sounds_the_same_and_others_do_not(sandbox, bloom, place, call):
    other = place(bloom)
    sandbox.advance(900)
    first, second = sandbox.state.calls[call["id"]], sandbox.state.calls[other]
    assert recordings.wav(first) == recordings.wav(first) != recordings.wav(second)
    again = app.make(seed=7, clock=ManualClock(), dataset="small", deliver=lambda *_: None)
    assert recordings.url(again.state, first) == recordings.url(sandbox.state, first)


@pytest.mark.parametrize(
    ("range_header", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=100-", 100, -1), ("bytes=-50", -50, -1), ("bytes=10-99999999", 10, -1)],
)
def test_a_range_is_served(admin_api, call, range_header, first, last):
    whole = admin_api.get(call["recording_url"]).content
    part = admin_api.get(call["recording_url"], headers={"Range": range_header})
    ends = last if last >= 0 else len(whole) - 1
    begins = first if first >= 0 else len(whole) + first
    assert part.status_code == 206 and part.content == whole[begins : ends + 1]
    assert part.headers["Content-Range"] == f"bytes {begins}-{ends}/{len(whole)}"


@pytest.mark.parametrize("range_header", ["bytes=99999999-", "bytes=-", "bytes=9-3", "bytes=0-1,5-6", "lines=1-2"])
def test_an_invalid_range_is_a_416(admin_api, call, range_header):
    answer = admin_api.get(call["recording_url"], headers={"Range": range_header})
    assert answer.status_code == 416 and answer.headers["Content-Range"].startswith("bytes */")


def test_head_and_other_methods(admin_api, call):
    assert admin_api.head(call["recording_url"]).status_code == 200
    assert admin_api.post(call["recording_url"]).status_code == 405


def test_no_recording_before_the_report_without_conversation_or_with_the_option_off(sandbox, bloom, admin_api, place):
    talking = place(bloom)
    assert bloom.get(f"/calls/{talking}").json()["recording_url"] is None
    admin_api.post("/_sandbox/options", json={"outcome": "no-answer"})
    unanswered = place(bloom)
    sandbox.advance(900)
    assert bloom.get(f"/calls/{unanswered}").json()["recording_url"] is None
    address = bloom.get(f"/calls/{talking}").json()["recording_url"]
    assert (
        admin_api.get(address).status_code == 200 and admin_api.get(address.replace(".wav", "x.wav")).status_code == 404
    )
    admin_api.post("/_sandbox/options", json={"recordings": False})
    assert bloom.get(f"/calls/{talking}").json()["recording_url"] is None
    assert admin_api.get(address).status_code == 404


def test_the_report_has_the_same_url(sandbox, bloom, sent_webhooks, place):
    sandbox.state.assistants[next(iter(sandbox.state.assistants))].settings["webhook_url"] = "http://here/hook"
    call_id = place(bloom, assistant_override={"webhook_url": "http://here/hook"})
    sandbox.advance(900)
    reports = [body for _, headers, body in sent_webhooks if headers["X-Webhook-Event"] == "end-of-call-report"]
    assert reports and bloom.get(f"/calls/{call_id}").json()["recording_url"].encode() in reports[-1]
