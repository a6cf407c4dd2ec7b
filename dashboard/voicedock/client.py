"""The client of VoiceDock's API, one method for each endpoint in use (`docs/voicedock-api.md §3`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from types import TracebackType
from typing import Any, Self

import httpx

from . import envelopes, errors, requests
from .commands import Command
from .exchange import Exchange, Permit, RateLimit
from .outbound import outbound
from .records import (
    Accepted,
    CreatedOrganization,
    Listing,
    Page,
    PlacedCall,
    RemoteAssistant,
    RemoteCall,
    RemoteCampaign,
    RemoteHealth,
    RemoteLead,
    RemoteNumber,
    RemoteOrganization,
    RemoteUsage,
    UsageEntry,
)

SETTABLE = frozenset({"draft", "scheduled", "paused", "cancelled"})  # only VoiceDock sets `completed` (`§6.3`)
CAMPAIGN_FIELDS = {  # our names → VoiceDock's
    "name": "name",
    "status": "status",
    "template": "system_message_template",
    "starts": "schedule_start_time",
    "ends": "schedule_end_time",
    "timezone": "timezone",
}


class Client:
    """A client for one organization, that of the key. Not thread-safe.

    `permit(method, path)` is called before each attempt, repeats included; its exceptions prevent the attempt.
    `timeout` is seconds for one attempt as a whole. `max_wait` is how long a read waits after a 429.
    `until`, a moment of `time.monotonic`, limits all requests together: attempts end at it, and none begins after it.
    Methods raise only `VoiceDockError`; arguments that make no sense raise `Invalid` before anything is sent.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str,
        permit: Permit | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30.0,
        max_wait: float = 2.0,
        until: float | None = None,
    ) -> None:
        self._base_url = base_url
        self._exchange = Exchange(api_key, base_url, permit, transport, timeout, max_wait, until)

    def __repr__(self) -> str:
        return f"<voicedock.Client of {self._base_url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._exchange.close()

    @property
    def limits(self) -> RateLimit | None:
        """The rate limit headers of the last response."""
        return self._exchange.limits

    # --- the organization

    def organization(self, include_children: bool = False) -> RemoteOrganization:
        """The organization of the key; children have only their name and id (`§9.1`)."""
        params = {"include_children": "true"} if include_children else None
        data = self._ask("GET", "organizations", params=params)
        return RemoteOrganization.read(envelopes.unwrap(data, "organization"))

    def create_organization(self, name: str, parent_id: str | None = None) -> CreatedOrganization:
        """Create an organization, billed to its parent; its key is only in this response. Sent once."""
        body = {"name": requests.required_text(name, "Give the organization a name.", "name")}
        data = self._ask("POST", "organizations", json=body | ({"parent_org_id": parent_id} if parent_id else {}))
        return CreatedOrganization.read(envelopes.unwrap(data, "organization"))

    def usage(
        self,
        limit: int = 100,
        offset: int = 0,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> RemoteUsage:
        """A page of usage entries, and the sums (`§9.2`)."""
        params = requests.paging(limit, offset) | requests.period(start, end)
        data = self._ask("GET", "usage", params=params)
        return RemoteUsage.read(data, envelopes.read_page(data, ("logs", "usage"), UsageEntry.read, limit, offset))

    def health(self) -> RemoteHealth:
        """Whether VoiceDock works; needs no key. Raises only `Unreachable`."""
        try:
            data = self._ask("GET", "health", authenticated=False)
        except errors.Unreachable:
            raise
        except errors.VoiceDockError as error:
            return RemoteHealth(False, str(error))
        return RemoteHealth.read(data)

    # --- numbers and assistants

    def numbers(self) -> Listing[RemoteNumber]:
        return envelopes.read_each(envelopes.unwrap_list(self._ask("GET", "numbers"), "numbers"), RemoteNumber.read)

    def assistants(self) -> Listing[RemoteAssistant]:
        data = self._ask("GET", "assistants")
        return envelopes.read_each(envelopes.unwrap_list(data, "assistants", "agents"), RemoteAssistant.read)

    def assistant(self, id: str) -> RemoteAssistant:
        return RemoteAssistant.read(envelopes.unwrap(self._ask("GET", "assistants", id), "assistant", "agent"))

    def update_assistant(self, id: str, **fields: Any) -> RemoteAssistant:
        """Change these fields, by VoiceDock's names (`§8`); None clears a field. Sent once."""
        requests.require_fields(fields)
        data = self._ask("PATCH", "assistants", id, json=fields)
        return RemoteAssistant.read(envelopes.unwrap(data, "assistant", "agent"))

    # --- calls

    def calls(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        status: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Page[RemoteCall]:
        """A page with transcripts; the order is not documented (`§5.2`)."""
        params = requests.paging(limit, offset) | ({"status": status} if status else {}) | requests.period(start, end)
        data = self._ask("GET", "calls", params=params)
        return envelopes.read_page(data, ("calls",), RemoteCall.read, limit, offset)

    def call(self, id: str) -> RemoteCall:
        return RemoteCall.read(envelopes.unwrap(self._ask("GET", "calls", id), "call"))

    def place_call(
        self,
        *,
        number_id: str,
        destination: str,
        assistant_id: str | None = None,
        assistant_override: Mapping[str, Any] | None = None,
        assistant: Mapping[str, Any] | None = None,
        first_message: str | None = None,
    ) -> PlacedCall:
        """Dial. Sent once, over a new connection: VoiceDock cannot recognize a repeated request (`§1.6`).

        With a saved assistant, a saved one with whole blocks overridden, or one defined for this call.
        """
        body = outbound(number_id, destination, assistant_id, assistant_override, assistant, first_message)
        return PlacedCall.read(self._ask("POST", "calls", "outbound", json=body))

    def control_call(self, call_id: str, command: Command) -> Accepted:
        """Send a command once: a repeated `transfer` or `say` would be heard twice by the person called."""
        return Accepted.read(self._ask("POST", "calls", call_id, "control", json=command.body(), control=True))

    # --- campaigns

    def campaigns(self) -> Listing[RemoteCampaign]:
        return envelopes.read_each(
            envelopes.unwrap_list(self._ask("GET", "campaigns"), "campaigns"), RemoteCampaign.read
        )

    def campaign(self, id: str) -> RemoteCampaign:
        return RemoteCampaign.read(envelopes.unwrap(self._ask("GET", "campaigns", id), "campaign"))

    def create_campaign(
        self,
        *,
        name: str,
        assistant_id: str,
        starts: time,
        ends: time,
        timezone: str,
        template: str = "",
        leads: Iterable[tuple[str, Mapping[str, Any]]] = (),
    ) -> RemoteCampaign:
        """Create a draft; `leads` are (phone number, variables). Only here can many be sent at once (`§6.2`)."""
        body: dict[str, Any] = {
            "name": requests.required_text(name, "Give the campaign a name.", "name"),
            "agent_id": requests.required_text(assistant_id, "Choose the assistant that calls.", "assistant_id"),
            "schedule_start_time": requests.wall_time(starts),
            "schedule_end_time": requests.wall_time(ends),
            "timezone": requests.required_text(timezone, "Choose the time zone of the campaign.", "timezone"),
        }
        listed = [requests.lead(phone_number, variables) for phone_number, variables in leads]
        body |= ({"system_message_template": template} if template else {}) | ({"leads": listed} if listed else {})
        return RemoteCampaign.read(envelopes.unwrap(self._ask("POST", "campaigns", json=body), "campaign"))

    def update_campaign(self, id: str, **fields: Any) -> RemoteCampaign:
        """Change any of name, status, template, starts, ends, timezone. `status="scheduled"` starts it. Sent once."""
        requests.require_fields(fields)
        if other := fields.keys() - CAMPAIGN_FIELDS:
            raise errors.Invalid("A campaign cannot be changed in that way.", param=min(other))
        if "status" in fields and str(fields["status"]) not in SETTABLE:
            raise errors.Invalid("A campaign can be started, paused, cancelled or made a draft again.", param="status")
        body = {
            CAMPAIGN_FIELDS[name]: requests.wall_time(one) if isinstance(one, time) else one
            for name, one in fields.items()
        }
        return RemoteCampaign.read(envelopes.unwrap(self._ask("PATCH", "campaigns", id, json=body), "campaign"))

    def delete_campaign(self, id: str) -> None:
        self._ask("DELETE", "campaigns", id)

    def leads(self, campaign_id: str) -> Listing[RemoteLead]:
        """All leads, the oldest first; there are no pages (`§6.2`)."""
        data = self._ask("GET", "campaigns", campaign_id, "leads")
        return envelopes.read_each(envelopes.unwrap_list(data, "leads"), RemoteLead.read)

    def add_lead(self, campaign_id: str, phone_number: str, variables: Mapping[str, Any] | None = None) -> RemoteLead:
        """Add one person. Sent once: VoiceDock may not recognize a repeat."""
        data = self._ask("POST", "campaigns", campaign_id, "leads", json=requests.lead(phone_number, variables or {}))
        return RemoteLead.read(envelopes.unwrap(data, "lead"))

    def remove_lead(self, campaign_id: str, lead_id: str) -> None:
        """Remove one person; refused while that person is being called (`§6.2`)."""
        self._ask("DELETE", "campaigns", campaign_id, "leads", lead_id)

    # ---

    def _ask(self, method: str, *segments: str, **more: Any) -> Any:
        return self._exchange.ask(method, *segments, **more)
