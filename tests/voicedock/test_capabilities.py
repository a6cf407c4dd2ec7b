"""The table says what VoiceDock says of call control, command by command, and no more."""

import pytest

from dashboard.voicedock import capabilities
from dashboard.voicedock.capabilities import Family, Level, badge, capability, family_of

COMMANDS = ["inject-context", "say", "end-call", "transfer"]
SEED = {  # VoiceDock's own page on call control
    Family.PIPELINE: "All control commands work reliably",
    Family.XAI_REALTIME: {
        "inject-context": "Limited effectiveness - context may not influence responses reliably",
        "say": "Does not work reliably - commands often timeout or fail to trigger speech",
        "end-call": "Works reliably",
        "transfer": "Partial support - announcement may not work, but transfer executes",
    },
}
LEVELS = {
    "All control commands work reliably": Level.WORKS,
    "Works reliably": Level.WORKS,
    "Limited effectiveness - context may not influence responses reliably": Level.MAY_BE_IGNORED,
    "Does not work reliably - commands often timeout or fail to trigger speech": Level.UNRELIABLE,
    "Partial support - announcement may not work, but transfer executes": Level.PARTIAL,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_matrix_is_the_vendors(command):
    for family, expected in SEED.items():
        level = LEVELS[expected if isinstance(expected, str) else expected[command]]
        assert capability(family, command).level is level


@pytest.mark.parametrize("family", [Family.GOOGLE_REALTIME, Family.OPENAI_LIVE, Family.UNKNOWN])
def test_of_the_others_only_the_end_is_documented(family):
    """`end-call` works with all models; of the rest VoiceDock says nothing, and we say that it does."""
    for command in COMMANDS:
        found = capability(family, command)
        if command == "end-call":
            assert found.level is Level.WORKS
        else:
            assert (found.level, found.caption) == (Level.UNVERIFIED, "not documented")
            assert "VoiceDock does not document" in found.sentence
            assert found.instead


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("command", COMMANDS)
def test_words_are_plain_and_say_what_to_do_instead(family, command):
    found = capability(family, command)
    assert len(found.caption) <= 18
    assert found.sentence.endswith(".") and len(found.sentence) <= 140
    assert bool(found.instead) is (found.level is not Level.WORKS)
    for word in ("_", "gpt", "grok", "deepgram", "elevenlabs", "inject", "API"):
        assert word.lower() not in (found.caption + found.sentence + found.instead).lower()
    if command in ("inject-context", "say") and found.instead:
        assert "pipeline assistant" in found.instead and "ransfer to a person" in found.instead


@pytest.mark.parametrize("family", Family)
def test_a_goodbye_is_promised_by_pipelines_only(family):
    sentence = capability(family, "end-call").sentence
    assert ("not" in sentence) is (family is not Family.PIPELINE)


@pytest.mark.parametrize(
    ("provider", "family"),
    [
        ("openai", "pipeline"),
        ("xai", "pipeline"),
        ("mistral", "pipeline"),
        ("google", "pipeline"),
        ("xai_realtime", "xai_realtime"),
        ("XAI-Realtime ", "xai_realtime"),
        ("google_realtime", "google_realtime"),
        ("openai_live", "openai_live"),
        ("tomorrows_realtime", "unknown"),
        ("pipeline", "unknown"),
        ("unknown", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
    ],
)
def test_the_family_is_the_providers(provider, family):
    assert family_of(provider) is Family(family)


def test_families_kept_as_text_are_understood():
    assert capability("xai_realtime", "say") == capability(Family.XAI_REALTIME, "say")
    assert capability("something-new", "say") == capability(Family.UNKNOWN, "say")
    with pytest.raises(KeyError):
        capability("pipeline", "sing")


@pytest.mark.parametrize("family", [*Family, "something-new"])
def test_a_badge_explains_itself(family):
    label, explanation = badge(family)
    assert (label, explanation) == (badge(family).label, badge(family).explanation)
    assert explanation.endswith(".")
    assert "end" in explanation.lower() or family is Family.PIPELINE
    kinds = {"pipeline": "pipeline", "unknown": "help", "realtime": "wave"}
    assert badge(family).icon == kinds[badge(family).kind]


def test_the_table_is_whole():
    assert set(capabilities.TABLE) == set(capabilities.BADGES) == set(Family)
    assert all(list(row) == COMMANDS or set(row) == set(COMMANDS) for row in capabilities.TABLE.values())
