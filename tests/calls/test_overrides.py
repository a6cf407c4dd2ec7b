"""A saved assistant with what one call changes: nothing else of it differs, and nothing is sent on a guess."""

from __future__ import annotations

import uuid
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.calls.models import Call
from dashboard.calls.placing import intents, overrides
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import SavedAssistant
from dashboard.inventory import sync
from dashboard.sandbox.api.calls import merged
from dashboard.sandbox.catalog import DEFAULTS, LANGUAGES, LLM, PIPELINE, REALTIME, STT, TTS
from dashboard.voicedock import catalogue
from dashboard.voicedock.configuration import Configuration
from dashboard.voicedock.outbound import outbound
from tenants.isolation import scope
from tenants.models import AssistantConfiguration, AuditEntry
from tests.fixtures.operator import PERSON

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="{}"), max_size=30)
NAMES = st.sampled_from(["name", "time", "amount", "due_date"])
TEXTS = st.lists(st.one_of(WORDS, NAMES.map("{{{{ {} }}}}".format)), max_size=4).map(" ".join)
FILLED = WORDS.map(str.strip).filter(bool)
PROMPT = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": TEXTS}), max_size=3
)
EXTRA = st.dictionaries(st.sampled_from(["temperature", "max_completion_tokens", "reasoning_effort"]), st.just(1))
TOOLS = st.lists(
    st.sampled_from([{"type": "end_call"}, {"name": "find", "url": "https://tools.test/find"}]), max_size=2
)


@st.composite
def saved_configurations(draw: Any) -> dict[str, Any]:
    """An assistant of the catalogue: each provider with its models, hearing, voices, and what VoiceDock adds to it."""
    provider = draw(st.sampled_from([*PIPELINE, *REALTIME]))
    config = deepcopy(DEFAULTS) | {
        "first_message": draw(st.none() | TEXTS),
        "max_duration_seconds": draw(st.integers(1, 3600)),
        "voicemail_detection": draw(st.booleans()),
        "voicemail_message": draw(st.none() | TEXTS),
        "llm_config": {"provider": provider, "model": draw(st.sampled_from(LLM[provider]))} | draw(EXTRA),
    }
    if draw(st.booleans()):
        config["llm_config"] |= {"messages": draw(PROMPT), "tools": draw(TOOLS)}
    if draw(st.booleans()):
        config["speech_config"] = draw(
            st.fixed_dictionaries({"turn_taking": st.just({"eager": True})}, optional={"first_message_outbound": TEXTS})
        )
    if draw(st.booleans()):
        config["metadata"] = draw(st.dictionaries(NAMES, FILLED))
    if provider in REALTIME:
        return config | {"tts_config": None}
    hearing, voice = draw(st.sampled_from(sorted(STT))), draw(st.sampled_from(sorted(TTS)))
    language = draw(st.sampled_from(LANGUAGES))
    config["stt_config"] = {"provider": hearing, "model": STT[hearing][0], "language": language, "smart_format": True}
    config["tts_config"] = {"provider": voice, "voice_id": "voice-1", "speed": 1.1}
    return config


@st.composite
def changes_of(draw: Any, config: dict[str, Any]) -> Changes:
    provider, pipeline = config["llm_config"]["provider"], config["tts_config"] is not None
    return Changes(
        first_message=draw(st.just("") | TEXTS.map(str.strip)),
        instructions=draw(st.just("") | TEXTS.map(str.strip)),
        facts=tuple(draw(st.lists(FILLED, max_size=3))),
        variables=draw(st.dictionaries(NAMES, FILLED)),
        language=draw(st.sampled_from(["", *LANGUAGES])) if pipeline else "",
        model=draw(st.sampled_from(["", *catalogue.MODELS[provider]])),
        voice=draw(st.sampled_from(["", "voice-2"])),
        max_minutes=draw(st.none() | st.integers(1, 60)),
        voicemail_message=draw(st.just("") | FILLED) if config["voicemail_detection"] else "",
        metadata=draw(st.dictionaries(st.sampled_from(["case", "visit"]), FILLED)),
    )


def leaves(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Every single field by its path."""
    if isinstance(value, dict) and value:
        return {k: v for key, item in value.items() for k, v in leaves(item, (*path, key)).items()}
    if isinstance(value, list) and value:
        return {k: v for at, item in enumerate(value) for k, v in leaves(item, (*path, at)).items()}
    return {path: value}


def expected(config: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """The saved assistant with each change made where it belongs, by plain assignment."""
    made = deepcopy(config)

    def filled(text: str) -> str:
        for name in changes.variables:
            text = text.replace(f"{{{{ {name} }}}}", f"\0{name}\0")
        for name, value in changes.variables.items():
            text = text.replace(f"\0{name}\0", value)
        return text

    speech = made["speech_config"] or {}
    place, key = (speech, "first_message_outbound") if speech.get("first_message_outbound") else (made, "first_message")
    if first := filled(changes.first_message or place[key] or ""):
        place[key] = first
    llm = made["llm_config"]
    for message in llm.get("messages") or []:
        message["content"] = filled(message["content"])
    added = [f"For this call only:\n{changes.instructions}"] if changes.instructions else []
    added += ["\n".join(["Facts for this call:", *(f"- {fact}" for fact in changes.facts)])] if changes.facts else []
    if added:
        text = filled("\n\n".join(added))
        for message in llm.get("messages") or []:
            if message["role"] == "system":
                message["content"] = f"{message['content']}\n\n{text}" if message["content"] else text
                break
        else:
            llm["messages"] = [{"role": "system", "content": text}, *(llm.get("messages") or [])]
    llm["model"] = changes.model or llm["model"]
    if changes.voice:
        place, key = (made["tts_config"], "voice_id") if made["tts_config"] else (llm, "voice")
        place[key] = changes.voice
    if changes.language:
        made["stt_config"]["language"] = changes.language
    if changes.max_minutes:
        made["max_duration_seconds"] = changes.max_minutes * 60
    if changes.voicemail_message:
        made["voicemail_message"] = filled(changes.voicemail_message)
    made["metadata"] = (config.get("metadata") or {}) | dict(changes.metadata) | {"our_ref": "ref"}
    return made


@pytest.mark.parametrize("how", ["shallow", "deep"])
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_the_call_does_not_change_is_still_there_after_voicedock_merges(how, data):
    config = data.draw(saved_configurations())
    changes = data.draw(changes_of(config))
    kept = Configuration.read(config)
    saved = SavedAssistant(dict(kept.blocks), kept.withheld, timezone.now())
    assert kept.withheld == ()

    override = saved.with_reference(overrides.compose(changes, saved), "ref")
    body = outbound("number", "+31612345678", "assistant", override, None, None)

    assert leaves(merged(config, body["assistant_override"], how)) == leaves(expected(config, changes))
    assert not (body.keys() | body["assistant_override"].keys()) & {"agent_id", "agent", "agent_config"}
    if not changes:
        assert override.keys() == {"metadata"}


SAVED = {
    "first_message": "Hello {{name}}.",
    "llm_config": {
        "provider": "openai",
        "model": "gpt-5.4",
        "messages": [{"role": "system", "content": "Be {{tone}}."}],
    },
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "voice-1"},
    "voicemail_detection": False,
}
NEEDS_THE_REST = [
    (Changes(instructions="Be brief."), "instructions"),
    (Changes(facts=("It rains.",)), "facts"),
    (Changes(model="gpt-5"), "model"),
    (Changes(language="de"), "language"),
    (Changes(voice="voice-2"), "voice"),
    (Changes(variables={"name": "Ada"}), "variables"),
]


@pytest.mark.parametrize(("changes", "field"), NEEDS_THE_REST)
@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (SavedAssistant(), "has not read"),
        (SavedAssistant(SAVED, (), timezone.now() - timedelta(hours=2)), "last read"),
    ],
)
def test_a_part_of_a_block_is_refused_when_the_rest_is_not_known_for_certain(changes, field, saved, words):
    if field == "variables" and not saved.blocks:
        return  # no text is known in which they stand
    with pytest.raises(overrides.ChangeRefused, match=words) as refused:
        overrides.compose(changes, saved)
    assert refused.value.field == field


def test_a_block_with_a_secret_is_never_sent_in_part():
    saved = SavedAssistant({"first_message": "Hello."}, ("llm_config",), timezone.now())
    with pytest.raises(overrides.ChangeRefused, match="holds a secret"):
        overrides.compose(Changes(facts=("It rains.",)), saved)
    assert overrides.compose(Changes(first_message="Good day."), saved) == {"first_message": "Good day."}


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (SavedAssistant(), "has not read"),
        (SavedAssistant(SAVED, ("metadata",), timezone.now()), "holds a secret"),
        (SavedAssistant(SAVED | {"metadata": ["a"]}, (), timezone.now()), "as a whole"),
    ],
)
def test_labels_never_replace_metadata_that_is_not_known(saved, words):
    with pytest.raises(overrides.ChangeRefused, match=words) as refused:
        overrides.compose(Changes(metadata={"case": "7"}), saved)
    assert refused.value.field == "metadata"


def test_our_reference_is_added_to_known_metadata_and_never_replaces_what_was_not_kept():
    """The only handle that webhooks echo (`docs/voicedock-api.md §1.6`), and sent wherever nothing is lost."""
    now, first = timezone.now(), {"first_message": "Hello."}
    withheld, odd = SavedAssistant(SAVED, ("metadata",), now), SavedAssistant({"metadata": "x"}, (), now)
    for saved in (withheld, odd):
        assert saved.with_reference({}, "R") == {} and saved.with_reference(first, "R") == first
    for saved in (SavedAssistant(), SavedAssistant(SAVED, (), now), SavedAssistant({"metadata": None}, (), now)):
        assert saved.with_reference(first, "R") == first | {"metadata": {"our_ref": "R"}}
    kept = SavedAssistant({"metadata": {"team": "a"}}, (), now)
    assert kept.with_reference({}, "R") == {"metadata": {"team": "a", "our_ref": "R"}}


def test_a_first_sentence_and_limits_need_nothing_of_the_saved_assistant():
    changes = Changes(first_message="Good day.", max_minutes=4, voicemail_message="Bye.")
    assert overrides.compose(changes, SavedAssistant()) == {
        "first_message": "Good day.",
        "max_duration_seconds": 240,
        "voicemail_message": "Bye.",
    }


def test_changes_without_an_effect_are_refused_in_words():
    fresh = SavedAssistant(SAVED, (), timezone.now())
    realtime = SavedAssistant({"llm_config": {"provider": "xai_realtime", "model": "m"}}, (), timezone.now())
    for changes, saved, field in (
        (Changes(voicemail_message="Bye."), fresh, "voicemail_message"),
        (Changes(language="nl"), realtime, "language"),
    ):
        with pytest.raises(overrides.ChangeRefused) as refused:
            overrides.compose(changes, saved)
        assert refused.value.field == field


def test_values_are_filled_in_once_and_what_is_left_open_is_known():
    saved = SavedAssistant(SAVED, (), timezone.now())
    changes = Changes(variables={"name": "{{tone}}"})
    made = overrides.compose(changes, saved)
    assert made == {"first_message": "Hello {{tone}}."}
    assert overrides.unfilled(changes, saved) == ["tone"]


@pytest.fixture
def prompted(operator: Any) -> Any:
    """The operator whose assistant has a prompt with variables."""
    remote = next(one for one in operator.sandbox.state.assistants.values() if one.name == "Dispatch desk")
    remote.settings |= {"first_message": "Hello {{name}}."}
    remote.settings["llm_config"] |= {"messages": [{"role": "system", "content": "You plan {{what}}."}]}
    sync.inventory(operator.connection)
    return operator


CHANGES = Changes(facts=("Gate 4 is closed.",), variables={"name": "Ada", "what": "deliveries"}, metadata={"case": "7"})


def test_the_call_leaves_with_whole_blocks_and_the_sandbox_plays_what_they_say(prompted):
    call = prompted.place(changes=CHANGES)
    (sent,) = prompted.dial_requests()
    saved = next(one for one in prompted.sandbox.state.assistants.values() if one.name == "Dispatch desk").settings
    prompt = "You plan deliveries.\n\nFacts for this call:\n- Gate 4 is closed."
    assert sent["body"]["assistant_override"] == {
        "first_message": "Hello Ada.",
        "llm_config": saved["llm_config"] | {"messages": [{"role": "system", "content": prompt}]},
        "metadata": {"case": "7", "our_ref": str(call.pk)},
    }
    assert (call.mode, call.overrides) == ("hybrid", CHANGES.to_json())
    remote = prompted.sandbox.state.calls[call.remote_id]
    assert remote.config["llm_config"]["messages"][0]["content"] == prompt
    assert remote.config["max_duration_seconds"] == saved["max_duration_seconds"]
    assert any(event[1] == "turn" and event[2]["content"] == "Hello Ada." for event in remote.plan)


def test_a_call_whose_metadata_is_withheld_leaves_without_our_reference_and_is_found_when_its_answer_is_lost(prompted):
    remote = next(one for one in prompted.sandbox.state.assistants.values() if one.name == "Dispatch desk")
    remote.settings |= {"metadata": {"api_key": "canary"}}
    sync.inventory(prompted.connection)
    with pytest.raises(intents.CallRefused, match="holds a secret") as refused:
        prompted.place(changes=CHANGES)
    assert refused.value.field == "metadata" and prompted.dial_requests() == []
    prompted.add_fault("lost")
    call = prompted.place()
    (sent,) = prompted.dial_requests()
    assert call.state == "unknown" and "assistant_override" not in sent["body"]
    prompted.let_pass(call, 3)
    prompted.run_due_work()
    found = prompted.reload(call)
    assert found.remote_id and found.state not in ("unknown", "needs-person") and len(prompted.calls()) == 1
    assert prompted.sandbox.state.calls[found.remote_id].config["metadata"] == {"api_key": "canary"}


def test_the_trail_says_what_was_changed_and_nothing_of_its_content(prompted):
    prompted.place(changes=CHANGES)
    with scope.for_system("look"):
        (entry,) = AuditEntry.objects.filter(tenant=prompted.tenant, action="call.asked")
    assert "1 fact, 2 values filled in and 1 label of your own" in entry.body
    assert not any(word in entry.body for word in ("Gate", "Ada", "deliveries"))


def test_a_repeated_click_and_a_waiting_call_keep_what_was_shown(prompted):
    token = uuid.uuid4()
    rights = {"number": prompted.number.pk, "assistant": prompted.assistant.pk, "destination": PERSON}
    call, _ = intents.request(prompted.tenant, by=None, token=token, changes=CHANGES, **rights)
    shown = _override(call)
    remote = next(one for one in prompted.sandbox.state.assistants.values() if one.name == "Dispatch desk")
    remote.settings["llm_config"] = remote.settings["llm_config"] | {"temperature": 1.9}
    sync.inventory(prompted.connection)
    again = prompted.place(token=token, changes=CHANGES)
    assert again.pk == call.pk and _override(call) == shown
    with pytest.raises(intents.CallRefused, match="another call"):
        prompted.place(token=token, changes=Changes(facts=("Another fact.",)))
    with scope.for_tenant(prompted.tenant), pytest.raises(DatabaseError, match="what it changes"), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(assistant_override={"first_message": "Something else."})
    assert intents.send(call.pk).state == "dialing"
    (sent,) = prompted.dial_requests()
    assert sent["body"]["assistant_override"] == shown and shown["llm_config"]["temperature"] == 0.6


def test_an_assistant_that_was_changed_since_it_was_shown_is_shown_again(prompted):
    with scope.for_tenant(prompted.tenant):
        row = AssistantConfiguration.objects.get()
        shown = SavedAssistant(row.blocks, tuple(row.withheld), row.read_at).fingerprint
    remote = next(one for one in prompted.sandbox.state.assistants.values() if one.name == "Dispatch desk")
    remote.settings["llm_config"] = remote.settings["llm_config"] | {"temperature": 1.9}
    sync.inventory(prompted.connection)
    with pytest.raises(intents.CallRefused, match="set up differently"):
        prompted.place(changes=CHANGES, shown=shown)
    assert prompted.dial_requests() == [] and prompted.calls() == []
    assert prompted.place(shown=shown).mode == "reference", "what is sent does not repeat any of it"


def _override(call: Call) -> dict[str, Any]:
    with scope.for_system("look"):
        return Call.objects.get(pk=call.pk).assistant_override
