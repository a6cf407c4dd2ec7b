"""To whom a call can be transferred with one press: targets named in the client's settings, and those used before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import ExpressionWrapper, FloatField, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Extract
from django.utils import timezone

from dashboard.calls.control import transfer_hours, transfer_targets
from dashboard.calls.control.transfer_hours import Hours
from dashboard.calls.models import Phrase, Receipt, TransferTarget
from dashboard.calls.placing import destinations
from dashboard.ui import phone_numbers
from dashboard.voicedock import CommandType
from tenants import audit, tenant_status
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import NumberDedication, Tenant, User
from tenants.names import isolate

PHRASE, NAMED, USED, LINE = "phrase", "named", "used", "line"
NO_TEXT = Value("", output_field=TextField())
HOURS = ("days", "opens", "closes", "timezone")  # columns of a target
NO_HOURS = [NO_TEXT] * len(HOURS)
MOST_NAMED = 24
MOST_USED = 4  # shown below the named ones
LOOKED_AT = 40  # of the newest transfers
COLLEAGUE = "a colleague"
CHANGED_MEANWHILE = (
    "Somebody changed the list meanwhile, so nothing was saved. It is now: {now}. "
    "What you typed stands below; saving once more puts it in place of that list."
)


class ListChanged(ActionRefused):
    """The list is not the one that the form was made from."""


@dataclass(frozen=True)
class Choice:
    """One row: `announcement` is what is spoken before; `name` is empty for one that was only used before."""

    destination: str
    announcement: str
    name: str = ""
    hours: Hours = transfer_hours.ALWAYS

    @property
    def is_open(self) -> bool:
        return self.hours.are_open(timezone.now())

    @property
    def hours_words(self) -> str:
        return self.hours.state(timezone.now())

    @property
    def refusal(self) -> str:
        """Why nothing is transferred there now, unless the person confirms it."""
        return f"{self.name} takes calls {self.hours.from_when(timezone.now())}. Tick “Transfer anyway” to go on."


def announcement_for(name: str) -> str:
    """What is spoken where nothing else was chosen."""
    return f"I am putting you through to {name or COLLEAGUE}."


@dataclass(frozen=True)
class ComposerTexts:
    """What a client has for its composer: saved phrases, and to whom a call can be transferred with one press."""

    phrases: list[str]
    choices: list[Choice]


def composer_texts(tenant: Tenant) -> ComposerTexts:
    """Both in one query: the composer is read again whenever what one may do changes."""
    found: dict[str, list[tuple[str, ...]]] = {PHRASE: [], NAMED: [], USED: [], LINE: []}
    rows = _rows_of_phrases(tenant).union(
        _rows_of_targets(tenant), _rows_of_transfers(tenant), _rows_of_lines(tenant), all=True
    )
    for kind, _, *texts in sorted(rows, key=lambda row: row[1]):
        found[kind].append(tuple(text or "" for text in texts))
    choices = {
        destination: Choice(
            destination,
            announcement or announcement_for(name),
            name,
            transfer_hours.read(hours, tenant.timezone),
        )
        for name, destination, announcement, *hours in found[NAMED]
    }
    used: dict[str, Choice] = {}
    for _, destination, announcement, *_hours in found[USED]:
        if destination and destination not in choices:
            used.setdefault(destination, Choice(destination, announcement or announcement_for("")))
    listed = [*choices.values(), *list(used.values())[:MOST_USED]]
    own = {texts[1] for texts in found[LINE]}
    return ComposerTexts(
        [texts[0] for texts in found[PHRASE]],
        [choice for choice in listed if _may_be_called(tenant, choice.destination, own)],
    )


def choices(tenant: Tenant) -> list[Choice]:
    """The named targets, then those used lately; only those that may be called now."""
    return composer_texts(tenant).choices


@scope.requires_scope
def named(tenant: Tenant) -> list[TransferTarget]:
    """The targets of the client's settings."""
    return list(TransferTarget.objects.filter(tenant=tenant)[:MOST_NAMED])


def names(tenant: Tenant) -> dict[str, str]:
    """The name of each target by its destination."""
    return {target.destination: target.name for target in named(tenant)}


def fingerprint(targets: Iterable[TransferTarget]) -> str:
    """Names the content of a list, so that a form can tell what it was made from; "" for an empty list."""
    facts = [_facts(target) for target in targets]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest() if facts else ""


@scope.requires_scope
def save(tenant: Tenant, rows: Iterable[Mapping[str, Any]], *, made_from: str, by: User) -> bool:
    """Replace the named targets by these rows of name, destination and announcement; False when nothing differs.

    `made_from` is the fingerprint of the list that the rows were made from; raises `ListChanged` where it is another.
    """
    wanted = [
        TransferTarget(
            tenant=tenant,
            name=row["name"],
            destination=row["destination"],
            announcement=row["announcement"],
            **{name: row[name] for name in HOURS if row.get(name)},
            position=position,
        )
        for position, row in enumerate(rows)
    ]
    tenant_status.lock_tenant(tenant)
    before = named(tenant)
    if list(map(_facts, before)) == list(map(_facts, wanted)):
        return False
    if fingerprint(before) != made_from:
        now = ", ".join(f"{isolate(one.name)} {phone_numbers.grouped(one.destination)}" for one in before)
        raise ListChanged(CHANGED_MEANWHILE.format(now=now or "empty"))
    TransferTarget.objects.filter(tenant=tenant).delete()
    TransferTarget.objects.bulk_create(wanted)
    what = ", ".join(map(_in_words, wanted)) or "nobody"
    audit.record(by, tenant, "tenant.transfer-targets-changed", tenant, what=what)
    return True


def hours_of(target: TransferTarget, default_zone: str) -> Hours:
    zone = target.timezone or default_zone
    return Hours(target.days, target.opens, target.closes, zone)


def _in_words(target: TransferTarget) -> str:
    """`Reception +31205550155 (weekdays 8:30 to 17:30)`, as the audit trail keeps it."""
    hours = hours_of(target, "UTC")
    zone = f", {target.timezone}" if target.timezone else ""
    return f"{target.name} {target.destination}" + ("" if hours.are_always else f" ({hours.words()}{zone})")


def _facts(target: TransferTarget) -> tuple[str, ...]:
    hours = (str(getattr(target, name) or "") for name in HOURS)
    return target.name, target.destination, target.announcement, *hours


def _rows_of_phrases(tenant: Tenant) -> Any:
    """As rows of kind, place, name, destination and announcement, like the two below."""
    found = Phrase.objects.filter(tenant=tenant).order_by("position", "id")
    return found.values_list(
        Value(PHRASE), Cast("position", FloatField()), Cast("text", TextField()), NO_TEXT, NO_TEXT, *NO_HOURS
    )[:MOST_NAMED]


def _rows_of_targets(tenant: Tenant) -> Any:
    columns = (Cast(name, TextField()) for name in ("name", "destination", "announcement", *HOURS))
    found = TransferTarget.objects.filter(tenant=tenant).order_by("position", "id")
    return found.values_list(Value(NAMED), Cast("position", FloatField()), *columns)[:MOST_NAMED]


def _rows_of_transfers(tenant: Tenant) -> Any:
    """The newest transfers that were not refused, the newest with the least place."""
    sent = Receipt.objects.filter(tenant=tenant, command=CommandType.TRANSFER).exclude(outcome=Receipt.Outcome.REFUSED)
    texts = (Coalesce(KeyTextTransform(name, "payload"), NO_TEXT) for name in ("destination", "message"))
    place = ExpressionWrapper(Value(0.0) - Extract("asked_at", "epoch"), output_field=FloatField())
    return sent.order_by("-asked_at").values_list(Value(USED), place, NO_TEXT, *texts, *NO_HOURS)[:LOOKED_AT]


def _rows_of_lines(tenant: Tenant) -> Any:
    """The client's own lines, to which nothing is transferred."""
    found = NumberDedication.objects.open().filter(tenant=tenant).order_by("e164")
    place = Value(0.0, output_field=FloatField())
    return found.values_list(Value(LINE), place, NO_TEXT, Cast("e164", TextField()), NO_TEXT, *NO_HOURS)


def _may_be_called(tenant: Tenant, destination: str, own: Collection[str]) -> bool:
    try:
        transfer_targets.read(tenant, destination, own=own)
    except destinations.NotCallable:
        return False
    return True
