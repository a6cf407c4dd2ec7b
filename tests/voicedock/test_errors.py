"""Every way in which VoiceDock can say no, or say nothing, becomes one error of ours with words a person can use."""

import json
import pickle
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from dashboard import voicedock
from dashboard.voicedock import errors

WHO = {"number_id": "n1", "destination": "+31612345678", "assistant_id": "a1"}
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
SHAPES = {
    "A": {"error": "Not possible", "message": "The campaign is over", "details": ["first", "second"], "balance": 0},
    "A-short": {"error": "Not possible"},
    "B": {"error": {"code": "invalid_request", "message": "Not possible", "param": "status", "type": "validation"}},
    "C": {"error": "Not possible", "param": "status", "type": "validation"},
    "D-html": HTML,
    "D-empty": "",
    "odd-list": [],
    "odd-error": {"error": [1, {"error": None}]},
    "odd-null": {"error": None, "message": None},
    "odd-deep": "[" * 5000,
}
KINDS = {
    301: errors.Redirected,
    307: errors.Redirected,
    400: errors.Refused,
    401: errors.BadKey,
    402: errors.NoCredit,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.Refused,
    408: errors.TimedOut408,
    409: errors.Conflict,
    413: errors.Refused,
    422: errors.Refused,
    429: errors.RateLimited,
    499: errors.Refused,
    500: errors.ServerFault,
    502: errors.ServerFault,
    503: errors.ServerFault,
    504: errors.ServerFault,
    599: errors.ServerFault,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", KINDS)
def test_every_status_in_every_shape(client, vendor, status, shape):
    vendor.answer((status, SHAPES[shape]))
    with pytest.raises(voicedock.VoiceDockError) as caught:
        client.place_call(**WHO)
    error = caught.value
    assert type(error) is KINDS[status]
    assert (error.status, error.sent) == (status, True)
    assert len(vendor.requests) == 1, "a POST leaves once, whatever comes back"
    assert str(error) and error.message.endswith((".", "”"))
    for words in (str(error), error.message):
        assert "<" not in words and "nginx" not in words
    assert not {"number_id", "assistant_id", "agent_id"} & set(error.message.split())


def test_what_the_shapes_tell_is_kept(client, vendor):
    def error(shape):
        vendor.answer((409, SHAPES[shape]))
        with pytest.raises(voicedock.Conflict) as error:
            client.place_call(**WHO)
        return error.value

    assert error("A").reason == "Not possible: The campaign is over"
    assert error("A").details == ("first", "second")
    assert json.loads(error("A").raw)["balance"] == 0
    assert (error("B").code, error("B").reason, error("B").param) == ("invalid_request", "Not possible", "status")
    assert (error("C").reason, error("C").param) == ("Not possible", "status")
    assert str(error("D-html")) == "VoiceDock refused this because of how things stand there now. (409)"
    assert error("D-html").raw.startswith("<html>")
    assert error("A-short").message == (
        "VoiceDock refused this because of how things stand there now. It says: “Not possible”"
    )


def test_the_same_twice_is_quoted_once(client, vendor):
    vendor.answer((400, {"error": "No", "message": "No"}))
    with pytest.raises(voicedock.Refused) as error:
        client.numbers()
    assert str(error.value) == "No"


@pytest.mark.parametrize(
    "message",
    [
        "assistant_id is required",
        "PATCH /numbers/{id} with workflow_id: null",
        "<b>bold</b>",
        "x" * 201,
        "two\nlines [1]",
    ],
)
def test_the_vendors_inner_words_are_not_shown_to_people(client, vendor, message):
    vendor.answer((400, {"error": message}))
    with pytest.raises(voicedock.Refused) as error:
        client.numbers()
    assert error.value.message == "VoiceDock refused this."


def test_the_classes_say_what_may_have_happened():
    unknown = {errors.NoAnswer, errors.ServerFault, errors.TimedOut408, errors.Malformed, errors.Redirected}
    tree = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.VoiceDockError)
    }
    assert {kind for kind in tree if issubclass(kind, errors.Unanswered)} - {errors.Unanswered} == unknown
    assert (errors.NotSent().sent, errors.NoAnswer().sent, errors.Invalid("x").sent) == (False, None, False)
    assert issubclass(errors.NotSent, errors.Unreachable) and issubclass(errors.NoAnswer, errors.Unreachable)


# --- control


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize("shape", ["A", "A-short", "D-html", "D-empty"])
def test_a_command_into_a_call_that_is_over(client, vendor, status, shape):
    vendor.answer((status, SHAPES[shape]))
    with pytest.raises(voicedock.NotActive) as error:
        client.control_call("call-1", voicedock.EndCall())
    assert error.value.message == "This call is no longer active, so it cannot be steered."
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "invalid_request", "message": "Bad", "param": "destination"}},
        {"error": {"code": "missing_field", "message": "Bad"}},
        {"error": "Bad", "param": "destination"},
    ],
)
def test_a_command_that_is_wrong_in_itself_does_not_claim_that_the_call_is_over(client, vendor, body):
    vendor.answer((400, body))
    with pytest.raises(voicedock.Refused) as error:
        client.control_call("call-1", voicedock.EndCall())
    assert type(error.value) is voicedock.Refused


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_the_other_answers_to_a_command_mean_what_they_always_mean(client, vendor, status):
    vendor.answer((status, SHAPES["A"]))
    with pytest.raises(KINDS[status]):
        client.control_call("call-1", voicedock.EndCall())


# --- 429


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "45"}, {}, 45),
        ({"Retry-After": "0"}, {}, 0),
        ({}, {"error": "Rate limit exceeded", "retry_after": 44}, 44),
        ({"Retry-After": "7"}, {"retry_after": 44}, 7),
        ({}, {"error": {"code": "rate_limit_exceeded", "retry_after": "9"}}, 9),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}, 0),
        ({"Retry-After": "soon"}, {}, None),
        ({"Retry-After": "-3"}, {"retry_after": -1}, None),
        ({}, HTML, None),
    ],
)
def test_when_to_ask_again(client, vendor, headers, body, seconds):
    content = body if isinstance(body, str) else json.dumps(body)
    vendor.answer(httpx.Response(429, headers=headers, text=content))
    with pytest.raises(voicedock.RateLimited) as error:
        client.place_call(**WHO)
    assert error.value.retry_after == seconds
    assert "Nothing was done" in error.value.message


def test_a_date_to_ask_again_is_seconds_from_now(client, vendor):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    vendor.answer(httpx.Response(429, headers={"Retry-After": at}))
    with pytest.raises(voicedock.RateLimited) as error:
        client.place_call(**WHO)
    assert 85 <= error.value.retry_after <= 90


# --- the network


@pytest.mark.parametrize(
    ("broken", "kind", "sent"),
    [
        (httpx.ConnectError("refused"), errors.NotSent, False),
        (httpx.ConnectTimeout("slow"), errors.NotSent, False),
        (httpx.PoolTimeout("busy"), errors.NotSent, False),
        (httpx.UnsupportedProtocol("gopher"), errors.NotSent, False),
        (httpx.ReadTimeout("slow"), errors.NoAnswer, None),
        (httpx.WriteTimeout("slow"), errors.NoAnswer, None),
        (httpx.ReadError("cut"), errors.NoAnswer, None),
        (httpx.WriteError("cut"), errors.NoAnswer, None),
        (httpx.RemoteProtocolError("cut"), errors.NoAnswer, None),
        (httpx.DecodingError("gzip"), errors.Malformed, True),
    ],
)
def test_only_what_never_left_is_reported_as_not_sent(client, vendor, broken, kind, sent):
    vendor.answer(broken)
    with pytest.raises(voicedock.VoiceDockError) as caught:
        client.place_call(**WHO)
    assert type(caught.value) is kind
    assert caught.value.sent is sent
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("answer", [(200, HTML), (200, '{"calls": ['), (200, "7"), (200, "[" * 5000)])
def test_half_an_answer_is_malformed(client, vendor, answer):
    vendor.answer(answer)
    with pytest.raises(voicedock.Malformed) as error:
        client.calls()
    assert "<" not in str(error.value) + error.value.message


# --- secrets


@pytest.mark.parametrize(
    "body",
    [
        {
            "error": "No",
            "api_key": "opaque-canary",
            "nested": [{"webhook_secret": ["canary-2"], "PassWord": "canary-3"}],
        },
        {"error": "Unknown key opaque-canary, try fl_live_canary", "message": "token: canary-4, secret=canary-5"},
        {"error": {"message": "Authorization: Bearer canary-6", "code": "opaque-canary", "param": "opaque-canary"}},
        {"error": "No", "details": ["api key: canary-7", {"token": "canary-8"}]},
        "you sent Authorization: Bearer opaque-canary and api-key = 'canary-9'",
    ],
)
def test_no_secret_survives_in_an_error(client, vendor, body):
    vendor.answer((400, body))
    with pytest.raises(voicedock.Refused) as error:
        client.place_call(**WHO)
    error = error.value
    everything = " ".join([str(error), repr(error), error.message, error.raw, error.code, error.param, *error.details])
    assert "canary" not in everything
    assert "[hidden]" in everything


def test_what_is_kept_for_diagnosis_is_capped(client, vendor):
    vendor.answer((500, {"error": "x" * 100_000, "details": ["y" * 10_000] * 100}))
    with pytest.raises(voicedock.ServerFault) as error:
        client.place_call(**WHO)
    assert len(error.value.raw) <= 2000 and len(str(error.value)) <= 300
    assert sum(map(len, error.value.details)) <= 6000


def test_the_traceback_of_a_broken_connection_does_not_lead_to_the_key(client, vendor):
    vendor.answer(httpx.ReadTimeout("slow"))
    with pytest.raises(voicedock.NoAnswer) as error:
        client.place_call(**WHO)
    assert error.value.__context__ is None and error.value.__cause__ is None
    printed = traceback.TracebackException.from_exception(error.value, capture_locals=True)
    assert "canary" not in "".join(printed.format())


def test_errors_travel_between_processes(client, vendor):
    vendor.answer(httpx.Response(429, json=SHAPES["B"], headers={"Retry-After": "5"}))
    with pytest.raises(voicedock.RateLimited) as error:
        client.place_call(**WHO)
    again = pickle.loads(pickle.dumps(error.value))
    assert (type(again), vars(again), str(again)) == (type(error.value), vars(error.value), str(error.value))
