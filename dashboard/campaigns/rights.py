"""The dedications a campaign depends on: what they are now, and whether they became worse since it was started.

VoiceDock chooses the number of each call itself (`voicedock-api.md §6.5`), so the numbers of the whole organization
count. All functions run inside a scope that covers all clients.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.campaigns.models import Campaign, PauseCause
from tenants.isolation import scope
from tenants.models import AssistantDedication, Number, NumberDedication, Tenant


@dataclass(frozen=True)
class Rights:
    """`assistant` is the open dedication of the campaign's assistant to its client. `own` and `foreign` are open
    dedications of numbers in its organization: those of its client, and those of other clients. All are ids; `home` is
    the id of its client's home connection."""

    assistant: int | None
    own: frozenset[int]
    foreign: frozenset[int]
    home: int | None

    def as_json(self) -> dict[str, Any]:
        return {
            "assistant": self.assistant,
            "own": sorted(self.own),
            "foreign": sorted(self.foreign),
            "home": self.home,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Rights:
        return cls(kept["assistant"], frozenset(kept["own"]), frozenset(kept["foreign"]), kept["home"])


@scope.requires_scope
def rights_of(campaigns: Iterable[Campaign]) -> dict[int, Rights]:
    """By the campaign's id, with three queries for any number of campaigns."""
    campaigns = list(campaigns)
    assistants = AssistantDedication.objects.open().filter(
        assistant__in={campaign.assistant_id for campaign in campaigns}, assistant__vanished_at=None
    )
    held = {(row.assistant_id, row.tenant_id): row.pk for row in assistants}
    numbers: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
    open_dedications = NumberDedication.objects.open().filter(
        connection__in={campaign.connection_id for campaign in campaigns}
    )
    for connection, pk, tenant, gone in open_dedications.values_list(
        "connection_id", "pk", "tenant_id", "number__vanished_at"
    ):
        numbers[connection].append((pk, tenant, gone is not None))
    homes = dict(
        Tenant.objects.filter(pk__in={campaign.tenant_id for campaign in campaigns}).values_list(
            "pk", "home_connection_id"
        )
    )
    return {campaign.pk: _rights(campaign, held, numbers[campaign.connection_id], homes) for campaign in campaigns}


def _rights(
    campaign: Campaign,
    assistants: dict[tuple[int, int], int],
    numbers: list[tuple[int, int, bool]],
    homes: Mapping[int, int | None],
) -> Rights:
    owner = campaign.tenant_id
    return Rights(
        assistant=assistants.get((campaign.assistant_id or 0, owner or 0)),
        own=frozenset(pk for pk, tenant, gone in numbers if tenant == owner and not gone),
        foreign=frozenset(pk for pk, tenant, _ in numbers if tenant != owner),
        home=homes.get(owner or 0),
    )


def worsened(then: Rights, now: Rights) -> PauseCause | None:
    """Why a campaign that was started under `then` must not go on under `now`; None when nothing became worse."""
    if now.assistant is None or now.assistant != then.assistant:
        return PauseCause.ASSISTANT
    if then.own - now.own:
        return PauseCause.NUMBER_RELEASED
    if now.foreign - then.foreign:
        return PauseCause.NUMBER_DEDICATED
    if now.home != then.home:
        return PauseCause.MOVED
    return None


@dataclass(frozen=True)
class Risk:
    """What staff confirm before such a campaign calls: the numbers it could call from that are not its client's.

    `foreign` are (number, client's name), `unassigned` are numbers of no client; `made_foreign_calls` if it did before.
    """

    token: str
    foreign: list[tuple[str, str]]
    unassigned: list[str]
    made_foreign_calls: bool


def risk_token(campaign: Campaign, present: Rights) -> str:
    """Identifies the risk that is shown, so that a confirmation counts for this risk only; "" for no risk."""
    before = campaign.pause_cause == PauseCause.FOREIGN_CALL
    if not present.foreign and not before:
        return ""
    stated = f"{before} {sorted(present.foreign)}"
    return hashlib.sha256(stated.encode()).hexdigest()[:16]


@scope.requires_scope
def risk_of(campaign: Campaign, present: Rights) -> Risk:
    """What staff confirm before a campaign calls from a shared organization."""
    held = NumberDedication.objects.open().filter(connection=campaign.connection_id)
    foreign = held.filter(pk__in=present.foreign).order_by("tenant__name", "e164")
    free = Number.objects.filter(connection=campaign.connection_id, vanished_at=None)
    return Risk(
        token=risk_token(campaign, present),
        foreign=list(foreign.values_list("e164", "tenant__name")),
        unassigned=list(free.exclude(pk__in=held.values("number")).order_by("e164").values_list("e164", flat=True)),
        made_foreign_calls=campaign.pause_cause == PauseCause.FOREIGN_CALL,
    )
