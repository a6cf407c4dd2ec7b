"""Place a call: the request is validated and stored before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard.calls.models import UNCERTAIN, Call, Mode, PlannedCall
from dashboard.calls.placing import claims, destinations, overrides, refusals, sending
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.placing.claims import ALREADY
from dashboard.calls.placing.number_rules import Rule
from dashboard.calls.placing.saved_assistants import SavedAssistant, saved_assistants
from dashboard.calls.placing.sending import send, with_relations
from dashboard.calls.transitions import record_transition
from dashboard.contact_rules import rules as contact_rules
from dashboard.contact_rules.verdict import Rule as ContactRule
from dashboard.contact_rules.verdict import to_stored
from dashboard.rate_limits import limiter
from dashboard.sync import text_lengths
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import AssistantDedication, Number, NumberDedication, Tenant, User

__all__ = ["CallRefused", "place", "request", "send"]

NO_CHANGES = Changes()
NO_CREDIT = (
    "VoiceDock reported that no credit is left, and refuses calls then. Your account team can add some. You may try: "
    "the balance is as old as the last sync."
)
NOT_AS_SHOWN = (
    "This assistant was set up differently when this page showed what will be sent. Look at it again, and place the "
    "call if it is right."
)
OTHER_CONTENT = "This form has already placed another call. Open Call now anew and type it again."
NO_LONGER_PLANNED = "This planned call was changed, cancelled or taken by somebody else meanwhile. Nothing was dialed."
OTHER_PLAN = "This form has already planned another call. Open Call now anew and type it again."
NOT_YOURS = "Choose one of those shown here: the one that was sent is not assigned to you. Nothing was dialed."
DIFFERENT_CONNECTIONS = "This assistant cannot speak on that line. Choose another line or assistant."
OWN_NUMBER = "This number is one of ours: an assistant would call itself. Type the number of a person."
ID_TOO_LONG = "VoiceDock’s id of this one is too long for Patchbay, so it cannot be called with. Choose another."
NOT_CERTAIN = (
    "It is not certain whether the last call to this number was placed. Decide that one first, so that nobody is "
    "called twice."
)


@dataclass(frozen=True)
class CallablePerson:
    """A number (E.164), the contact rules that a reason sets aside for it, and the version of those that were asked."""

    number: str
    overridden: tuple[ContactRule, ...]
    rules_version: str


class CallRefused(ActionRefused):
    """Nothing was written or dialed. `field` is destination, number, assistant, a change (`Changes`), or "".

    `may_pass`: the same call may be possible a little later, without anybody's doing. `overridable`: so it is for
    those who may, with a reason to set these rules aside.
    """

    def __init__(
        self, field: str, message: str, *, may_pass: bool = False, overridable: tuple[ContactRule, ...] = ()
    ) -> None:
        super().__init__(message)
        self.field, self.may_pass, self.overridable = field, may_pass, overridable


class NoLongerPlanned(CallRefused):
    """The planned call was changed, cancelled, or taken by another worker since this attempt took it."""

    def __init__(self) -> None:
        super().__init__("", NO_LONGER_PLANNED)


class NotAsShown(CallRefused):
    """The saved assistant is set up differently than the person saw it: somebody looks at it again."""

    def __init__(self) -> None:
        super().__init__("", NOT_AS_SHOWN)


def place(
    tenant: Tenant,
    *,
    by: User | None,
    number: int,
    assistant: int,
    destination: str,
    token: UUID,
    changes: Changes = NO_CHANGES,
    shown: str = "",
    preset: str = "",
    override_reason: str = "",
    known_rules: Collection[ContactRule] = (),
    of_plan: PlannedCall | None = None,
) -> Call:
    """Place a call; `number` and `assistant` are ids of the tenant's dedications. Opens scopes of its own.

    The same token is the same call: a second one returns what the first one made. `shown` is the fingerprint of the
    saved assistant from which the person saw what will be sent; `preset` the name of the preset that it is made with;
    `override_reason` why calling hours and attempts refuse nothing, of somebody who may say so, and `known_rules` which
    of them that person had read. Raises `CallRefused`.
    """
    call, new = request(
        tenant,
        by=by,
        number=number,
        assistant=assistant,
        destination=destination,
        token=token,
        changes=changes,
        shown=shown,
        preset=preset,
        override_reason=override_reason,
        known_rules=known_rules,
        of_plan=of_plan,
    )
    return sending.attempt(call) if new else call


@scope.opens_scope
def request(
    tenant: Tenant,
    *,
    by: User | None,
    number: int,
    assistant: int,
    destination: str,
    token: UUID,
    changes: Changes = NO_CHANGES,
    shown: str = "",
    preset: str = "",
    override_reason: str = "",
    known_rules: Collection[ContactRule] = (),
    not_after: datetime | None = None,
    of_plan: PlannedCall | None = None,
) -> tuple[Call, bool]:
    """Store the call without sending it. Returns it and whether it is new. Opens scopes of its own.

    A call that could not be sent until `not_after` is never sent. `of_plan`: the planned call that it is, as this
    attempt has taken it; one that somebody changed since makes no call (`NoLongerPlanned`).
    """
    person = callable_person(tenant, destination, by, override_reason, known_rules)

    def made(now: Tenant) -> tuple[Call, dict[str, str]]:
        if PlannedCall.objects.filter(tenant=now, token=token).exists():
            raise CallRefused("", OTHER_PLAN)
        line, speaker = rights(tenant, number, assistant)
        saved = saved_assistants([speaker])[speaker.pk]
        override = _override(changes, saved, shown)
        call = new_call(now, line, person, token, by)
        _add_speaker(call, speaker)
        call.mode = Mode.HYBRID if override else Mode.REFERENCE
        call.overrides, call.preset_name, call.not_after = changes.to_json(), preset, not_after
        call.assistant_override = saved.with_reference(override, str(call.pk))
        if person.overridden:
            call.overridden_rule, call.override_reason = to_stored(person.overridden), override_reason
        changed = {"changes": joined(changes.words())} if changes else {}
        return call, changed | ({"preset": preset} if preset else {})

    return store(tenant, token, (number, assistant, person.number, changes.to_json()), made, by=by, of_plan=of_plan)


Wanted = tuple[int, int | None, str, dict[str, Any]]  # line, assistant, person, and what was chosen besides


@scope.opens_scope
def store(
    tenant: Tenant,
    token: UUID,
    wanted: Wanted,
    make: Callable[[Tenant], tuple[Call, dict[str, str]]],
    *,
    by: User | None,
    of_plan: PlannedCall | None = None,
) -> tuple[Call, bool]:
    """Store the call that `make` returns, with details for the audit trail, unless this token has made one already.

    `make` gets the client as it is now, and raises `CallRefused`; it is called in a scope of the client.
    """
    counterpart = wanted[2]
    with scope.for_tenant(tenant):
        if (existing := _by_token(tenant, token)) is not None:
            return _require_same_request(existing, wanted), False
        now = Tenant.objects.get(pk=tenant.pk)
        call, details = make(now)
        if refusal := _blocking_reason(now, counterpart):
            if (existing := _by_token(tenant, token)) is not None:  # the same form, submitted concurrently
                return _require_same_request(existing, wanted), False
            raise refusal
        if of_plan is not None:
            _require_taken(of_plan)
        Call.objects.bulk_create([call], ignore_conflicts=True)
        if not Call.objects.filter(pk=call.pk, tenant_id=tenant.pk).exists():
            if (existing := _by_token(tenant, token)) is None:
                raise CallRefused("destination", ALREADY, may_pass=True)
            return _require_same_request(existing, wanted), False
        record_transition(call, "call.asked", by=by, line=call.line, assistant=call.assistant_name, **details)
        if call.overridden_rule:
            why = {"rule": call.overridden_rule_words, "why": call.override_reason}
            record_transition(call, "call.rule-overridden", by=by, **why)
    return call, True


def _require_taken(planned: PlannedCall) -> None:
    """The row is locked until the call is stored: a worker that stalled for long places nothing that was changed."""
    rows = PlannedCall.objects.select_for_update(of=("self",)).filter(pk=planned.pk, tenant_id=planned.tenant_id)
    if not rows.filter(state=PlannedCall.State.PLACING, attempt=planned.attempt).values_list("pk").first():
        raise NoLongerPlanned


@scope.requires_scope
def blocking_reason(tenant: Tenant) -> str:
    """Why this client can place no calls now, or "": shown on the page before a call is requested. Inside its scope.

    VoiceDock refuses calls on a connection without credit; the reason is given when the last balance shows none.
    """
    now = Tenant.objects.select_related("home_connection").get(pk=tenant.pk)
    if words := claims.blocking_reason(now):
        return words
    connection = now.home_connection
    is_empty = connection is not None and connection.minutes_balance is not None and connection.minutes_balance <= 0
    return NO_CREDIT if is_empty else ""


def may_be_offered(tenant: Tenant, counterpart: str) -> bool:
    """Whether to offer another call to this number, by what is known without a query."""
    return tenant.may_dial and not why_not_offered(tenant, counterpart)


def why_not_offered(tenant: Tenant, counterpart: str) -> str:
    """Why no call to this number is offered, such as its country; "" also where the client can place no call at all."""
    try:
        destinations.read_for(tenant, counterpart)
    except destinations.NotCallable as error:
        return str(error) if tenant.may_dial else ""
    return ""


@scope.opens_scope
def callable_person(
    tenant: Tenant,
    destination: str,
    by: User | None,
    override_reason: str = "",
    known_rules: Collection[ContactRule] = (),
) -> CallablePerson:
    """Whom this client may call. `known_rules` are those that the reason was given for.

    Opens scopes of its own; raises `CallRefused`.
    """
    try:
        counterpart = destinations.read_for(tenant, destination)
    except destinations.NotAllowed as error:
        refusals.record(tenant, error, by=by)
        raise CallRefused("destination", str(error)) from None
    except destinations.NotCallable as error:
        raise CallRefused("destination", str(error)) from None
    with scope.for_system("no assistant calls another, and nobody who asked not to be called"):
        if Number.objects.filter(e164=counterpart, vanished_at=None).exists():
            raise CallRefused("destination", OWN_NUMBER)
        verdict, overridden = contact_rules.verdict_with_reason(tenant, counterpart, None, override_reason, known_rules)
    if verdict.refusal:
        refusals.record(tenant, destinations.NotAllowed(verdict.refusal, Rule.DO_NOT_CALL, counterpart), by=by)
        passes, overridable = verdict.passes, verdict.overridable
        raise CallRefused("destination", verdict.refusal, may_pass=passes, overridable=overridable)
    return CallablePerson(counterpart, overridden, verdict.version)


@scope.requires_scope
def rights(tenant: Tenant, number: int, assistant: int) -> tuple[NumberDedication, AssistantDedication]:
    """The client's own open dedications with these ids, which can meet in a call. Raises `CallRefused`."""
    speakers = AssistantDedication.objects.open().select_related("assistant")
    line = line_of(tenant, number)
    speaker = speakers.filter(tenant=tenant, pk=assistant).first()
    if speaker is None:
        raise CallRefused("assistant", NOT_YOURS)
    if text_lengths.is_cut(speaker.assistant.remote_id):
        raise CallRefused("assistant", ID_TOO_LONG)
    if line.connection_id != speaker.connection_id:
        raise CallRefused("assistant", DIFFERENT_CONNECTIONS)
    return line, speaker


@scope.requires_scope
def line_of(tenant: Tenant, number: int) -> NumberDedication:
    """The client's own open line with this id. Raises `CallRefused`."""
    lines = NumberDedication.objects.open().select_related("number", "connection")
    line = lines.filter(tenant=tenant, pk=number).first()
    if line is None:
        raise CallRefused("number", NOT_YOURS)
    if text_lengths.is_cut(line.number.remote_id):
        raise CallRefused("number", ID_TOO_LONG)
    return line


def _override(changes: Changes, saved: SavedAssistant, shown: str) -> dict[str, Any]:
    if not changes:
        return {}
    try:
        override = overrides.compose(changes, saved)
    except overrides.ChangeRefused as error:
        raise CallRefused(error.field, error.message, may_pass=True) from None
    if shown and shown != saved.fingerprint and overrides.needs_copy(changes, override):
        raise NotAsShown
    return override


def _blocking_reason(tenant: Tenant, counterpart: str) -> CallRefused | None:
    """Why this client may not call this person now."""
    if words := claims.blocking_reason(tenant):
        return CallRefused("", words, may_pass=tenant.status == Tenant.Status.ACTIVE)
    under_way = Call.objects.filter(tenant=tenant, counterpart=counterpart, origin=Call.Origin.PLACED).live()
    state = under_way.values_list("state", flat=True).first()
    if state is not None:
        return CallRefused("destination", NOT_CERTAIN if state in UNCERTAIN else ALREADY, may_pass=True)
    return None


def new_call(tenant: Tenant, line: NumberDedication, person: CallablePerson, token: UUID, by: User | None) -> Call:
    """An unsaved call from this line, without what speaks in it."""
    place = destinations.place_of(person.number)
    return Call(
        tenant=tenant,
        connection=line.connection,
        number_dedication=line,
        origin=Call.Origin.PLACED,
        direction="outbound",
        counterpart=person.number,
        destination_country=place.country,
        destination_kind=place.kind,
        line=line.e164,
        rules_version=person.rules_version,
        client_token=token,
        requested_by=by,
        created_at=limiter.clock(),
    )


def _add_speaker(call: Call, speaker: AssistantDedication) -> None:
    call.assistant_dedication = speaker
    call.provider, call.family = speaker.assistant.provider, speaker.assistant.family
    call.assistant_name, call.assistant_remote_id = speaker.assistant.name, speaker.assistant.remote_id


def _require_same_request(call: Call, wanted: Wanted) -> Call:
    then = (call.number_dedication_id, call.assistant_dedication_id, call.counterpart, call.overrides)
    if then != wanted:
        raise CallRefused("", OTHER_CONTENT)
    return call


def _by_token(tenant: Tenant, token: UUID) -> Call | None:
    """The call that this form has created; the joins are only read when there is one, which is rare."""
    found = Call.objects.filter(tenant_id=tenant.pk, client_token=token).values_list("pk", flat=True).first()
    return with_relations().get(pk=found) if found else None
