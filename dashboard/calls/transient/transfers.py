"""The transfers of a one-time assistant by itself: to where its client may transfer calls, and nowhere else.

The assistant chooses among the destinations of a tool `transfer_call` (`voicedock-api.md §8`) without Patchbay, so they
are held to the rules of transfers from here: when a draft is saved, and again when a call leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dashboard.calls.control import transfer_targets
from dashboard.calls.placing import destinations
from dashboard.calls.transient.configuration import NOT_A_LIST, NOT_A_MAPPING, NOT_A_TEXT, Errors, errors_of
from dashboard.calls.transient.references import reference_errors
from tenants.isolation import scope
from tenants.models import Tenant

WHOLE_NUMBER = "Write it as {e164}: VoiceDock takes it as it is."
NOT_CERTAIN = "Write the whole number with its country code: this can be read as more than one."
CANNOT_CHECK = "Patchbay cannot check to where this transfers. Leave it out."
ONLY_NUMBERS = "Patchbay can check transfers to a number or a SIP address only: give it the type “number”."
REFUSED = "This one-time assistant cannot be used as it is, so nothing was dialed. {path}: {message}"
TOOL_NAMES = {"type", "name", "description", "destinations", "function", "message", "messages"}
DESTINATION_NAMES = {"type", "number", "description", "message"}
Found = Iterator[tuple[str, str]]


@scope.requires_scope
def all_errors(tenant: Tenant, configuration: Any) -> Errors:
    """What VoiceDock would refuse, what must not be kept, and to where this client may not transfer; by path."""
    found = errors_of(configuration)
    return found if "" in found else transfer_errors(tenant, configuration) | found


@scope.requires_scope
def refusal(tenant: Tenant, configuration: Any) -> str:
    """Why a call may not leave with this configuration, or ""."""
    for path, message in transfer_errors(tenant, configuration).items():
        return REFUSED.format(path=path, message=message)
    return ""


@scope.requires_scope
def transfer_errors(tenant: Tenant, configuration: Any) -> Errors:
    """By path; empty where all transfers are allowed, and nothing is named that may be another client's."""
    if not isinstance(configuration, dict):
        return {}
    check, found = _Check(tenant), Errors(reference_errors(configuration))
    for name, value in configuration.items():
        if name != "metadata":  # which VoiceDock only echoes
            for path, message in check.walk(value, name):
                found.setdefault(path, message)
    return found


class _Check:
    """Looks for destinations everywhere: what VoiceDock reads out of names that it does not document is not known."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.own: frozenset[str] | None = None

    def walk(self, value: Any, path: str, built_in: bool = False) -> Found:
        """`built_in`: inside a tool that VoiceDock carries out, of which every name has to be known."""
        if isinstance(value, list):
            for at, item in enumerate(value):
                yield from self.walk(item, f"{path}[{at}]")
        if not isinstance(value, dict):
            return
        built_in = built_in or any(_is(value.get("type"), name) for name in ("transfercall", "transfer"))
        transfers = built_in or _is(value.get("name"), "transfercall")
        for name, item in value.items():
            inner, plain = f"{path}.{name}", _plain(name)
            if plain == "destinations" and (transfers or isinstance(item, list)):
                yield from self._destinations(item, inner)
            elif plain == "destination" and (transfers or isinstance(item, str)):
                yield from self._number(item, inner)
            elif built_in and name not in TOOL_NAMES:
                yield inner, CANNOT_CHECK
            else:
                yield from self.walk(item, inner, built_in and name == "function")

    def _destinations(self, value: Any, path: str) -> Found:
        if not isinstance(value, list):
            yield path, NOT_A_LIST
            return
        for at, one in enumerate(value):
            yield from self._destination(one, f"{path}[{at}]")

    def _destination(self, one: Any, path: str) -> Found:
        if not isinstance(one, dict):
            yield path, NOT_A_MAPPING
            return
        if one.get("type", "number") != "number":
            yield f"{path}.type", ONLY_NUMBERS
        for name in one.keys() - DESTINATION_NAMES:
            yield f"{path}.{name}", CANNOT_CHECK
        yield from self._number(one.get("number"), f"{path}.number")

    def _number(self, value: Any, path: str) -> Found:
        if not isinstance(value, str):
            yield path, NOT_A_TEXT
            return
        if self.own is None:
            self.own = transfer_targets.own_lines(self.tenant)
        try:
            read = transfer_targets.read(self.tenant, value, own=self.own)
        except destinations.Ambiguous:
            yield path, NOT_CERTAIN
        except destinations.NotCallable as error:
            yield path, str(error)
        else:
            if read != value:
                yield path, WHOLE_NUMBER.format(e164=read)


def _is(value: Any, *names: str) -> bool:
    """`transfer_call` and `transferCall` are the same to VoiceDock."""
    return isinstance(value, str) and _plain(value) in names


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
