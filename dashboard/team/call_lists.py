"""What a client's settings page says of the lists that have pages of their own: how many there are, and their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.calls.models import Action, CallPreset, TransferTarget
from tenants.isolation import scope
from tenants.models import Tenant
from tenants.names import isolate

NAMED = 4  # names in a line; the others are counted


@dataclass(frozen=True)
class CallList:
    """`page` is the name of the URL on which the list is edited."""

    page: str
    label: str
    value: str
    hint: str


@scope.requires_scope
def of(tenant: Tenant) -> list[CallList]:
    actions = (f"{action.key} {isolate(action.name)}" for action in Action.objects.filter(tenant=tenant))
    targets = map(isolate, TransferTarget.objects.filter(tenant=tenant).values_list("name", flat=True))
    presets = map(isolate, CallPreset.objects.filter(tenant=tenant).values_list("name", flat=True))
    return [
        CallList("actions", "Actions", _words(actions), "Commands written beforehand, one press in the live panel."),
        CallList("transfer-targets", "Transfer targets", _words(targets), "To whom a call is handed with one press."),
        CallList("call-presets", "Presets", _words(presets), "Ways to call by name, picked on Call now."),
    ]


def _words(names: Iterable[str]) -> str:
    named = list(names)
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more if named else "None yet"
