"""The whole state of the sandbox."""

from dataclasses import dataclass, field
from typing import Any

from . import random_source
from .options import Options
from .records import Assistant, Call, Campaign, Key, Lead, Number, Organization, StoredResource, Vault
from .scenario import ScriptedPerson


@dataclass
class State:
    """`outbox` collects webhooks until the lock is free; `leads` are by campaign id.

    `campaign_queue` is a heap of (due, campaign id); `calls_with_plan` has the ids of calls with coming events.
    """

    seed: str
    serial: int = 0
    base_url: str = "http://sandbox"
    next_background_at: float | None = None  # when background traffic may start a call
    next_retention_at: float = 0.0
    options: Options = field(default_factory=Options)
    organizations: dict[str, Organization] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    assistants: dict[str, Assistant] = field(default_factory=dict)
    trunks: dict[str, StoredResource] = field(default_factory=dict)
    workflows: dict[str, StoredResource] = field(default_factory=dict)
    tool_templates: dict[str, StoredResource] = field(default_factory=dict)
    analysis_templates: dict[str, StoredResource] = field(default_factory=dict)
    mcp_servers: dict[str, StoredResource] = field(default_factory=dict)
    domains: dict[str, StoredResource] = field(default_factory=dict)
    chats: dict[str, StoredResource] = field(default_factory=dict)
    vaults: dict[str, Vault] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    leads: dict[str, list[Lead]] = field(default_factory=dict)
    outcome_by_number: dict[str, str] = field(default_factory=dict)
    scripted_people: dict[str, ScriptedPerson] = field(default_factory=dict)  # of the scenario, by number
    calls_with_plan: dict[str, None] = field(default_factory=dict)
    campaign_queue: list[tuple[float, str]] = field(default_factory=list)
    live_campaign_calls: int = 0
    outbox: list[Any] = field(default_factory=list)

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def new_id(self, kind: str) -> str:
        return random_source.uuid_for(self.seed, kind, self.next_serial())

    def payer(self, org_id: str) -> Organization:
        """The root parent, whose minutes the whole tree uses (§10, §15)."""
        org = self.organizations[org_id]
        while org.parent_org_id:
            org = self.organizations[org.parent_org_id]
        return org

    def live_calls(self) -> list[Call]:
        return [call for call in (self.calls[key] for key in self.calls_with_plan) if call.live]
