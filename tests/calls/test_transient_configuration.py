"""What a one-time assistant is made of: one check for the form and the JSON, against VoiceDock's catalogue."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.calls.transient import configuration_forms, editor, json_text
from dashboard.calls.transient.assistant_fields import groups
from dashboard.calls.transient.configuration import errors_of, value_at, with_value
from dashboard.calls.transient.configuration_forms import ConfigurationForm, JsonForm, name_of
from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from dashboard.voicedock import catalogue
from dashboard.voicedock.capabilities import family_of
from dashboard.voicedock.configuration import holds_secret, secret_paths
from dashboard.voicedock.outbound import outbound

PIPELINE = {
    "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": "Be kind."}]},
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "v1"},
}
ELEVEN = {"provider": "elevenlabs", "voice_id": "v", "model": "eleven_v3"}
TOOL = "llm_config.tools[0]"
REALTIME = {"llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}}


def number(one: catalogue.Range) -> st.SearchStrategy[Any]:
    most = one.most if one.most is not None else 86_400
    if one.is_whole:
        return st.integers(int(one.least), int(most))
    return st.floats(one.least, most, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def configurations(draw: Any) -> dict[str, Any]:
    """Everything that the catalogue allows, by any provider, with names that no document has."""
    provider = draw(st.sampled_from(sorted(catalogue.MODELS)))
    found: dict[str, Any] = {
        "llm_config": {"provider": provider, "model": draw(st.sampled_from(catalogue.MODELS[provider]))}
    }
    if not family_of(provider).is_realtime:
        stt, tts = (
            draw(st.sampled_from(sorted(catalogue.STT_MODELS))),
            draw(st.sampled_from(sorted(catalogue.TTS_MODELS))),
        )
        found["stt_config"] = {
            "provider": stt,
            "model": draw(st.sampled_from(catalogue.STT_MODELS[stt])),
            "language": draw(st.sampled_from(sorted(catalogue.LANGUAGES))),
        }
        voices = catalogue.VOICES.get(tts, ("v1", "nl_NL-pim-medium"))
        found["tts_config"] = {"provider": tts, "voice_id": draw(st.sampled_from(voices))}
        if models := catalogue.TTS_MODELS[tts]:
            found["tts_config"]["model"] = draw(st.sampled_from(models))
    without = (
        catalogue.VOICE_SETTINGS if found.get("tts_config", {}).get("model") in catalogue.WITHOUT_VOICE_SETTINGS else ()
    )
    for one in catalogue.RANGES:
        block, _, name = one.path.partition(".")
        if name and (block not in found or (one.providers and found[block]["provider"] not in one.providers)):
            continue
        if name not in without and draw(st.booleans()):
            found = with_value(found, one.path, draw(number(one)))
    found |= draw(st.fixed_dictionaries({}, optional={
        "first_message": st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        "voicemail_detection": st.booleans(),
        "metadata": st.dictionaries(st.sampled_from(["case", "campaign"]), st.text("abc é", max_size=9)),
        "something_new": st.recursive(st.none() | st.booleans() | st.integers(), st.lists, max_leaves=4),
    }))  # fmt: skip
    return found


@given(configurations())
@settings(max_examples=150, deadline=None)
def test_what_the_catalogue_allows_is_allowed_by_us_and_taken_by_the_sandbox(configuration: dict[str, Any]) -> None:
    assert errors_of(configuration) == {}
    body = outbound("n1", "+31612340042", None, None, configuration, None)
    assert body["assistant"] == configuration
    with inprocess.client(SANDBOX, "sandbox-bloom") as client:
        answer = client.post("/calls/outbound", json={"destination": "+31612340042", "assistant": configuration})
    assert answer.status_code == 201, answer.text


SANDBOX = app.make(seed=7, clock=ManualClock(), dataset="small", deliver=lambda *webhook: None)
SANDBOX.state.options.requests_per_minute = 10**9


@given(configurations(), st.data())
@settings(max_examples=150, deadline=None)
def test_one_wrong_value_is_refused_at_its_path_by_form_and_json_alike(
    configuration: dict[str, Any], data: Any
) -> None:
    wrong = [
        (one.path, one.least - 1)
        for one in catalogue.RANGES
        if value_at(configuration, one.path) is not None and "." in one.path
    ]
    wrong += [("llm_config.provider", "acme"), ("llm_config.model", "gpt-1"), ("llm_config", None), ("agent_id", "a")]
    wrong += [("stt_config.language", "xx")] if "stt_config" in configuration else []
    wrong += [
        (f"{block}.{key}", "")
        for block, key in (("stt_config", "model"), ("tts_config", "voice_id"))
        if block in configuration
    ]
    path, value = data.draw(st.sampled_from(wrong))
    broken = with_value(configuration, path, value)
    assert path in errors_of(broken)
    text = JsonForm({"text": json_text.written(broken)})
    assert text.is_valid() and path in text.errors_by_path
    form = ConfigurationForm({"base": json_text.written(broken)})
    places = {name_of(path), name_of(f"{path}.provider")}
    assert not form.is_valid() and (places & set(form.errors) or path in form.elsewhere)


@given(configurations())
@settings(max_examples=150, deadline=None)
def test_going_through_both_sides_loses_nothing(configuration: dict[str, Any]) -> None:
    """As a browser sends the form back: every field that it shows, with its own line ends."""
    form = editor.opened(configuration, name="x", made_from=0, side="form", url="").form
    typed = {"base": json_text.written(form.opened), "side": "form", "do": "json"}
    typed |= {name: _as_a_browser_sends(field.initial) for name, field in form.fields.items() if name != "base"}
    as_json = editor.sent(typed, url="")
    assert as_json.side == "json"
    text = as_json.json.initial["text"]
    assert json.loads(text) == configuration
    as_form = editor.sent({"side": "json", "text": text, "do": "form"}, url="")
    assert as_form.side == "form" and as_form.form.configuration() == configuration


def _as_a_browser_sends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def typed(configuration: dict[str, Any], **fields: str) -> dict[str, str]:
    """The form as it is sent, with some fields changed."""
    form = ConfigurationForm(opened=configuration)
    sent = {name: str(field.initial) for name, field in form.fields.items() if name != "base"}
    return {"base": json_text.written(configuration)} | sent | fields


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_message": "Hello"}, {"first_message": "Hello"}),
        (
            {"llm_config-messages": "Be short."},
            {"llm_config": {"messages": [{"role": "system", "content": "Be short."}]}},
        ),
        ({"llm_config-temperature": "0,3"}, {"llm_config": {"temperature": 0.3}}),
        ({"max_duration_seconds": "90"}, {"max_duration_seconds": 90}),
        ({"voicemail_detection": "true"}, {"voicemail_detection": True}),
        ({"stt_config-language": "de"}, {"stt_config": {"language": "de"}}),
    ],
)
def test_a_field_changes_its_own_place_alone(change: dict[str, str], expected: dict[str, Any]) -> None:
    before = copy.deepcopy(PIPELINE) | {
        "x": [1],
        "llm_config": PIPELINE["llm_config"] | {"tools": [{"type": "end_call"}]},
    }
    form = ConfigurationForm(typed(before, **change))
    assert form.is_valid(), (form.errors, form.elsewhere)
    after = copy.deepcopy(before)
    for name, value in expected.items():
        after[name] = after[name] | value if isinstance(value, dict) else value
    assert form.configuration() == after


WHOLE = [name_of(one.path) for one in catalogue.RANGES if one.is_whole]
FRACTIONS = [name_of(one.path) for one in catalogue.RANGES if not one.is_whole and one.path != "tts_config.similarity"]


def with_field(name: str) -> dict[str, Any]:
    """A configuration of which the form has this field."""
    if name.startswith("llm_config-") and name not in ("llm_config-temperature", "llm_config-max_completion_tokens"):
        return REALTIME
    voice = PIPELINE["tts_config"] | {"provider": "inworld" if name == "tts_config-speaking_rate" else "elevenlabs"}
    return PIPELINE | {"tts_config": voice}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("text", ["1,000", "1\u00a0000", "1 000", " 1000 "])
def test_a_grouped_number_is_read_whole(name: str, text: str) -> None:
    form = ConfigurationForm(typed(with_field(name), **{name: text}))
    assert form.is_valid(), (form.errors, form.elsewhere)
    found = value_at(form.configuration(), name.replace("-", "."))
    assert found == 1000 and isinstance(found, int)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(
    "text", ["1.000", "300.0", "300,0", "3,00", "1.000,5", "1e3", "1_000", "٣٠٠", "1,0000", "0,300"]
)
def test_a_whole_number_that_can_be_read_in_two_ways_is_refused_beside_its_field(name: str, text: str) -> None:
    form = ConfigurationForm(typed(with_field(name), **{name: text}))
    assert not form.is_valid() and "digits alone, like 4000" in form.errors[name][0]
    assert "Give a whole number" in form.errors[name][0] and form[name].value() == text


@pytest.mark.parametrize("name", FRACTIONS)
@pytest.mark.parametrize(
    ("text", "expected"), [("0.75", 0.75), ("0,75", 0.75), ("0,750", 0.75), ("1", 1), ("1.000", 1.0)]
)
def test_a_fraction_is_read_with_a_point_or_a_comma(name: str, text: str, expected: float) -> None:
    form = ConfigurationForm(typed(with_field(name), **{name: text}))
    assert form.is_valid(), (form.errors, form.elsewhere)
    assert value_at(form.configuration(), name.replace("-", ".")) == expected


@pytest.mark.parametrize("name", FRACTIONS)
@pytest.mark.parametrize("text", ["1,000", "1000,250", "1,2,3", "1.2.3", "0.5x", ".", ","])
def test_a_fraction_is_never_taken_for_another_number(name: str, text: str) -> None:
    form = ConfigurationForm(typed(with_field(name), **{name: text}))
    assert not form.is_valid() and "Give a number from" in form.errors[name][0] and form[name].value() == text


@pytest.mark.parametrize("path", [one.path for one in catalogue.RANGES if one.is_whole])
def test_a_whole_number_of_the_json_has_no_fraction(path: str) -> None:
    configuration = with_value(with_field(name_of(path)), path, 200.0)
    assert "Give a whole number" in errors_of(configuration)[path]


def test_an_emptied_field_goes_and_the_rest_of_the_messages_stays() -> None:
    more = {"role": "user", "content": "hi"}
    before = PIPELINE | {"first_message": "Hello", "llm_config": PIPELINE["llm_config"] | {"temperature": 1}}
    before["llm_config"] = before["llm_config"] | {"messages": [*PIPELINE["llm_config"]["messages"], more]}
    change = {"first_message": "", "llm_config-temperature": "", "llm_config-messages": ""}
    after = ConfigurationForm(typed(before, **change)).configuration()
    assert "first_message" not in after and "temperature" not in after["llm_config"]
    assert after["llm_config"]["messages"] == [more]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("llm_config-temperature", "hot", "a number from 0 to 2"),
        ("llm_config-temperature", "2.1", "a number from 0 to 2"),
        ("llm_config-max_completion_tokens", "1.5", "a whole number from 1 to 32768"),
        ("max_duration_seconds", "0", "at least 1"),
        ("tts_config-voice_id", "", "VoiceDock needs it"),
        ("stt_config-model", "gpt-5", "catalogue does not have gpt-5"),
        ("llm_config-model", "gpt-4o", "catalogue does not have gpt-4o"),
    ],
)
def test_a_wrong_field_keeps_what_was_typed_with_its_error(field: str, value: str, words: str) -> None:
    form = ConfigurationForm(typed(PIPELINE, **{field: value}))
    assert not form.is_valid() and words in form.errors[field][0]
    assert form[field].value() == value


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{\n  "llm_config": {\n    "provider": "openai"\n    "model": "gpt-5.4"\n  }\n}', 3, "comma is missing"),
        ('{\n  "a": 1,\n  "b": nope\n}', 3, "value is missing"),
        ('{\n  "a" 1\n}', 2, "colon"),
        ('{"a": "b', 1, "no closing quote"),
        ("{}\n\n{}", 3, "complete before"),
        ("", 0, "Write the assistant as JSON"),
        ('{"a": NaN}', 1, "no number NaN"),
        ('{"a": "NaN",\n"b": NaN}', 2, "no number NaN"),
        ('{"a": 1e999}', 1, "no number 1e999"),
        ('{"a": 1, "a": 2}', 1, "“a” stands twice"),
        ('{\n"b": [{"a": 1}, {"a": 2}],\n"c": {"a": {"a": "a"},\n"\\u0061": 2}}', 4, "“a” stands twice"),
        ('{\n"x": "{ \\" [",\n"y": {},\n"x": 1}', 4, "“x” stands twice"),
        ('{"\\ud800": 1,\n"\\ud800": 2}', 2, "“?” stands twice"),
        ('{"a": [\n1\n\n2]}', 2, "comma is missing"),
        ('{\n"a"\n\n1}', 2, "colon"),
        ('{"a": [1,\n2,\n]}', 2, "comma too many"),
        ('{"a": 1,\n}', 1, "comma too many"),
        ('{"a": {\n"b": 1', 2, "bracket is not closed"),
        ('{\n"a": "\\ud800"}', 2, "cannot be stored"),
        ('{\n"a": "x",\n"\\udfff": 1}', 3, "cannot be stored"),
        ('{\n"a": ["\\ud83d\\ude00",\n"\\u0000"]}', 3, "cannot be stored"),
        ('{"a":\n"b\n"}', 2, "line end"),
        ('{"a":\n"\\x"}', 2, "backslash"),
        ('{"a":\n"\\u12"}', 2, "four"),
        ("[" * 100_000, 0, "too deep"),
        ("[" * 41 + "0" + "]" * 41, 0, "at most 40 levels"),
        ("[" * 900 + "]" * 900, 0, "at most 40 levels"),
        ('{"a": ' + "9" * 5000 + "}", 1, "at most 308 digits"),
        ('{\n"llm_config": {\n"temperature": -' + "9" * 400 + "}}", 3, "at most 308 digits"),
    ],
)
def test_json_that_does_not_parse_is_shown_with_its_line(text: str, line: int, words: str) -> None:
    form = JsonForm({"text": text})
    assert not form.is_valid() and words in form.errors["text"][0]
    if line:
        assert form.wrong is not None and form.wrong.line == line
        assert form.errors["text"][0].startswith(f"Line {line},") and form.wrong.source == text.split("\n")[line - 1]
    assert form["text"].value() == text, "what was typed stays"


@pytest.mark.parametrize("digits", [300, 400, 5000])
@pytest.mark.parametrize("path", ["llm_config.temperature", "llm_config.max_completion_tokens", "max_duration_seconds"])
def test_a_number_with_hundreds_of_digits_is_refused_beside_its_field(path: str, digits: int) -> None:
    number = "1" + "0" * (digits - 1)
    form = ConfigurationForm(typed(PIPELINE, **{name_of(path): number}))
    assert not form.is_valid() and "Give a" in form.errors[name_of(path)][0]
    assert form[name_of(path)].value() == number, "what was typed stays"
    assert "Give a" in errors_of(with_value(PIPELINE, path, 10 ** min(digits, 400)))[path]


def test_what_is_nested_too_deep_is_called_that() -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    assert errors_of(PIPELINE | {"first_message": "Hi", "deep": deep}) == {"": json_text.TOO_DEEP}
    assert errors_of(PIPELINE | {"first_message": "Hi", "deep": deep[0]}) == {}


@pytest.mark.parametrize("text", ["[]", "3", "null", '"x"'])
def test_json_of_something_else_is_no_assistant(text: str) -> None:
    form = JsonForm({"text": text})
    assert form.is_valid() and form.errors_by_path[""].startswith("Write an object")
    assert not form.can_be_shown_as_form


@pytest.mark.parametrize(
    ("secret", "path"),
    [
        ({"webhook_secret": "whsec"}, "webhook_secret"),
        ({"llm_config": {"api_key": "sk-1"}}, "llm_config.api_key"),
        ({"llm_config": {"tools": [{"server": {"url": "https://x.test", "secret": "s"}}]}}, f"{TOOL}.server.secret"),
        ({"llm_config": {"tools": [{"headers": {"X-A": "b"}}]}}, f"{TOOL}.headers"),
        ({"metadata": {"authorization": "Bearer abc"}}, "metadata.authorization"),
        ({"webhook_url": "https://x.test/?api_key=1"}, "webhook_url"),
        ({"new_thing": [{"deep": {"password": "p"}}]}, "new_thing[0].deep.password"),
        ({"metadata": {"parameters": {"api_key": "sk-1"}}}, "metadata.parameters.api_key"),
        ({"metadata": {"tools": "x", "k": "fl_live_0123456789"}}, "metadata.k"),
        ({"metadata": {"deep": {"fl_live_0123456789": 1}}}, "metadata.deep"),
        ({"first_message": "The key is fl_test_0123456789."}, "first_message"),
        ({"llm_config": {"messages": [{"role": "system", "content": "Use fl_live_0123456789"}]}},
         "llm_config.messages[0].content"),
        ({"llm_config": {"tools": [{"parameters": {"headers": {"X-A": "b"}}}]}}, f"{TOOL}.parameters.headers"),
        ({"llm_config": {"tools": [{"parameters": {"api_key": "sk-1"}}]}}, f"{TOOL}.parameters.api_key"),
        ({"llm_config": {"tools": [{"function": {"parameters": {"properties": {"token": {"default": "sk-12345"}}}}}]}},
         f"{TOOL}.function.parameters.properties.token.default"),
        ({"llm_config": {"tools": [{"parameters": {"properties": {"a": {"const": "fl_live_0123456789"}}}}]}},
         f"{TOOL}.parameters.properties.a.const"),
    ],
)  # fmt: skip
def test_secrets_are_refused_where_they_stand(secret: dict[str, Any], path: str) -> None:
    configuration = copy.deepcopy(PIPELINE)
    for name, value in secret.items():
        configuration[name] = configuration[name] | value if name in configuration else value
    assert list(secret_paths(configuration)) == [path] and holds_secret(configuration)
    assert "Take it out" in errors_of(configuration)[path]


def test_the_schema_of_a_tool_only_names_its_parameters() -> None:
    schema = {
        "type": "object",
        "properties": {
            "api_key": {"type": "string", "description": "The key of the caller"},
            "headers": {"type": "object", "properties": {"password": {"type": "string", "default": ""}}},
            "codes": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        },
        "required": ["api_key", "headers"],
        "additionalProperties": False,
    }
    for tool in (
        {"name": "look_up", "parameters": schema, "url": "https://x.test/"},
        {"type": "function", "function": {"name": "look_up", "parameters": schema}},
    ):
        configuration = PIPELINE | {"llm_config": PIPELINE["llm_config"] | {"tools": [tool]}}
        assert errors_of(configuration) == {} and not holds_secret(configuration)


@pytest.mark.parametrize(
    ("wrong", "path", "words"),
    [
        ({"stt_config": None}, "stt_config", "text model"),
        ({"tts_config": {}}, "tts_config.provider", "needs it"),
        ({"metadata": {"our_ref": "1"}}, "metadata.our_ref", "own reference"),
        ({"metadata": []}, "metadata", "object"),
        ({"first_message": 3}, "first_message", "text"),
        ({"voicemail_detection": "yes"}, "voicemail_detection", "true or false"),
        ({"webhook_events": ["ended"]}, "webhook_events[0]", "catalogue"),
        ({"agent_config": {}}, "agent_config", "given up"),
        ({"first_message": "a\x00b"}, "", "cannot be stored"),
        ({"first_message": "x" * 200_000}, "", "characters"),
        ({"llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": "hi"}}, "llm_config.messages", "list"),
        ({"llm_config": "gpt-5.4"}, "llm_config", "object"),
        ({"tts_config": ELEVEN | {"style": 1}}, "tts_config.style", "does not take"),
    ],
)  # fmt: skip
def test_what_voicedock_would_refuse_is_named_by_its_path(wrong: dict[str, Any], path: str, words: str) -> None:
    found = errors_of(PIPELINE | wrong)
    assert words in found[path], found


def test_a_realtime_model_refuses_speech_blocks_and_takes_none() -> None:
    assert errors_of(REALTIME) == {}
    assert "by itself" in errors_of(REALTIME | {"stt_config": PIPELINE["stt_config"]})["stt_config"]


def test_another_provider_redraws_the_fields_and_leaves_no_block_of_the_other_kind() -> None:
    sent = typed(PIPELINE, **{"llm_config-provider": "xai_realtime", "first_message": "Hello", "do": "redraw"})
    redrawn = editor.sent(sent, url="/x/")
    fields = dict(redrawn.form.fields)
    assert "llm_config-turn_detection-threshold" in fields and "stt_config-provider" not in fields
    assert redrawn.form["llm_config-model"].value() == "grok-voice-think-fast-2.0"
    assert redrawn.form["first_message"].value() == "Hello" and not redrawn.form.errors
    assert redrawn.form.configuration().keys() == {"llm_config", "first_message"}
    back = {name: str(redrawn.form[name].value() or "") for name in fields} | dict(redrawn.form.put_by())
    again = editor.sent(back | {"llm_config-provider": "mistral", "do": "redraw"}, url="/x/").form
    assert again["tts_config-voice_id"].value() == "v1", "what was typed comes back with its provider"
    assert again["llm_config-model"].value() == catalogue.MODELS["mistral"][0]
    assert errors_of(again.configuration()) == {}


def test_a_text_model_in_place_of_a_realtime_one_begins_with_whole_speech_blocks() -> None:
    form = editor.sent(typed(REALTIME, **{"llm_config-provider": "openai", "do": "redraw"}), url="").form
    assert form["stt_config-provider"].value() == "deepgram" and form["tts_config-provider"].value() == "elevenlabs"
    assert errors_of(form.configuration()).keys() == {"tts_config.voice_id"}


def test_each_documented_number_has_a_field_and_each_field_a_documented_path() -> None:
    drawn = {
        field.path
        for llm in catalogue.MODELS
        for tts in catalogue.TTS_MODELS
        for group in groups(llm, "deepgram", tts, "")
        for field in group.fields
    }
    assert {one.path for one in catalogue.RANGES} - drawn == {"tts_config.similarity"}, "the same as similarity_boost"
    for llm in catalogue.MODELS:
        for group in groups(llm, "deepgram", "elevenlabs", ""):
            assert all(field.kind != "number" or field.range for field in group.fields)


def test_a_value_that_the_catalogue_lacks_stays_in_sight() -> None:
    old = PIPELINE | {"llm_config": {"provider": "openai", "model": "gpt-4o"}}
    form = ConfigurationForm(opened=old)
    assert "gpt-4o, not in the catalogue" in str(form["llm_config-model"])
    assert form.configuration() == old


def test_the_beginning_of_a_new_one_lacks_only_its_voice() -> None:
    assert errors_of(configuration_forms.START).keys() == {"tts_config.voice_id"}


def test_the_mark_that_some_editors_put_in_front_of_a_file_is_left_out():
    assert json_text.read('\ufeff{"first_message": "Hello"}') == {"first_message": "Hello"}
