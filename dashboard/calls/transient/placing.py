"""Place a call with a one-time assistant: a version of a draft is sent along as it is, with our reference."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dashboard.calls.models import AssistantDraftVersion, Call, Mode
from dashboard.calls.placing import intents, sending
from dashboard.calls.placing.intents import CallRefused
from dashboard.calls.transient import drafts, rights, transfers
from dashboard.calls.transient.configuration import Configuration, errors_of, for_sending, provider_of
from dashboard.voicedock.capabilities import family_of
from tenants.isolation import scope
from tenants.models import Tenant, User

NOT_YOURS = "Choose one of those shown here: the one that was sent is not one of yours. Nothing was dialed."
CANNOT_BE_SENT = "VoiceDock would not take this one as it is. Edit it first."
ONE_TIME = " (one-time)"  # after the name of a draft
VERSION = "draft_version"  # in `Call.overrides`: the key of the version that was chosen


def place(tenant: Tenant, *, by: User, number: int, version: int, destination: str, token: UUID) -> Call:
    """Place a call; `number` is the id of a dedication, `version` of a version of a draft. Opens scopes of its own.

    The same token is the same call. Raises `CallRefused`; its field may be `version`.
    """
    call, new = request(tenant, by=by, number=number, version=version, destination=destination, token=token)
    return sending.attempt(call) if new else call


@scope.opens_scope
def request(tenant: Tenant, *, by: User, number: int, version: int, destination: str, token: UUID) -> tuple[Call, bool]:
    """Store the call without sending it. Returns it and whether it is new. Opens scopes of its own."""
    counterpart = intents.callable_number(tenant, destination, by)

    def made(now: Tenant) -> tuple[Call, dict[str, str]]:
        line = intents.line_of(tenant, number)
        chosen = drafts.version_with_key(tenant, version)
        if chosen is None:
            raise CallRefused("version", NOT_YOURS)
        call = intents.new_call(now, line, counterpart, token, by)
        _add_speaker(call, chosen)
        if words := transfers.refusal(now, chosen.blocks):
            raise CallRefused("version", words)
        if words := rights.refusal(now, call):
            raise CallRefused("", words)
        return call, {"version": str(chosen.number)}

    return intents.store(tenant, token, (number, None, counterpart, {VERSION: version}), made, by=by)


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


def _add_speaker(call: Call, version: AssistantDraftVersion) -> None:
    if errors_of(version.blocks):
        raise CallRefused("version", CANNOT_BE_SENT)
    call.mode, call.overrides = Mode.TRANSIENT, {VERSION: version.pk}
    call.assistant_configuration = as_sent(version.blocks, str(call.pk))
    call.assistant_name = name_of(version)
    call.provider = provider_of(version.blocks)
    call.family = family_of(call.provider)
