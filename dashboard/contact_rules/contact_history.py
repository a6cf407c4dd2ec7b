"""How often people were called: asked of the apps that call them, which stand above this one and register here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.models import Tenant


@dataclass(frozen=True)
class Asking:
    """What asks: itself does not count. Ids of a call, of campaigns, and of the draft of one.

    A draft that tries the people of campaigns once more asks for these campaigns too.
    """

    call: UUID | None = None
    campaigns: tuple[int, ...] = ()
    draft: int | None = None


@dataclass(frozen=True)
class EarlierCampaign:
    """`called_at` is None for a person whom it has not called yet."""

    name: str
    called_at: datetime | None


Attempts = Callable[[Tenant, Sequence[str], datetime, Asking], Mapping[str, Sequence[datetime]]]
Campaigns = Callable[[Tenant, Sequence[str], datetime, Asking], Mapping[str, EarlierCampaign]]
_attempts: list[Attempts] = []
_campaigns: list[Campaigns] = []


def count_with(attempts: Attempts) -> None:
    """Register who knows when numbers were called, in one statement for any count of them."""
    _attempts.append(attempts)


def find_campaigns_with(campaigns: Campaigns) -> None:
    """Register who knows the campaigns of numbers, in one statement for any count of them."""
    _campaigns.append(campaigns)


def attempts(tenant: Tenant, numbers: Sequence[str], since: datetime, asking: Asking) -> dict[str, list[datetime]]:
    """When each of these numbers was called since then, from the first on. Inside a scope of the client."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for provider in _attempts:
        for number, moments in provider(tenant, numbers, since, asking).items():
            found[number].extend(moments)
    return {number: sorted(moments) for number, moments in found.items()}


def campaigns(tenant: Tenant, numbers: Sequence[str], since: datetime, asking: Asking) -> dict[str, EarlierCampaign]:
    """Another campaign that has called each number since then, or is to call it. Inside a scope of the client."""
    found: dict[str, EarlierCampaign] = {}
    for provider in _campaigns:
        found |= provider(tenant, numbers, since, asking)
    return found
