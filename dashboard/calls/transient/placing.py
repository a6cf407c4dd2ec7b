"""Place a call with a one-time assistant: a version of a draft is sent along as it is, with our reference."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard.calls.models import Call, Mode, PlannedCall
from dashboard.calls.placing import intents, sending
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.placing.intents import NO_CHANGES, CallRefused
from dashboard.calls.transient import drafts, rights, transfers, values
from dashboard.calls.transient.configuration import Configuration, errors_of, for_sending, provider_of
from dashboard.calls.transient.one_time import SUFFIX, OneTime
from dashboard.contact_rules.verdict import Rule as ContactRule
from dashboard.contact_rules.verdict import to_stored
from dashboard.voicedock.capabilities import family_of
from tenants.isolation import scope
from tenants.models import Tenant, User

NOT_YOURS = "Choose one of those shown here: the one that was sent is not one of yours. Nothing was dialed."
CANNOT_BE_SENT = "VoiceDock would not take this one as it is. Edit it first."


def place(
    tenant: Tenant,
    *,
    by: User,
    number: int,
    destination: str,
    token: UUID,
    version: int = 0,
    one_time: OneTime | None = None,
    changes: Changes = NO_CHANGES,
    override_reason: str = "",
    known_rules: Collection[ContactRule] = (),
    of_plan: PlannedCall | None = None,
) -> Call:
    """Place a call; `number` is the id of a dedication. Opens scopes of its own.

    What speaks is `one_time`, as it was shown, else the client's `version` with this key. Of `changes` the values for
    its variables count. `override_reason` and `known_rules` as in `intents.place`. The same token is the same call.
    Raises `CallRefused`; its field may be `version`.
    """
    call, new = request(
        tenant,
        by=by,
        number=number,
        destination=destination,
        token=token,
        version=version,
        one_time=one_time,
        changes=changes,
        override_reason=override_reason,
        known_rules=known_rules,
        of_plan=of_plan,
    )
    return sending.attempt(call) if new else call


@scope.opens_scope
def request(
    tenant: Tenant,
    *,
    by: User,
    number: int,
    destination: str,
    token: UUID,
    version: int = 0,
    one_time: OneTime | None = None,
    changes: Changes = NO_CHANGES,
    override_reason: str = "",
    known_rules: Collection[ContactRule] = (),
    not_after: datetime | None = None,
    of_plan: PlannedCall | None = None,
) -> tuple[Call, bool]:
    """Store the call without sending it. Returns it and whether it is new. Opens scopes of its own.

    `known_rules`, `not_after` and `of_plan` as in `intents.request`.
    """
    person = intents.callable_person(tenant, destination, by, override_reason, known_rules)
    with scope.for_tenant(tenant):
        speaker = one_time or of_version(tenant, version)
    overrides = speaker.stored(changes)

    def made(now: Tenant) -> tuple[Call, dict[str, str]]:
        if PlannedCall.objects.filter(tenant=now, token=token).exists():
            raise CallRefused("", intents.OTHER_PLAN)
        line = intents.line_of(tenant, number)
        call = intents.new_call(now, line, person, token, by)
        _add_speaker(call, speaker, changes)
        call.overrides, call.not_after = overrides, not_after
        if person.overridden:
            call.overridden_rule, call.override_reason = to_stored(person.overridden), override_reason
        if words := transfers.refusal(now, call.assistant_configuration):
            raise CallRefused("version", words)
        if words := rights.refusal(now, call):
            raise CallRefused("", words)
        changed = {"changes": joined(changes.words())} if changes else {}
        return call, {"version": str(speaker.number)} | changed

    return intents.store(tenant, token, (number, None, person.number, overrides), made, by=by, of_plan=of_plan)


@scope.requires_scope
def of_version(tenant: Tenant, version: int) -> OneTime:
    """The client's own version with this key. Raises `CallRefused`."""
    chosen = drafts.version_with_key(tenant, version)
    if chosen is None:
        raise CallRefused("version", NOT_YOURS)
    return OneTime.of(chosen)


@scope.requires_scope
def require_plannable(tenant: Tenant, one_time: OneTime, changes: Changes, by: User) -> None:
    """Raises `CallRefused` for what could not be placed now either. It is looked at again when its time comes."""
    filled = values.filled(one_time.configuration, changes.variables)
    if errors_of(filled):
        raise CallRefused("version", CANNOT_BE_SENT)
    if words := transfers.refusal(tenant, filled):
        raise CallRefused("version", words)
    if words := rights.refusal_of(tenant, by.pk):
        raise CallRefused("", words)


def as_sent(configuration: Configuration, reference: str) -> Configuration:
    """With our reference in the metadata, by which webhooks name the call."""
    metadata: dict[str, Any] = configuration.get("metadata") or {}
    return for_sending(configuration) | {"metadata": metadata | {"our_ref": reference}}


def draft_name(call: Call) -> str:
    """The name that its draft had when the call was placed."""
    return call.assistant_name.removesuffix(SUFFIX)


def _add_speaker(call: Call, one_time: OneTime, changes: Changes) -> None:
    filled = values.filled(one_time.configuration, changes.variables)
    if errors_of(filled):
        raise CallRefused("version", CANNOT_BE_SENT)
    call.mode = Mode.TRANSIENT
    call.assistant_configuration = as_sent(filled, str(call.pk))
    call.assistant_name = one_time.name
    call.provider = provider_of(filled)
    call.family = family_of(call.provider)
