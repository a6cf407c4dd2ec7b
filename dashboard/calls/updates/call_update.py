"""`CallUpdate`: what VoiceDock reports of a call, in one form for lists, single reads and webhooks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from dashboard import voicedock
from dashboard.calls.models import Call, CallReport
from dashboard.sync import text_lengths
from tenants import names

NEVER = datetime.min.replace(tzinfo=UTC)
REMOTE_IDS = "call-"  # how VoiceDock's own ids begin; those in webhooks may be others (`voicedock-api.md §11.5`)


@dataclass(frozen=True)
class CallUpdate:
    """`fields` are the reported fields of the call, `report` those of its report; empty values are left out.

    `at` is when VoiceDock said so. `remote_id` is the id that commands need, `webhook_call_id` the one in webhooks.
    """

    at: datetime
    status: str
    remote_id: str = ""
    webhook_call_id: str = ""
    reference: str = ""
    direction: str = ""
    counterpart: str = ""
    line: str = ""
    number_remote_id: str = ""
    assistant_remote_id: str = ""
    born_at: datetime = NEVER
    fields: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_remote(cls, call: voicedock.RemoteCall) -> CallUpdate:
        """A call as a list or a single read shows it."""
        moments = [moment for moment in (call.updated_at, call.ended_at, call.started_at, call.created_at) if moment]
        return cls(
            at=max(moments, default=NEVER),
            status=text_lengths.fit(Call, "state", call.status),
            **_identity(
                remote_id=call.id,
                direction=call.direction,
                counterpart=call.caller_phone,
                line=call.assistant_phone,
                number_remote_id=call.number_id,
                assistant_remote_id=call.assistant_id,
            ),
            born_at=min(moments, default=NEVER),
            fields=_known(
                Call,
                started_at=call.started_at,
                ended_at=call.ended_at,
                duration_seconds=call.duration_seconds,
                end_reason=call.end_reason,
                error=call.error,
                assistant_name=names.clean(call.agent_name or ""),
                assistant_remote_id=call.assistant_id,
                number_remote_id=call.number_id,
                reported_line=call.assistant_phone,
                remote_updated_at=call.updated_at,
            ),
            report=_known(
                CallReport,
                summary=call.summary,
                messages=_messages(call.messages),
                analysis=call.analysis,
                recording_url=_link(call.recording_url),
            ),
        )

    @classmethod
    def of_event(cls, event: voicedock.WebhookEvent) -> CallUpdate:
        """A call as a webhook reports it."""
        moments = [moment for moment in (event.timestamp, event.ended_at, event.started_at) if moment]
        return cls(
            at=event.timestamp or max(moments, default=NEVER),
            status=text_lengths.fit(Call, "state", event.status),
            reference=event.reference or "",
            **_identity(
                remote_id=event.call_id if event.call_id.startswith(REMOTE_IDS) else "",
                webhook_call_id="" if event.call_id.startswith(REMOTE_IDS) else event.call_id,
                direction=event.direction,
                counterpart=event.customer,
                line=event.number,
                number_remote_id=event.number_id,
            ),
            born_at=min(moments, default=NEVER),
            fields=_known(
                Call,
                started_at=event.started_at,
                ended_at=event.ended_at,
                duration_seconds=event.duration_seconds,
                end_reason=event.end_reason,
                error=event.error,
                provider=event.provider,
                number_remote_id=event.number_id,
                reported_line=event.number,
            ),
            report=_known(
                CallReport,
                summary=event.summary,
                messages=_messages(event.messages),
                analysis=event.analysis,
                recording_url=_link(event.recording_url),
            ),
        )

    @cached_property
    def stamp(self) -> str:
        """Orders updates by time and then by content, so that the order of arrival does not matter."""
        plain = json.dumps([self.status, self.fields, self.report], sort_keys=True, default=str)
        return f"{self.at:%Y%m%d%H%M%S%f}-{hashlib.sha256(plain.encode()).hexdigest()[:10]}"


def _identity(**values: str | None) -> dict[str, Any]:
    """The values that identify the call and its tenant. A shortened value matches no stored one."""
    return {name: text_lengths.fit(Call, name, value or "") for name, value in values.items()}


def _known(model: type[Call | CallReport], **values: Any) -> dict[str, Any]:
    return {name: text_lengths.fit(model, name, value) for name, value in values.items() if value not in (None, "", [])}


def _link(address: str | None) -> str | None:
    """None for an address that is too long: a shortened one would not work."""
    return address if address == text_lengths.fit(CallReport, "recording_url", address) else None


def _messages(lines: Any) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in lines]
