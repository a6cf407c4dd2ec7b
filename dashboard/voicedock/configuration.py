"""What a saved assistant is made of, without secrets, as far as a call can change it (`voicedock-api.md §5.5, §8`).

An override replaces whole blocks, so a block is kept exactly as VoiceDock has it or not at all: one that holds a
secret, or that cannot be stored as it is, is only named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from .parsing import clean

BLOCKS = (
    "first_message",
    "max_duration_seconds",
    "voicemail_detection",
    "voicemail_message",
    "metadata",
    "stt_config",
    "llm_config",
    "tts_config",
    "speech_config",
)
LONGEST_BLOCK = 200_000  # characters of JSON
SECRET_NAME = re.compile(
    r"api[_-]?key|secret|passw|authori[sz]ation|credential|private[_-]?key|signature|bearer|token$", re.IGNORECASE
)
SECRET_VALUE = re.compile(r"\s*(?:bearer|basic)\s+\S", re.IGNORECASE)
SECRET_PARAMETER = re.compile(r"key|code|sig|auth", re.IGNORECASE)
HEADERS = re.compile(r"headers?$", re.IGNORECASE)


@dataclass(frozen=True)
class Configuration:
    """`blocks` by VoiceDock's names; `withheld` are the names of those that were not kept."""

    blocks: Mapping[str, Any] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        given = {name: data[name] for name in BLOCKS if name in data}
        withheld = tuple(name for name, value in given.items() if not _can_be_kept(value))
        return cls({name: value for name, value in given.items() if name not in withheld}, withheld)


def _can_be_kept(value: Any) -> bool:
    return clean(value) == value and not holds_secret(value) and len(json.dumps(value)) <= LONGEST_BLOCK


def holds_secret(value: Any, name: str = "") -> bool:
    """Whether a key, a password or an address with one is inside. The schema of a tool only names its parameters."""
    if isinstance(value, dict):
        return any(
            bool(HEADERS.search(key) and item) or holds_secret(item, key)
            for key, item in value.items()
            if not (key == "parameters" and isinstance(item, dict))
        )
    if isinstance(value, list):
        return any(holds_secret(item, name) for item in value)
    if value in (None, "", False, True):
        return False
    return bool(SECRET_NAME.search(name)) or (isinstance(value, str) and _is_secret_text(value))


def _is_secret_text(text: str) -> bool:
    if SECRET_VALUE.match(text):
        return True
    if "://" not in text[:20]:
        return False
    try:
        address = urlsplit(text)
        names = [name for name, value in parse_qsl(address.query) if value]
        return bool(address.password) or any(
            SECRET_NAME.search(name) or SECRET_PARAMETER.search(name) for name in names
        )
    except ValueError:
        return True
