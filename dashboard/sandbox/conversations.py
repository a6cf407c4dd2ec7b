"""What people and assistants say to each other: scripts per business, filled in and spread over time."""

import random
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from . import people

ROLES = {"A": "assistant", "U": "user"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
DAGEN = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag")
DUTCH = ("de", "het", "een", "ik", "u", "je", "dat", "van", "voor", "niet", "op", "en", "te", "kan", "goedemorgen")
STREETS = ("Elm Lane", "Harbour Road", "Kastanjelaan", "Molenweg", "Orchard Street", "Singel", "Station Road")
REPLIES = {  # by language, and whether it was a question
    ("en", True): ("Yes, that works for me.", "Let me think. Yes, please.", "No, rather not, thank you."),
    ("en", False): ("All right, good to know.", "Okay, thank you.", "I see."),
    ("nl", True): ("Ja, dat is goed.", "Even denken. Ja, graag.", "Nee, liever niet, dank u."),
    ("nl", False): ("Goed om te weten.", "Oké, dank u wel.", "Ik begrijp het."),
}
PASSED_ON = {
    "en": "I have just heard this: {told}.",
    "nl": "Ik hoor net het volgende: {told}.",
}


PAUSE = 1.3  # seconds between two turns, on average
SLOWEST = 1.25  # times as long as usual


@dataclass
class Story:
    """`turns` are (role, text); `ends` is how the conversation is over; `language` is `en` or `nl`."""

    turns: list[tuple[str, str]]
    summary: str
    analysis: dict = field(default_factory=dict)
    ends: str = "user_hangup"
    language: str = "en"


@cache
def scripts() -> dict:
    return tomllib.loads(Path(__file__).with_name("scripts.toml").read_text("utf-8"))


def tell(business: str | None, direction: str, chance: random.Random, slots: dict, *, handover: bool = False) -> Story:
    """A conversation for this business, or a general one when it has no script of its own."""
    book = scripts()
    of_business = [s for s in book["script"] if s["business"] == business]
    fitting = [s for s in of_business if s["direction"] == direction]
    general = [s for s in book["script"] if s["business"] == "" and s["direction"] == direction]
    choices = fitting or general
    wanted = [s for s in choices if (s.get("ends") == "transferred") == handover] or choices
    script = chance.choice(wanted)
    turns = _turns(script["turns"], slots)
    if not handover:
        extras = [e for e in book["extra"] if e["business"] == business and e["language"] == script["language"]]
        _weave(turns, extras, chance, slots)
    return Story(
        turns=turns,
        summary=_fill(script["summary"], slots),
        analysis={
            key: _fill(value, slots) if isinstance(value, str) else value for key, value in script["analysis"].items()
        },
        ends="user_hangup" if script.get("ends") == "transferred" else script.get("ends", "user_hangup"),
        language=script["language"],
    )


def schema(business: str | None) -> dict:
    """What the analysis of this business's conversations may find, as a JSON schema of an `analysis_plan`."""
    found: dict = {"outcome": "", "reason": "", "voicemail": False, "message_left": False}
    for script in scripts()["script"]:
        if script["business"] in (business, ""):
            found |= script["analysis"]
    kinds = {name: "boolean" if isinstance(value, bool) else "string" for name, value in found.items()}
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in kinds.items()}}


def lengthen(story: Story, seconds: float, chance: random.Random) -> None:
    """Let the two talk for longer before the person's last words, until the words take `seconds` or run out."""
    fillers = [one for one in scripts()["filler"] if one["language"] == story.language]
    last = max((at for at, (role, _) in enumerate(story.turns) if role == "user"), default=len(story.turns))
    for filler in chance.sample(fillers, k=len(fillers)):
        if sum(speaking_seconds(text) + PAUSE for _, text in story.turns) >= seconds:
            return
        story.turns[last:last] = _turns(filler["turns"], {})
        last += 2


def voicemail(business: str | None, message: str | None, slots: dict) -> Story:
    turns = [("user", f"You have reached the voicemail of {slots['name']}. Please leave a message after the tone.")]
    if message:
        turns.append(("assistant", message))
        return Story(
            turns,
            f"Reached the voicemail of {slots['name']}; a message was left.",
            {"voicemail": True, "message_left": True},
            "assistant_ended",
        )
    who = business or "The assistant"
    return Story(
        turns,
        f"{who} reached voicemail and hung up without a message.",
        {"voicemail": True, "message_left": False},
        "assistant_ended",
    )


def slots_for(chance: random.Random, variables: dict | None = None) -> dict:
    """Values for the placeholders of a script; a lead's own variables win."""
    day = chance.randrange(5)
    hour = chance.choice((9, 10, 11, 13, 14, 15, 16))
    made = {
        "name": people.name(chance),
        "day": DAYS[day],
        "dag": DAGEN[day],
        "time": f"{hour}:{chance.choice(('00', '15', '30', '45'))}",
        "street": f"{chance.choice(STREETS)} {chance.randint(2, 140)}",
        "ref": str(chance.randint(10_000, 99_999)),
        "euros": str(chance.choice((64, 79, 86, 95, 112, 138))),
        "minutes": str(chance.choice((10, 15, 20, 25, 40))),
    }
    return made | {key: str(value) for key, value in (variables or {}).items() if value}


def language_of(messages: list[dict]) -> str:
    """`nl` or `en`, by the small words of what was said."""
    words = " ".join(one["content"] for one in messages).lower().split()
    return "nl" if sum(word in DUTCH for word in words) > len(words) / 12 else "en"


def reply(said: str, messages: list[dict], chance: random.Random) -> str:
    """What the person says to a sentence out of turn: to a question an answer, else that it was heard."""
    return chance.choice(REPLIES[language_of(messages), said.rstrip().endswith("?")])


def passed_on(context: str, messages: list[dict]) -> str:
    """How the assistant tells what it was told."""
    return PASSED_ON[language_of(messages)].format(told=context.strip().rstrip("."))


def speaking_seconds(text: str) -> float:
    """How long a sentence takes: about fifteen characters a second, never less than one and a half."""
    return max(1.5, len(text) / 15)


def timed(turns: list[tuple[str, str]], chance: random.Random, at_least: float = 0.0) -> tuple[list, float]:
    """`[(seconds after the answer, role, text)]` and the length in seconds.

    To come to `at_least` they speak a little slower, no more than people do: lengths fit the words.
    """
    spoken, clock = [], 0.6
    for role, text in turns:
        spoken.append((clock, role, text))
        clock += speaking_seconds(text) + chance.uniform(0.6, 2.0)
    stretch = min(max(1.0, at_least / clock), SLOWEST)
    return [(offset * stretch, role, text) for offset, role, text in spoken], clock * stretch


def _weave(turns: list[tuple[str, str]], extras: list[dict], chance: random.Random, slots: dict) -> None:
    """Put a question or two of the person before its last words."""
    last = max(at for at, (role, _) in enumerate(turns) if role == "user")
    for extra in chance.sample(extras, k=min(len(extras), chance.choice((0, 1, 1, 2)))):
        turns[last:last] = _turns(extra["turns"], slots)


def _turns(text: str, slots: dict) -> list[tuple[str, str]]:
    lines = (line.partition(": ") for line in text.strip().splitlines())
    return [(ROLES[who.strip()], _fill(words, slots)) for who, _, words in lines]


def _fill(text: str, slots: dict) -> str:
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text
