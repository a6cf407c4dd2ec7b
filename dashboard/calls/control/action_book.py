"""The actions of a client: commands that are written beforehand and one key away in the live panel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.calls.control.transfer_book import ListChanged
from dashboard.calls.models import Action
from dashboard.voicedock.commands import label
from tenants import audit, tenant_status
from tenants.isolation import scope
from tenants.models import Tenant, User
from tenants.names import isolate

KEYS = range(1, 10)
FACTS = ("key", "name", "command", "text", "fields", "trigger_response", "end_after", "families")
SHOWN = 80  # characters of a text in the audit trail
CHANGED_MEANWHILE = (
    "Somebody changed the actions meanwhile, so nothing was saved. They are now: {now}. "
    "What you typed stands below; saving once more puts it in place of that list."
)


@scope.requires_scope
def named(tenant: Tenant) -> list[Action]:
    """The actions of the client, by their keys."""
    return list(Action.objects.filter(tenant=tenant))


@scope.requires_scope
def with_key(tenant: Tenant, key: int) -> Action | None:
    return Action.objects.filter(tenant=tenant, key=key).first()


def fingerprint(actions: Iterable[Action]) -> str:
    """Names the content of these actions, so that a form can tell what it was made from; "" for none."""
    facts = [facts_of(action) for action in actions]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest() if facts else ""


def facts_of(action: Action) -> dict[str, Any]:
    return {name: getattr(action, name) for name in FACTS}


@scope.requires_scope
def save(tenant: Tenant, rows: Iterable[Mapping[str, Any]], *, made_from: str, by: User) -> bool:
    """Replace the actions by these rows of `FACTS`; False when nothing differs.

    `made_from` is the fingerprint of the list that the rows were made from; raises `ListChanged` where it is another.
    """
    wanted = sorted((Action(tenant=tenant, **row) for row in rows), key=lambda action: action.key)
    tenant_status.lock_tenant(tenant)
    before = named(tenant)
    if fingerprint(before) == fingerprint(wanted):
        return False
    if fingerprint(before) != made_from:
        now = ", ".join(f"{one.key} {isolate(one.name)}" for one in before)
        raise ListChanged(CHANGED_MEANWHILE.format(now=now or "none"))
    Action.objects.filter(tenant=tenant).delete()
    Action.objects.bulk_create(wanted)
    audit.record(by, tenant, "tenant.actions-changed", tenant, what=_changes(before, wanted))
    return True


def _changes(before: list[Action], after: list[Action]) -> str:
    """`1 SMS code is Context “The code …”; 4 End now removed`."""
    was = {action.key: action for action in before}
    kept = {action.key for action in after}
    new = [one for one in after if one.key not in was or facts_of(one) != facts_of(was[one.key])]
    gone = [f"{one.key} {one.name} removed" for one in before if one.key not in kept]
    return "; ".join([*(f"{one.key} {one.name} is {_in_words(one)}" for one in new), *gone])


def _in_words(action: Action) -> str:
    text = action.text if len(action.text) <= SHOWN else f"{action.text[:SHOWN]}…"
    return f"{label(action.command)} “{text}”" if text else label(action.command)
