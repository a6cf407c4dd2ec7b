"""Placing a call: the number is always ours to choose, in exactly one mode, and nothing half."""

import pytest

from dashboard import voicedock

LLM = {"provider": "openai", "model": "gpt-5.4"}
REALTIME = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}
STT = {"provider": "deepgram", "model": "nova-3", "language": "nl"}
TTS = {"provider": "elevenlabs", "voice_id": "v1"}
PIPELINE = {"llm_config": LLM, "stt_config": STT, "tts_config": TTS}
WHO = {"number_id": "n1", "destination": "+31612345678"}


@pytest.fixture
def place(client, vendor):
    vendor.answer((201, {"success": True, "call_id": "call-1", "status": "dialing"}))

    def place(**more):
        assert client.place_call(**WHO | more) == voicedock.PlacedCall("call-1", "dialing")
        return vendor.bodies[-1]

    return place


@pytest.mark.parametrize(
    "mode",
    [
        {"assistant_id": "a1"},
        {"assistant_id": "a1", "first_message": "Hello"},
        {"assistant_id": "a1", "assistant_override": {"metadata": {"our_ref": "x"}}},
        {"assistant_id": "a1", "assistant_override": {"llm_config": LLM, "first_message": "Hello Ada"}},
        {"assistant_id": "a1", "assistant_override": {"llm_config": REALTIME, "tts_config": None}},
        {"assistant": PIPELINE},
        {"assistant": {"llm_config": REALTIME, "metadata": {"our_ref": "x"}}},
        {"assistant": {"llm_config": {"provider": "tomorrows", "model": "m"}}},
    ],
)
def test_the_modes(place, mode):
    assert place(**mode) == WHO | mode


def test_a_realtime_assistant_leaves_out_what_is_none(place):
    made = {"llm_config": REALTIME, "stt_config": None, "tts_config": None}
    assert place(assistant=made) == WHO | {"assistant": {"llm_config": REALTIME}}
    assert "stt_config" in made, "what was given stays as it is"


def test_an_empty_override_is_none(place):
    assert place(assistant_id="a1", assistant_override={}) == WHO | {"assistant_id": "a1"}


def test_number_is_required():
    with pytest.raises(TypeError, match="number_id"):
        voicedock.Client("k", base_url="http://v.test").place_call(destination="+31612345678", assistant_id="a")


@pytest.mark.parametrize(
    ("what", "param"),
    [
        ({"assistant_id": "a1", "number_id": ""}, "number_id"),
        ({"assistant_id": "a1", "number_id": " "}, "number_id"),
        ({"assistant_id": "a1", "number_id": None}, "number_id"),
        ({"assistant_id": "a1", "destination": "0612345678"}, "destination"),
        ({"assistant_id": "a1", "destination": "+31612345678\n"}, "destination"),
        ({"assistant_id": "a1", "destination": None}, "destination"),
        ({}, "assistant"),
        ({"assistant_id": ""}, "assistant"),
        ({"assistant_id": "a1", "assistant": PIPELINE}, "assistant"),
        ({"assistant_override": {"first_message": "x"}}, "assistant"),
        ({"assistant": PIPELINE, "assistant_override": {"first_message": "x"}}, "assistant_override"),
        ({"assistant": {}}, "llm_config"),
        ({"assistant": {"llm_config": None}}, "llm_config"),
        ({"assistant": {"llm_config": {"provider": "openai"}}}, "llm_config"),
        ({"assistant": {"llm_config": LLM}}, "stt_config"),
        ({"assistant": {"llm_config": LLM, "stt_config": STT}}, "stt_config"),
        ({"assistant": {"llm_config": LLM, "stt_config": STT, "tts_config": None}}, "stt_config"),
        ({"assistant": {"llm_config": REALTIME, "stt_config": STT}}, "stt_config"),
        ({"assistant": {"llm_config": REALTIME, "tts_config": TTS}}, "stt_config"),
        ({"assistant": PIPELINE | {"agent_id": "a1"}}, "assistant"),
        ({"assistant_id": "a1", "assistant_override": {"agent_config": {}}}, "assistant"),
        ({"assistant_id": "a1", "assistant_override": {"llm_config": {"messages": []}}}, "llm_config"),
        ({"assistant_id": "a1", "assistant_override": {"llm_config": None}}, "llm_config"),
        ({"assistant_id": "a1", "assistant_override": {"tts_config": {"speed": 2}}}, "tts_config"),
        ({"assistant_id": "a1", "assistant_override": {"llm_config": REALTIME, "stt_config": STT}}, "stt_config"),
    ],
)
def test_what_nobody_meant_is_refused_before_it_leaves(client, vendor, what, param):
    with pytest.raises(voicedock.Invalid) as error:
        client.place_call(**WHO | what)
    assert vendor.asked == []
    assert error.value.param == param
    assert "_" not in error.value.message


@pytest.mark.parametrize("answer", [{}, {"success": True}, {"call_id": None}, [], "dialing", (200, "")])
def test_an_answer_without_a_call_is_unknown_not_refused(client, vendor, answer):
    vendor.answer(answer)
    with pytest.raises(voicedock.Malformed) as unclear:
        client.place_call(**WHO, assistant_id="a1")
    assert isinstance(unclear.value, voicedock.Unanswered)
    assert len(vendor.requests) == 1


def test_a_no_in_a_200_is_a_no(client, vendor):
    vendor.answer({"success": False, "error": "Number is not ready"})
    with pytest.raises(voicedock.Refused, match="Number is not ready"):
        client.place_call(**WHO, assistant_id="a1")
