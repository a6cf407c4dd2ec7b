"""Everything the sandbox remembers, as plain records that a snapshot can write down."""

from dataclasses import dataclass, field
from typing import Any

from . import chance
from .switches import Switches

LIVE = ("dialing", "connecting", "ringing", "in-progress")


@dataclass
class Organization:
    id: str
    name: str
    parent_org_id: str | None
    created_at: float
    minutes_balance: float = 0.0
    webhook_url: str | None = None
    content_retention_days: int = 365
    metadata_retention_days: int = 365


@dataclass
class Key:
    """`state` is active, expired or revoked."""

    key: str
    org_id: str
    state: str = "active"


@dataclass
class Number:
    id: str
    org_id: str
    phone_number: str
    created_at: float
    updated_at: float
    name: str | None = None
    business_name: str | None = None
    agent_id: str | None = None
    transfer_trunk_id: str | None = None
    workflow_id: str | None = None
    is_active: bool = True


@dataclass
class Assistant:
    """`settings` holds the vendor's fields of §8, the name among them."""

    id: str
    org_id: str
    settings: dict
    created_at: float
    updated_at: float

    @property
    def name(self) -> str:
        return self.settings["name"]


@dataclass
class Kept:
    """A record that is stored and told again, nothing more: trunks, workflows, templates, servers, domains, chats.

    `settings` holds the vendor's fields; `sealed` what is written and never told.
    """

    id: str
    org_id: str
    settings: dict
    created_at: float
    updated_at: float
    sealed: dict = field(default_factory=dict)


@dataclass
class Vault:
    """One organization's keys at other providers (§9.7): provider → id of the key, and provider → settings."""

    org_id: str
    secrets: dict = field(default_factory=dict)
    config: dict = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.org_id


@dataclass
class Call:
    """`plan` is what is still to happen: `[unix seconds, event, data]`, soonest first. `config` is the assistant as
    resolved for this call; it is forgotten once the report is out. `closing` is what the report will say."""

    id: str
    org_id: str
    direction: str
    person: str  # "" once the metadata period is over
    number_id: str | None
    our_number: str | None
    assistant_id: str | None
    assistant_name: str | None
    business_name: str | None
    created_at: float
    updated_at: float
    status: str = "dialing"
    started_at: float | None = None
    ended_at: float | None = None
    end_reason: str | None = None
    error: str | None = None
    summary: str | None = None
    analysis: dict | None = None
    messages: list = field(default_factory=list)
    content_removed: bool = False
    reported: bool = False
    plan: list = field(default_factory=list)
    config: dict = field(default_factory=dict)
    closing: dict = field(default_factory=dict)
    provider: str = "openai"
    outcome: str = "conversation"
    commands: int = 0
    campaign_id: str | None = None
    lead_id: str | None = None
    question: dict = field(default_factory=dict)  # what it waits for: id, name, until, tool

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def seconds(self) -> int | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0, round(self.ended_at - self.started_at))


@dataclass
class Campaign:
    """`next_at` is when the engine looks at it again; None while it waits for a call to end or does not run.
    `renews` has the demo load a new list when it is through."""

    id: str
    org_id: str
    name: str
    agent_id: str
    schedule_start_time: str
    schedule_end_time: str
    timezone: str
    created_at: float
    updated_at: float
    status: str = "draft"
    system_message_template: str | None = None
    next_at: float | None = None
    gap_seconds: float = 12.0
    renews: bool = False
    version: int = 0


@dataclass
class Lead:
    id: str
    campaign_id: str
    phone_number: str
    variables: dict
    created_at: float
    status: str = "pending"
    call_id: str | None = None
    attempts: int = 0
    last_attempt_at: float | None = None
    retry_at: float | None = None


@dataclass
class World:
    """`outbox` collects webhooks until the lock is free; `ambient_at` is when the next bystander may call."""

    seed: str
    serial: int = 0
    address: str = "http://sandbox"  # where it listens
    ambient_at: float | None = None
    retention_at: float = 0.0  # when old calls are looked through again
    switches: Switches = field(default_factory=Switches)
    organizations: dict[str, Organization] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    assistants: dict[str, Assistant] = field(default_factory=dict)
    trunks: dict[str, Kept] = field(default_factory=dict)
    workflows: dict[str, Kept] = field(default_factory=dict)
    tool_templates: dict[str, Kept] = field(default_factory=dict)
    analysis_templates: dict[str, Kept] = field(default_factory=dict)
    mcp_servers: dict[str, Kept] = field(default_factory=dict)
    domains: dict[str, Kept] = field(default_factory=dict)
    chats: dict[str, Kept] = field(default_factory=dict)
    vaults: dict[str, Vault] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    leads: dict[str, list[Lead]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    scripted: dict[str, Any] = field(default_factory=dict)  # a scenario's people, by number
    planned: dict[str, None] = field(default_factory=dict)
    queue: list[tuple[float, str]] = field(default_factory=list)  # a heap of campaigns by when they are due
    campaign_calls: int = 0  # live now
    outbox: list = field(default_factory=list)

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def new_id(self, kind: str) -> str:
        return chance.uuid_of(self.seed, kind, self.next_serial())

    def payer(self, org_id: str) -> Organization:
        """The root parent, whose minutes the whole tree uses (§10, §15)."""
        org = self.organizations[org_id]
        while org.parent_org_id:
            org = self.organizations[org.parent_org_id]
        return org

    def live_calls(self) -> list[Call]:
        return [call for call in (self.calls[key] for key in self.planned) if call.live]
