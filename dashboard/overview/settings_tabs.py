"""The tabs of a client's settings: one page each, for whoever may change what stands on it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.models import Tenant

P = Permission
TABS = [  # url name, label, permission
    ("settings", "General", P.MANAGE_SETTINGS),
    ("actions", "Actions", P.MANAGE_ACTIONS),
    ("transfer-targets", "Transfer targets", P.MANAGE_TRANSFER_TARGETS),
    ("call-presets", "Presets", P.MANAGE_PRESETS),
    ("contact-rules", "Contact rules", P.SEE_CALLS),
    ("do-not-call", "Do not call", P.BLOCK_NUMBERS),
]
IS_NO_SETTING = {"contact-rules", "do-not-call"}  # pages of the calls, too: whoever may only see these has no settings


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    url: str
    current: bool


def of(actor: Actor, tenant: Tenant | None, path: str) -> list[Tab]:
    """Those that this person may use; none for whoever may change no setting."""
    if tenant is None:
        return []
    allowed = [(name, label) for name, label, permission in TABS if actor.may(permission)]
    if all(name in IS_NO_SETTING for name, _ in allowed):
        return []
    urls = {name: reverse(name, args=[tenant.slug]) for name, _ in allowed}
    return [Tab(name, label, urls[name], current=urls[name] == path) for name, label in allowed]
