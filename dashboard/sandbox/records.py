"""The records of the sandbox's state, as plain dataclasses that a snapshot can write."""

from dataclasses import dataclass, field
from typing import Any

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
    settings: dict[str, Any]
    created_at: float
    updated_at: float

    @property
    def name(self) -> str:
        return str(self.settings["name"])


@dataclass
class StoredResource:
    """A record that is only stored and returned: trunks, workflows, templates, servers, domains, chats.

    `settings` holds the vendor's fields; `write_only` those that are accepted and never returned.
    """

    id: str
    org_id: str
    settings: dict[str, Any]
    created_at: float
    updated_at: float
    write_only: dict[str, Any] = field(default_factory=dict)


@dataclass
class Vault:
    """One organization's keys at other providers (§9.7): provider → id of the key, and provider → settings."""

    org_id: str
    secrets: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.org_id


@dataclass
class Call:
    """`plan` has the coming events (see `call_plan`), `report_data` what the report will contain.

    `config` is the assistant as resolved for this call; it is dropped once the report is sent.
    """

    id: str
    org_id: str
    direction: str
    counterpart_number: str  # "" once the metadata period is over
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
    analysis: dict[str, Any] | None = None
    messages: list[Any] = field(default_factory=list)
    content_removed: bool = False
    reported: bool = False
    plan: list[Any] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    report_data: dict[str, Any] = field(default_factory=dict)
    provider: str = "openai"
    outcome: str = "conversation"
    commands: int = 0
    campaign_id: str | None = None
    lead_id: str | None = None
    pending_webhook: dict[str, Any] = field(default_factory=dict)  # its id, name, until, tool

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
    """`next_at` is when the engine runs it again; None while it waits for a call to end or does not run.

    `renews`: the background traffic continues it with a new list of leads once it is completed.
    """

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
    variables: dict[str, Any]
    created_at: float
    status: str = "pending"
    call_id: str | None = None
    attempts: int = 0
    last_attempt_at: float | None = None
    retry_at: float | None = None
