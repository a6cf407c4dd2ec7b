"""What commands do during a call, by the family of the assistant's model (`docs/voicedock-api.md §4.2`).

The texts claim no more than VoiceDock documents, and say so where it documents nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .commands import CommandType


class Family(StrEnum):
    """How the model gets speech: as text between two converters, or as sound."""

    PIPELINE = "pipeline"
    XAI_REALTIME = "xai_realtime"
    GOOGLE_REALTIME = "google_realtime"
    OPENAI_LIVE = "openai_live"
    UNKNOWN = "unknown"

    @property
    def is_realtime(self) -> bool:
        return self in (Family.XAI_REALTIME, Family.GOOGLE_REALTIME, Family.OPENAI_LIVE)


class Level(StrEnum):
    WORKS = "works"
    MAY_BE_IGNORED = "may-be-ignored"
    UNRELIABLE = "unreliable"
    PARTIAL = "partial"
    UNVERIFIED = "unverified"


@dataclass(frozen=True)
class Capability:
    """`caption` is for the tab, `sentence` says what to expect, `instead` what to use instead, or "".

    `limit` explains a command that was sent and not confirmed, where the model is known for it.
    """

    level: Level
    caption: str
    sentence: str
    instead: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Badge:
    """Unpacks to label and explanation; `kind` is pipeline, realtime or unknown, and `icon` its sign."""

    label: str
    explanation: str
    kind: str
    icon: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.label, self.explanation))


PIPELINE_PROVIDERS = frozenset({"openai", "xai", "mistral", "google"})  # `xai` is text, not `xai_realtime`


def family_of(provider: str | None) -> Family:
    """By `llm_config.provider`, never by the name of a model: those change."""
    name = provider.strip().lower().replace("-", "_") if isinstance(provider, str) else ""
    if name in PIPELINE_PROVIDERS:
        return Family.PIPELINE
    realtime = {family.value: family for family in Family if family.is_realtime}
    return realtime.get(name, Family.UNKNOWN)


def capability(family: Family | str, command_type: str) -> Capability:
    """What this command does with this family. An unknown command raises KeyError."""
    return TABLE[_family(family)][command_type]


def known_limit(family: Family | str, command_type: str) -> str:
    """Why this command may have no effect with this family; "" where it works, and for a command we do not know."""
    row = TABLE[_family(family)]
    return row[command_type].limit if command_type in row else ""


def badge(family: Family | str) -> Badge:
    return BADGES[_family(family)]


def _family(family: Family | str) -> Family:
    try:
        return Family(family)
    except ValueError:
        return Family.UNKNOWN


def _unverified(sentence: str, instead: str, limit: str = "") -> Capability:
    return Capability(Level.UNVERIFIED, "not documented", sentence, instead, limit)


def _undocumented(models: str) -> dict[str, Capability]:
    """These are not documented, so they get the warnings of the family that is."""
    return {
        CommandType.INJECT_CONTEXT: _unverified(
            f"VoiceDock does not document whether {models} use what you send here. Expect that it may be ignored.",
            "If it matters, transfer to a person, or use a pipeline assistant next time.",
            f"VoiceDock does not document whether {models} use context.",
        ),
        CommandType.SAY: _unverified(
            f"VoiceDock does not document whether {models} speak what you write. Expect that nothing may be spoken.",
            "Transfer to a person who can say it, or use a pipeline assistant next time.",
            f"VoiceDock does not document whether {models} speak what you write.",
        ),
        CommandType.END_CALL: Capability(
            Level.WORKS,
            "works",
            "Ends the call. VoiceDock does not document whether your goodbye is spoken first.",
        ),
        CommandType.TRANSFER: _unverified(
            f"VoiceDock does not document how {models} transfer. Expect that your announcement may not be spoken.",
            "Tell the person who takes over yourself.",
        ),
    }


TABLE: dict[Family, dict[str, Capability]] = {
    Family.PIPELINE: {
        CommandType.INJECT_CONTEXT: Capability(
            Level.WORKS, "works", "The assistant reads this silently and can use it in what it says next."
        ),
        CommandType.SAY: Capability(Level.WORKS, "works", "The assistant speaks your words."),
        CommandType.END_CALL: Capability(Level.WORKS, "works", "Ends the call, after your goodbye if you write one."),
        CommandType.TRANSFER: Capability(Level.WORKS, "works", "Announces the transfer and puts the person through."),
    },
    Family.XAI_REALTIME: {
        CommandType.INJECT_CONTEXT: Capability(
            Level.MAY_BE_IGNORED,
            "may be ignored",
            "What you send may not influence what this assistant says.",
            "If it matters, transfer to a person, or use a pipeline assistant next time.",
            limit="Known limit of xAI Realtime: context may not change what it says.",
        ),
        CommandType.SAY: Capability(
            Level.UNRELIABLE,
            "unreliable here",
            "VoiceDock calls this unreliable with this assistant: it often times out, or nothing is spoken.",
            "Transfer to a person who can say it, or use a pipeline assistant next time.",
            limit="Known limit of xAI Realtime: Say is unreliable here, it often times out or nothing is spoken.",
        ),
        CommandType.END_CALL: Capability(Level.WORKS, "works", "Ends the call. Your goodbye may not be spoken first."),
        CommandType.TRANSFER: Capability(
            Level.PARTIAL,
            "goes through",
            "The transfer goes through, but your announcement may not be spoken.",
            "Tell the person who takes over yourself.",
        ),
    },
    Family.GOOGLE_REALTIME: _undocumented("Google realtime assistants"),
    Family.OPENAI_LIVE: _undocumented("OpenAI live assistants"),
    Family.UNKNOWN: _undocumented("assistants of a kind we do not know")
    | {
        CommandType.END_CALL: Capability(Level.WORKS, "works", "Ends the call. Your goodbye may not be spoken first."),
    },
}

_UNDOCUMENTED = (
    "Realtime assistant. VoiceDock does not document what written commands do with it during a call, "
    "so expect that they may be ignored. You can always end the call."
)
BADGES: dict[Family, Badge] = {
    Family.PIPELINE: Badge(
        "Pipeline",
        "Pipeline assistant. It hears, thinks and speaks in three steps with text between them, "
        "so your written commands work during a call.",
        "pipeline",
        "pipeline",
    ),
    Family.XAI_REALTIME: Badge(
        "xAI Realtime",
        "Realtime assistant. One model hears and speaks directly, "
        "so written commands are unreliable during a call. End call works.",
        "realtime",
        "wave",
    ),
    Family.GOOGLE_REALTIME: Badge("Google Realtime", _UNDOCUMENTED, "realtime", "wave"),
    Family.OPENAI_LIVE: Badge("OpenAI Live", _UNDOCUMENTED, "realtime", "wave"),
    Family.UNKNOWN: Badge(
        "Unknown kind",
        "We do not know which kind of model this assistant has, so written commands may be ignored. "
        "You can always end the call.",
        "unknown",
        "help",
    ),
}
