"""Every rule of the configuration catalogue, refused beside its field (voicedock-api.md §8.1, §17)."""

import pytest

from dashboard.sandbox.catalog import MODELS_WITHOUT_VOICE_SETTINGS

XAI = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}
LIVE = {"provider": "openai_live", "model": "gpt-live-1"}
TEXT = {"provider": "openai", "model": "gpt-5.4"}
VOICE = {"provider": "elevenlabs", "voice_id": "v"}


def llm(base, **more):
    return {"llm_config": base | more}


def tts(**more):
    return {"tts_config": VOICE | more}


def speech(**more):
    return {"speech_config": more}


REFUSED = [
    (llm(TEXT, temperature=2.1), "llm_config.temperature"),
    (llm(TEXT, max_completion_tokens=0), "llm_config.max_completion_tokens"),
    (llm(TEXT, model="gpt-99"), "llm_config.model"),
    (llm(LIVE, voice="puck"), "llm_config.voice"),
    (llm(XAI, reasoning_effort="medium"), "llm_config.reasoning_effort"),
    (llm(XAI, speed=1.6), "llm_config.speed"),
    (llm(XAI, turn_detection={"threshold": "high"}), "llm_config.turn_detection.threshold"),
    (llm(XAI, transcription={"keyterms": ["x"] * 101}), "llm_config.transcription.keyterms"),
    (llm(XAI, transcription={"keyterms": ["x" * 51]}), "llm_config.transcription.keyterms"),
    (llm(XAI, provider_tools=["telepathy"]), "llm_config.provider_tools[0]"),
    (llm(TEXT, tools=[{"type": "function", "name": "9lives"}]), "llm_config.tools[0].name"),
    (llm(TEXT, tools=[{"function": {"name": "x" * 65}}]), "llm_config.tools[0].function.name"),
    (llm(TEXT, tools=[{"type": "transfer_call", "destinations": [{"number": "12"}]}]),
     "llm_config.tools[0].destinations[0].number"),
    (tts(stability=1.1), "tts_config.stability"),
    (tts(speaking_rate=0.2), "tts_config.speaking_rate"),
    ({"tts_config": {"provider": "voicedock", "voice_id": "other"}}, "tts_config.voice_id"),
    (speech(silence={"first_check_seconds": 0}), "speech_config.silence.first_check_seconds"),
    (speech(silence={"interval_seconds": 121}), "speech_config.silence.interval_seconds"),
    (speech(silence={"max_attempts": 11}), "speech_config.silence.max_attempts"),
    (speech(pronunciation=[{}] * 51), "speech_config.pronunciation"),
    (speech(end_call_message="x" * 301), "speech_config.end_call_message"),
    (speech(end_call_phrases=["bye"] * 6), "speech_config.end_call_phrases"),
    (speech(end_call_phrases=["x" * 101]), "speech_config.end_call_phrases"),
    (speech(turn_taking="fast"), "speech_config.turn_taking"),
    ({"postcall_stt": {"provider": "deepgram"}}, "postcall_stt.model"),
    ({"postcall_stt": {"provider": "xai", "model": "any"}}, "postcall_stt.provider"),
    ({"postcall_llm": {"model": "any"}}, "postcall_llm.provider"),
    ({"postcall_llm": {"provider": "openai_live", "model": "gpt-live-1"}}, "postcall_llm.provider"),
    ({"postcall_llm": "gpt-5"}, "postcall_llm"),
]  # fmt: skip
ACCEPTED = [
    llm(TEXT, temperature=2, tools=[{"type": "function", "function": {"name": "find_order-2"}}, {"type": "end_call"}]),
    llm(XAI, reasoning_effort="high", speed=0.7, transcription={"keyterms": ["x" * 50] * 100}),
    llm(XAI, provider_tools=["web_search", {"type": "file_search"}]),
    llm(LIVE, voice="vesper"),
    tts(stability=1, similarity=0, speed=2, model="eleven_flash_v2_5", similarity_boost=0.4),
    speech(silence={"first_check_seconds": 60, "interval_seconds": 120, "max_attempts": 10}),
    {
        "postcall_stt": {"provider": "elevenlabs", "model": "any"},
        "postcall_llm": {"provider": "mistral", "model": "any"},
    },
    speech(end_call_message="x" * 300, end_call_phrases=["x" * 100] * 5, pronunciation=[{}] * 50),
]


@pytest.mark.parametrize(("given", "field"), REFUSED, ids=[field for _, field in REFUSED])
def test_invalid_configuration_is_refused_when_saved_and_as_an_override(bloom, ids, given, field):
    saved = bloom.post("/assistants", json={"name": "x"} | given)
    override = {"assistant_id": ids.assistant["Recall NL"], "assistant_override": given, "destination": "+31612340042"}
    for answer, where in ((saved, ""), (bloom.post("/calls/outbound", json=override), "assistant_override.")):
        assert answer.status_code == 400 and answer.json()["details"][0].startswith(f"{where}{field}:"), answer.text


@pytest.mark.parametrize("given", ACCEPTED, ids=str)
def test_valid_configuration_is_stored(bloom, given):
    made = bloom.post("/assistants", json={"name": "x"} | given)
    assert made.status_code == 201, made.text
    assert {name: made.json()["assistant"][name] for name in given} == given or given.get("llm_config")


def test_post_call_models_are_shown_only_when_they_are_set_and_cleared_by_null(bloom):
    made = bloom.post("/assistants", json={"name": "x"}).json()["assistant"]
    assert not {"postcall_stt", "postcall_llm"} & made.keys()
    block = {"postcall_llm": {"provider": "openai", "model": "any"}}
    bloom.patch(f"/assistants/{made['id']}", json=block)
    assert bloom.get(f"/assistants/{made['id']}").json()["assistant"]["postcall_llm"] == block["postcall_llm"]
    bloom.patch(f"/assistants/{made['id']}", json={"postcall_llm": None})
    assert "postcall_llm" not in bloom.get(f"/assistants/{made['id']}").json()["assistant"]


@pytest.mark.parametrize("name", ["similarity_boost", "use_speaker_boost", "speed", "style"])
@pytest.mark.parametrize("model", MODELS_WITHOUT_VOICE_SETTINGS)
def test_newer_voice_models_refuse_the_settings_of_the_older_ones(bloom, model, name):
    refused = bloom.post("/assistants", json={"name": "x"} | tts(model=model, **{name: 1}))
    assert refused.status_code == 400 and refused.json()["details"][0].startswith(f"tts_config.{name}:")


def test_turn_detection_of_xai_is_clamped(bloom):
    wild = {"threshold": 7, "prefix_padding_ms": -5, "silence_duration_ms": 9, "idle_timeout_ms": 10**9, "other": 1}
    made = bloom.post("/assistants", json={"name": "x"} | llm(XAI, turn_detection=wild)).json()["assistant"]
    assert made["llm_config"]["turn_detection"] == {
        "threshold": 1, "prefix_padding_ms": 0, "silence_duration_ms": 100, "idle_timeout_ms": 30_000, "other": 1,
    }  # fmt: skip


def test_an_mcp_tool_says_which_of_its_tools_are_allowed(bloom):
    server = bloom.post("/mcp-servers", json={"name": "Orders", "url": "https://mcp.example.com/x"}).json()
    tool = {"type": "mcp", "mcp_server_id": server["mcp_server"]["id"]}
    refused = bloom.post("/assistants", json={"name": "x"} | llm(TEXT, tools=[tool]))
    assert refused.json()["details"][0].startswith("llm_config.tools[0].allowed_tools:")
    allowed = tool | {"allowed_tools": ["search_orders"], "required": False}
    assert bloom.post("/assistants", json={"name": "x"} | llm(TEXT, tools=[allowed])).status_code == 201


def test_the_test_of_an_mcp_server_lists_tools_with_their_schemas(bloom):
    made = bloom.post(
        "/mcp-servers", json={"name": "Orders", "url": "https://mcp.example.com/x", "headers": {"A": "1"}}
    ).json()["mcp_server"]
    found = bloom.post(f"/mcp-servers/{made['id']}/test", json={"headers": {"B": "2"}}).json()
    assert all({"name", "description", "input_schema"} == set(tool) for tool in found["tools"])
    assert found["tools"][0]["input_schema"]["type"] == "object"
    stored = bloom.get(f"/mcp-servers/{made['id']}").json()["mcp_server"]
    assert stored["header_names"] == ["A"], "headers of a test are for that test alone"
    bloom.patch(f"/mcp-servers/{made['id']}", json={"headers": {}})
    assert bloom.get(f"/mcp-servers/{made['id']}").json()["mcp_server"]["header_names"] == []


def test_settings_at_other_providers_are_merged_and_returned_flat(bloom):
    bloom.post("/byok", json={"provider": "google", "api_key": "k"})
    bloom.post("/byok/config", json={"provider": "google", "config": {"region": "eu"}})
    body = bloom.post("/byok/config", json={"provider": "google", "config": {"tier": 2}}).json()
    assert body["byok_config"] == {"google": {"region": "eu", "tier": 2}}


def test_an_analysis_template_has_its_organization(bloom, sandbox):
    prompts = {"name": "x", "system_prompt": "s", "user_prompt": "u", "schema": {}}
    made = bloom.post("/analysis-templates", json=prompts).json()["analysis_template"]
    assert made["org_id"] == sandbox.state.keys["sandbox-bloom"].org_id


def test_a_tool_template_without_a_function_name_is_named_like_one(bloom):
    refused = bloom.post("/tool-templates", json={"name": "Find order", "tool_type": "function", "tool_config": {}})
    assert refused.status_code == 400 and refused.json()["details"][0].startswith("name:")
    named = {"name": "Find order", "tool_type": "function", "tool_config": {"name": "find_order"}}
    assert bloom.post("/tool-templates", json=named).status_code == 201
