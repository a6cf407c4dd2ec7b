"""Place a call with a one-time assistant: a version of a draft is sent along as it is, with our reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dashboard.calls.models import AssistantDraftVersion, Call, Mode
from dashboard.calls.placing import intents, sending
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.placing.intents import NO_CHANGES, CallRefused
from dashboard.calls.transient import drafts, rights, transfers, values
from dashboard.calls.transient.configuration import Configuration, errors_of, for_sending, provider_of
from dashboard.voicedock.capabilities import family_of
from tenants.isolation import scope
from tenants.models import Tenant, User

NOT_YOURS = "Choose one of those shown here: the one that was sent is not one of yours. Nothing was dialed."
CANNOT_BE_SENT = "VoiceDock would not take this one as it is. Edit it first."
ONE_TIME = " (one-time)"  # after the name of a draft
VERSION = "draft_version"  # in `Call.overrides`: the key of the version that was chosen


@dataclass(frozen=True)
class OneTime:
    """What speaks in a call: a copy of one version of a draft, before its values are filled in.

    `version` is the key of that version, whatever became of it.
    """

    name: str
    version: int
    number: int
    configuration: Configuration

    @classmethod
    def of(cls, version: AssistantDraftVersion) -> OneTime:
        return cls(name_of(version), version.pk, version.number, version.blocks)


def place(
    tenant: Tenant,
    *,
    by: User,
    number: int,
    version: int,
    destination: str,
    token: UUID,
    changes: Changes = NO_CHANGES,
) -> Call:
    """Place a call; `number` is the id of a dedication, `version` of a version of a draft. Opens scopes of its own.

    Of `changes` the values for the variables count. The same token is the same call. Raises `CallRefused`; its field
    may be `version`.
    """
    call, new = request(
        tenant, by=by, number=number, version=version, destination=destination, token=token, changes=changes
    )
    return sending.attempt(call) if new else call


@scope.opens_scope
def request(
    tenant: Tenant,
    *,
    by: User,
    number: int,
    version: int,
    destination: str,
    token: UUID,
    changes: Changes = NO_CHANGES,
) -> tuple[Call, bool]:
    """Store the call without sending it. Returns it and whether it is new. Opens scopes of its own."""
    counterpart = intents.callable_number(tenant, destination, by)
    overrides = stored(version, changes)

    def made(now: Tenant) -> tuple[Call, dict[str, str]]:
        line = intents.line_of(tenant, number)
        one_time = of_version(tenant, version)
        call = intents.new_call(now, line, counterpart, token, by)
        _add_speaker(call, one_time, changes)
        call.overrides = overrides
        if words := transfers.refusal(now, call.assistant_configuration):
            raise CallRefused("version", words)
        if words := rights.refusal(now, call):
            raise CallRefused("", words)
        changed = {"changes": joined(changes.words())} if changes else {}
        return call, {"version": str(one_time.number)} | changed

    return intents.store(tenant, token, (number, None, counterpart, overrides), made, by=by)


@scope.requires_scope
def of_version(tenant: Tenant, version: int) -> OneTime:
    """The client's own version with this key. Raises `CallRefused`."""
    chosen = drafts.version_with_key(tenant, version)
    if chosen is None:
        raise CallRefused("version", NOT_YOURS)
    return OneTime.of(chosen)


def stored(version: int, changes: Changes) -> dict[str, Any]:
    """What is kept with the call of how it was asked for (`Call.overrides`)."""
    return changes.to_json() | {VERSION: version}


def as_sent(configuration: Configuration, reference: str) -> Configuration:
    """With our reference in the metadata, by which webhooks name the call."""
    metadata: dict[str, Any] = configuration.get("metadata") or {}
    return for_sending(configuration) | {"metadata": metadata | {"our_ref": reference}}


def name_of(version: AssistantDraftVersion) -> str:
    """What stands in place of the name of a saved assistant."""
    return f"{version.draft.name}{ONE_TIME}"


def draft_name(call: Call) -> str:
    """The name that its draft had when the call was placed."""
    return call.assistant_name.removesuffix(ONE_TIME)


def _add_speaker(call: Call, one_time: OneTime, changes: Changes) -> None:
    filled = values.filled(one_time.configuration, changes.variables)
    if errors_of(filled):
        raise CallRefused("version", CANNOT_BE_SENT)
    call.mode = Mode.TRANSIENT
    call.assistant_configuration = as_sent(filled, str(call.pk))
    call.assistant_name = one_time.name
    call.provider = provider_of(filled)
    call.family = family_of(call.provider)
