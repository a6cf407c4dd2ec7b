"""VoiceDock, one method per endpoint we use (`voicedock-api.md §3`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from . import errors
from .commands import Command
from .exchange import Exchange, Permit, RateLimit
from .outbound import E164, outbound
from .reading import mapping, whole
from .records import (
    Accepted,
    CreatedOrganization,
    Page,
    PlacedCall,
    RemoteAssistant,
    RemoteCall,
    RemoteCampaign,
    RemoteLead,
    RemoteNumber,
    RemoteOrganization,
)
from .usage import RemoteHealth, RemoteUsage, UsageEntry

T = TypeVar("T")
MOST = 1000  # entries of a page (`§1.5`)
SETTABLE = frozenset({"draft", "scheduled", "paused", "cancelled"})  # `completed` is VoiceDock's alone (`§6.3`)
CAMPAIGN_FIELDS = {  # ours → theirs
    "name": "name",
    "status": "status",
    "template": "system_message_template",
    "starts": "schedule_start_time",
    "ends": "schedule_end_time",
    "timezone": "timezone",
}


class Client:
    """Speaks for one organization: that of the key. Not for several threads at once.

    `permit(method, path)` is called before each single attempt that leaves, repeats included; what it raises comes
    through. `timeout` is seconds for one attempt as a whole. `max_wait` is how long a read waits after a 429.
    Every method raises `VoiceDockError` and nothing else of its own; what cannot be meant is refused before it is sent.
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
    ) -> None:
        self._base_url = base_url
        self._exchange = Exchange(api_key, base_url, permit, transport, timeout, max_wait)

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
        """What the last answer said of the limit."""
        return self._exchange.limits

    # --- the organization

    def organization(self, include_children: bool = False) -> RemoteOrganization:
        """The key's own; children come with name and id only (`§9.1`)."""
        params = {"include_children": "true"} if include_children else None
        data = self._ask("GET", "organizations", params=params)
        return RemoteOrganization.read(_one(data, "organization"))

    def create_organization(self, name: str, parent_id: str | None = None) -> CreatedOrganization:
        """A new one, billed to its parent; its key is in this answer only. Sent once."""
        body = {"name": _given(name, "Give the organization a name.", "name")}
        data = self._ask("POST", "organizations", json=body | ({"parent_org_id": parent_id} if parent_id else {}))
        return CreatedOrganization.read(_one(data, "organization"))

    def usage(
        self,
        limit: int = 100,
        offset: int = 0,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> RemoteUsage:
        """Minutes used, a page of them and the sums (`§9.2`)."""
        params = _paging(limit, offset) | _period(start, end)
        data = self._ask("GET", "usage", params=params)
        return RemoteUsage.read(data, _page(data, ("logs", "usage"), UsageEntry.read, limit, offset))

    def health(self) -> RemoteHealth:
        """Whether VoiceDock is well; needs no key. Only silence raises."""
        try:
            data = self._ask("GET", "health", open_door=True)
        except errors.Unreachable:
            raise
        except errors.VoiceDockError as error:
            return RemoteHealth(False, str(error))
        return RemoteHealth.read(data)

    # --- numbers and assistants

    def numbers(self) -> list[RemoteNumber]:
        return [RemoteNumber.read(one) for one in _many(self._ask("GET", "numbers"), "numbers")]

    def assistants(self) -> list[RemoteAssistant]:
        data = self._ask("GET", "assistants")
        return [RemoteAssistant.read(one) for one in _many(data, "assistants", "agents")]

    def assistant(self, id: str) -> RemoteAssistant:
        return RemoteAssistant.read(_one(self._ask("GET", "assistants", id), "assistant", "agent"))

    def update_assistant(self, id: str, **fields: Any) -> RemoteAssistant:
        """Change what is named, as VoiceDock names it (`§8`); None clears. Sent once."""
        _some(fields)
        return RemoteAssistant.read(_one(self._ask("PATCH", "assistants", id, json=fields), "assistant", "agent"))

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
        """A page, transcripts included; in which order is not documented (`§5.2`)."""
        params = _paging(limit, offset) | ({"status": status} if status else {}) | _period(start, end)
        data = self._ask("GET", "calls", params=params)
        return _page(data, ("calls",), RemoteCall.read, limit, offset)

    def call(self, id: str) -> RemoteCall:
        return RemoteCall.read(_one(self._ask("GET", "calls", id), "call"))

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
        """Dial. Sent once, over a fresh connection: nothing tells VoiceDock that a repeat is one (`§1.6`).

        A saved assistant, a saved one with whole blocks overridden, or one made for this call.
        """
        body = outbound(number_id, destination, assistant_id, assistant_override, assistant, first_message)
        return PlacedCall.read(self._ask("POST", "calls", "outbound", json=body))

    def control_call(self, call_id: str, command: Command) -> Accepted:
        """Sent once: a repeated `transfer` or `say` is heard twice by the caller."""
        return Accepted.read(self._ask("POST", "calls", call_id, "control", json=command.body(), control=True))

    # --- campaigns

    def campaigns(self) -> list[RemoteCampaign]:
        return [RemoteCampaign.read(one) for one in _many(self._ask("GET", "campaigns"), "campaigns")]

    def campaign(self, id: str) -> RemoteCampaign:
        return RemoteCampaign.read(_one(self._ask("GET", "campaigns", id), "campaign"))

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
        """A draft; `leads` are (phone number, variables), and this is the only way to send many at once (`§6.2`)."""
        body: dict[str, Any] = {
            "name": _given(name, "Give the campaign a name.", "name"),
            "agent_id": _given(assistant_id, "Choose the assistant that calls.", "assistant_id"),
            "schedule_start_time": _wall(starts),
            "schedule_end_time": _wall(ends),
            "timezone": _given(timezone, "Choose the time zone of the campaign.", "timezone"),
        }
        listed = [_lead(phone_number, variables) for phone_number, variables in leads]
        body |= ({"system_message_template": template} if template else {}) | ({"leads": listed} if listed else {})
        return RemoteCampaign.read(_one(self._ask("POST", "campaigns", json=body), "campaign"))

    def update_campaign(self, id: str, **fields: Any) -> RemoteCampaign:
        """Change any of name, status, template, starts, ends, timezone. `status="scheduled"` starts it. Sent once."""
        _some(fields)
        if fields.keys() - CAMPAIGN_FIELDS:
            raise errors.Invalid(
                "A campaign cannot be changed in that way.", param=min(fields.keys() - CAMPAIGN_FIELDS)
            )
        if fields.get("status", "draft") not in SETTABLE:
            raise errors.Invalid("A campaign can be started, paused, cancelled or made a draft again.", param="status")
        body = {CAMPAIGN_FIELDS[name]: _wall(one) if isinstance(one, time) else one for name, one in fields.items()}
        return RemoteCampaign.read(_one(self._ask("PATCH", "campaigns", id, json=body), "campaign"))

    def delete_campaign(self, id: str) -> None:
        self._ask("DELETE", "campaigns", id)

    def leads(self, campaign_id: str) -> list[RemoteLead]:
        """All of them, the oldest first; there are no pages (`§6.2`)."""
        return [RemoteLead.read(one) for one in _many(self._ask("GET", "campaigns", campaign_id, "leads"), "leads")]

    def add_lead(self, campaign_id: str, phone_number: str, variables: Mapping[str, Any] | None = None) -> RemoteLead:
        """One person. Sent once: VoiceDock may not notice a repeat."""
        data = self._ask("POST", "campaigns", campaign_id, "leads", json=_lead(phone_number, variables or {}))
        return RemoteLead.read(_one(data, "lead"))

    def remove_lead(self, campaign_id: str, lead_id: str) -> None:
        """Refused while that person is being called (`§6.2`)."""
        self._ask("DELETE", "campaigns", campaign_id, "leads", lead_id)

    # ---

    def _ask(self, method: str, *segments: str, **more: Any) -> Any:
        return self._exchange.ask(method, *segments, **more)


def _one(data: Any, *envelopes: str) -> Any:
    """The object itself, or what its envelope holds (`§3.1`)."""
    found = mapping(data)
    return next((found[name] for name in envelopes if isinstance(found.get(name), dict)), data)


def _many(data: Any, *envelopes: str) -> list[Any]:
    """A whole list. One that is not there is an error: an empty one would say that everything is gone."""
    found = mapping(data)
    for value in (*(found.get(name) for name in (*envelopes, "data")), data):
        if isinstance(value, list):
            return value
    raise errors.Malformed("VoiceDock answered without the list we asked for.")


def _page(data: Any, envelopes: tuple[str, ...], read: Callable[[Any], T], limit: int, offset: int) -> Page[T]:
    listed = [read(one) for one in _many(data, *envelopes)]
    told = mapping(mapping(data).get("pagination")) or mapping(data)
    total, size, start = whole(told.get("total")), whole(told.get("limit")), whole(told.get("offset"))
    start = offset if start is None else start
    return Page(listed, start + len(listed) if total is None else total, size or limit, start)


def _paging(limit: int, offset: int) -> dict[str, int]:
    if not 1 <= limit <= MOST or offset < 0:
        raise errors.Invalid(f"A page has 1 to {MOST} entries.", param="limit")
    return {"limit": limit, "offset": offset}


def _period(start: datetime | None, end: datetime | None) -> dict[str, str]:
    return {name: _iso(at) for name, at in (("start_date", start), ("end_date", end)) if at is not None}


def _iso(at: datetime) -> str:
    if at.tzinfo is None:
        raise errors.Invalid("A time without its zone can mean several moments.", param="start_date")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wall(at: time) -> str:
    """`HH:MM:SS`, the form that all papers know (`§16` 12)."""
    if not isinstance(at, time):
        raise errors.Invalid("Give the hours in which the campaign calls.", param="starts")
    return at.strftime("%H:%M:%S")


def _given(value: Any, otherwise: str, param: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise errors.Invalid(otherwise, param=param)
    return value.strip()


def _some(fields: Mapping[str, Any]) -> None:
    if not fields:
        raise errors.Invalid("There is nothing to change.")


def _lead(phone_number: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(phone_number, str) or not E164.fullmatch(phone_number):
        raise errors.Invalid("Give the number with its country code, like +31201234567.", param="phone_number")
    texts = {str(name): "" if value is None else str(value) for name, value in variables.items()}
    return {"phone_number": phone_number} | ({"variables": texts} if texts else {})
