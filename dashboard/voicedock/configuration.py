"""What a saved assistant is made of, without secrets, as far as a call can change it (`voicedock-api.md §5.5, §8`).

An override replaces whole blocks, so a block is kept exactly as VoiceDock has it or not at all: one that holds a
secret, or that cannot be stored as it is, is only named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
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
VOICEDOCK_KEY = re.compile(r"(?<![A-Za-z0-9])fl_[A-Za-z0-9_]{6,}", re.IGNORECASE)  # `§1.2`; anywhere in a text
NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMAS = ("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf", "not", "if", "then", "else")
OPAQUE = re.compile(r'"(?=[^"\s]*\d)[^"\s]{8,}"')  # in JSON: a text that is no word, as keys are
SCHEMA_VALUES = ("default", "const", "enum", "example", "examples")
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


def holds_secret(value: Any) -> bool:
    """Whether a key, a password or an address with one is inside."""
    return next(secret_paths(value), None) is not None


def secret_paths(value: Any, path: str = "", name: str = "") -> Iterator[str]:
    """Where the secrets are, by paths like `llm_config.tools[0].server.secret`: the innermost places.

    A name that is a key itself is not repeated in its path.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            inner = path if VOICEDOCK_KEY.search(key) else f"{path}.{key}" if path else str(key)
            if VOICEDOCK_KEY.search(key) or (HEADERS.search(key) and item):
                yield inner
            elif key == "tools" and isinstance(item, list):
                for at, tool in enumerate(item):
                    yield from _of_tool(tool, f"{inner}[{at}]", key)
            else:
                yield from secret_paths(item, inner, key)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from secret_paths(item, f"{path}[{at}]", name)
    elif _is_secret(value, name):
        yield path


def _of_tool(tool: Any, path: str, name: str) -> Iterator[str]:
    """A tool, flat or nested in `function` (`§8`): its `parameters` are a JSON schema."""
    if not isinstance(tool, dict):
        yield from secret_paths(tool, path, name)
        return
    yield from secret_paths({key: item for key, item in tool.items() if key not in ("parameters", "function")}, path)
    yield from _of_schema(tool.get("parameters"), f"{path}.parameters", "")
    if "function" in tool:
        yield from _of_tool(tool["function"], f"{path}.function", "function")


def _of_schema(schema: Any, path: str, name: str) -> Iterator[str]:
    """A JSON schema: it names parameters, so that one called `headers` or `api_key` is no secret, but its value is.

    `name` is that of the parameter which the schema describes.
    """
    if isinstance(schema, list):
        for at, one in enumerate(schema):
            yield from _of_schema(one, f"{path}[{at}]", name)
        return
    if not isinstance(schema, dict):
        yield from secret_paths(schema, path, name)
        return
    for key, item in schema.items():
        inner = f"{path}.{key}"
        if key in NAMED_SCHEMAS and isinstance(item, dict):
            for parameter, described in item.items():
                if VOICEDOCK_KEY.search(parameter):
                    yield inner
                else:
                    yield from _of_schema(described, f"{inner}.{parameter}", parameter)
        elif key in SCHEMAS and isinstance(item, dict | list):
            yield from _of_schema(item, inner, name)
        elif key in SCHEMA_VALUES:
            yield from secret_paths(item, inner, name if OPAQUE.search(json.dumps(item)) else "")
        else:
            yield from secret_paths({key: item}, path)


def _is_secret(value: Any, name: str) -> bool:
    if value in (None, "", False, True):
        return False
    return bool(SECRET_NAME.search(name)) or (isinstance(value, str) and _is_secret_text(value))


def _is_secret_text(text: str) -> bool:
    if SECRET_VALUE.match(text) or VOICEDOCK_KEY.search(text):
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
