"""Conversations of people and assistants: scripts per business, filled in and spread over time."""

import random
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from . import fake_people

ROLES = {"A": "assistant", "U": "user"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
DAGEN = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag")
DUTCH = ("de", "het", "een", "ik", "u", "je", "dat", "van", "voor", "niet", "op", "en", "te", "kan", "goedemorgen")
STREETS = ("Elm Lane", "Harbour Road", "Kastanjelaan", "Molenweg", "Orchard Street", "Singel", "Station Road")
REPLIES = {  # by language, and whether the sentence was a question
    ("en", True): ("Yes, that works for me.", "Let me think. Yes, please.", "No, rather not, thank you."),
    ("en", False): ("All right, good to know.", "Okay, thank you.", "I see."),
    ("nl", True): ("Ja, dat is goed.", "Even denken. Ja, graag.", "Nee, liever niet, dank u."),
    ("nl", False): ("Goed om te weten.", "Oké, dank u wel.", "Ik begrijp het."),
}
RELAYED = {
    "en": "I have just heard this: {content}.",
    "nl": "Ik hoor net het volgende: {content}.",
}

UNFINISHED = "unfinished"
SHORT = ("call_back", "declined", "do_not_call", UNFINISHED)  # outcomes of people who ask nothing more

PAUSE = 1.3  # seconds between two turns, on average
SLOWEST = 1.25  # the longest a conversation may be stretched to


@dataclass
class Conversation:
    """`turns` are (role, text); `ends` is the end reason; `language` is `en` or `nl`."""

    turns: list[tuple[str, str]]
    summary: str
    analysis: dict[str, Any] = field(default_factory=dict)
    ends: str = "user_hangup"
    language: str = "en"


@cache
def scripts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("scripts.toml").read_text("utf-8"))


def generate(
    business: str | None,
    assistant: str | None,
    direction: str,
    rng: random.Random,
    slots: dict[str, str],
    *,
    transferred: bool = False,
) -> Conversation:
    """A conversation of this assistant of the business, or a general one when there is no script for it."""
    data = scripts()
    choices = _choices(business, assistant, direction, transferred)
    (script,) = rng.choices(choices, [script.get("weight", 1) for script in choices])
    turns = _turns(script["turns"], slots)
    if not transferred and script["analysis"]["outcome"] not in SHORT:
        language = script["language"]
        extras = [extra for extra in data["extra"] if extra["business"] == business and extra["language"] == language]
        _insert_extras(turns, extras, rng, slots)
    found = script["analysis"].items()
    return Conversation(
        turns=turns,
        summary=_fill(script["summary"], slots),
        analysis={name: _fill(value, slots) if isinstance(value, str) else value for name, value in found},
        ends="user_hangup" if script.get("ends") == "transferred" else script.get("ends", "user_hangup"),
        language=script["language"],
    )


def _choices(business: str | None, assistant: str | None, direction: str, transferred: bool) -> list[dict[str, Any]]:
    fitting = [
        script
        for script in scripts()["script"]
        if script["direction"] == direction and (script.get("ends") == "transferred") == transferred
    ]
    own = [script for script in fitting if script["business"] == business]
    own = [script for script in own if assistant in script.get("assistants", [assistant])] or own
    return own or [script for script in fitting if script["business"] == ""]


def schema(business: str | None) -> dict[str, Any]:
    """What the analysis of this business's conversations may contain, as the JSON schema of an `analysis_plan`."""
    found: dict[str, Any] = {"outcome": "", "reason": "", "voicemail": False, "message_left": False}
    outcomes = {UNFINISHED}
    for script in scripts()["script"]:
        if script["business"] in (business, ""):
            found |= script["analysis"]
            outcomes.add(script["analysis"]["outcome"])
    kinds = {name: "boolean" if isinstance(value, bool) else "string" for name, value in found.items()}
    properties: dict[str, Any] = {name: {"type": kind} for name, kind in kinds.items()}
    properties["outcome"]["enum"] = sorted(outcomes, key=lambda outcome: (outcome != UNFINISHED, outcome))
    return {"type": "object", "properties": properties}


def lengthen(conversation: Conversation, seconds: float, rng: random.Random) -> None:
    """Insert fillers before the person's last turn, until the conversation takes `seconds` or there are no more."""
    turns = conversation.turns
    fillers = [filler for filler in scripts()["filler"] if filler["language"] == conversation.language]
    last = max((index for index, (role, _) in enumerate(turns) if role == "user"), default=len(turns))
    for filler in rng.sample(fillers, k=len(fillers)):
        if sum(speaking_seconds(text) + PAUSE for _, text in turns) >= seconds:
            return
        turns[last:last] = _turns(filler["turns"], {})
        last += 2


def drop_farewell(conversation: Conversation) -> None:
    """Drop the person's last turn and what follows: the call is cut off before it."""
    turns = conversation.turns
    last = max((index for index, (role, _) in enumerate(turns) if role == "user"), default=len(turns))
    del turns[last:]


def voicemail(business: str | None, message: str | None, slots: dict[str, str]) -> Conversation:
    turns = [("user", f"You have reached the voicemail of {slots['name']}. Please leave a message after the tone.")]
    if message:
        turns.append(("assistant", message))
        return Conversation(
            turns,
            f"Reached the voicemail of {slots['name']}; a message was left.",
            {"voicemail": True, "message_left": True},
            "assistant_ended",
        )
    caller = business or "The assistant"
    return Conversation(
        turns,
        f"{caller} reached voicemail and hung up without a message.",
        {"voicemail": True, "message_left": False},
        "assistant_ended",
    )


def slots_for(rng: random.Random, phone: str, variables: dict[str, Any] | None = None) -> dict[str, str]:
    """Values for the placeholders of a script, for the person with this number; a lead's own variables win."""
    day = rng.randrange(5)
    hour = rng.choice((9, 10, 11, 13, 14, 15, 16))
    values = {
        "name": fake_people.name_of(phone),
        "day": DAYS[day],
        "dag": DAGEN[day],
        "time": f"{hour}:{rng.choice(('00', '15', '30', '45'))}",
        "street": f"{rng.choice(STREETS)} {rng.randint(2, 140)}",
        "ref": str(rng.randint(10_000, 99_999)),
        "euros": str(rng.choice((64, 79, 86, 95, 112, 138))),
        "minutes": str(rng.choice((10, 15, 20, 25, 40))),
    }
    given = {key: str(value) for key, value in (variables or {}).items() if value}
    return values | {"ref": given.get("reference", values["ref"])} | given


def language_of(messages: list[dict[str, Any]]) -> str:
    """`nl` or `en`, by the share of common Dutch words."""
    words = " ".join(message["content"] for message in messages).lower().split()
    return "nl" if sum(word in DUTCH for word in words) > len(words) / 12 else "en"


def reply(sentence: str, messages: list[dict[str, Any]], rng: random.Random) -> str:
    """The person's reply to an inserted sentence: an answer to a question, otherwise an acknowledgement."""
    return rng.choice(REPLIES[language_of(messages), sentence.rstrip().endswith("?")])


def relay(context: str, messages: list[dict[str, Any]]) -> str:
    """The sentence in which the assistant passes injected context on."""
    return RELAYED[language_of(messages)].format(content=context.strip().rstrip("."))


def speaking_seconds(text: str) -> float:
    """About fifteen characters a second, at least one and a half seconds."""
    return max(1.5, len(text) / 15)


def timed(
    turns: list[tuple[str, str]], rng: random.Random, at_least: float = 0.0
) -> tuple[list[tuple[float, str, str]], float]:
    """`[(seconds after the answer, role, text)]` and the length in seconds.

    To reach `at_least` seconds all is stretched a little, at most by SLOWEST, so that lengths fit the words.
    """
    spoken, clock = [], 0.6
    for role, text in turns:
        spoken.append((clock, role, text))
        clock += speaking_seconds(text) + rng.uniform(0.6, 2.0)
    stretch = min(max(1.0, at_least / clock), SLOWEST)
    return [(offset * stretch, role, text) for offset, role, text in spoken], clock * stretch


def _insert_extras(
    turns: list[tuple[str, str]], extras: list[dict[str, Any]], rng: random.Random, slots: dict[str, str]
) -> None:
    """Insert up to two further questions before the person's last turn."""
    last = max(index for index, (role, _) in enumerate(turns) if role == "user")
    for extra in rng.sample(extras, k=min(len(extras), rng.choice((0, 1, 1, 2)))):
        turns[last:last] = _turns(extra["turns"], slots)


def _turns(text: str, slots: dict[str, str]) -> list[tuple[str, str]]:
    lines = (line.partition(": ") for line in text.strip().splitlines())
    return [(ROLES[speaker.strip()], _fill(words, slots)) for speaker, _, words in lines]


def _fill(text: str, slots: dict[str, str]) -> str:
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text
