"""What is known of a saved assistant: the blocks that a call can change, and how fresh our copy of them is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dashboard.voicedock.capabilities import Family, family_of
from tenants.isolation import scope
from tenants.models import AssistantConfiguration, AssistantDedication

FRESH = timedelta(minutes=15)  # three syncs of the inventory


@dataclass(frozen=True)
class SavedAssistant:
    """`read_at` is None of an assistant whose configuration was never read."""

    blocks: dict[str, Any] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    read_at: datetime | None = None

    @property
    def is_fresh(self) -> bool:
        return self.read_at is not None and timezone.now() - self.read_at <= FRESH

    def block(self, name: str) -> dict[str, Any]:
        found = self.blocks.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def outbound_opening(self) -> str:
        """The opening line of outbound calls alone; before `first_message` where there is one (§8)."""
        return _text(self.block("speech_config").get("first_message_outbound"))

    @property
    def first_message(self) -> str:
        """What it says first in a call out."""
        return self.outbound_opening or _text(self.blocks.get("first_message"))

    @property
    def prompt(self) -> list[Any]:
        found = self.block("llm_config").get("messages")
        return found if isinstance(found, list) else []

    @property
    def prompt_texts(self) -> list[str]:
        return [message["content"] for message in self.prompt if is_text_message(message)]

    @property
    def provider(self) -> str:
        return _text(self.block("llm_config").get("provider"))

    @property
    def is_pipeline(self) -> bool:
        return family_of(self.provider) is Family.PIPELINE

    def with_reference(self, override: dict[str, Any], reference: str) -> dict[str, Any]:
        """The override with our reference in the metadata, by which webhooks name the call.

        Without it where VoiceDock has metadata that was not kept: an override replaces the whole block, and the
        client's own webhooks may need what is in it. Such a call is matched by person, line and time instead.
        """
        if not self.has_known_metadata:
            return override
        kept = override.get("metadata") or self.block("metadata")
        return override | {"metadata": kept | {"our_ref": reference}}

    @property
    def has_known_metadata(self) -> bool:
        """Whether no metadata is saved as far as was read, or all of it is known."""
        return "metadata" not in self.withheld and isinstance(self.blocks.get("metadata"), dict | None)

    @property
    def fingerprint(self) -> str:
        """Equal as long as what VoiceDock has is equal."""
        text = json.dumps([self.blocks, self.withheld], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


UNREAD = SavedAssistant()


@scope.requires_scope
def saved_assistants(dedications: Iterable[AssistantDedication]) -> dict[int, SavedAssistant]:
    """By the ids of the dedications; `UNREAD` where nothing was read."""
    assistants = {dedication.pk: dedication.assistant_id for dedication in dedications}
    rows = AssistantConfiguration.objects.filter(pk__in=assistants.values())
    found = {row.pk: SavedAssistant(row.blocks, tuple(row.withheld), row.read_at) for row in rows}
    return {pk: found.get(assistant_id, UNREAD) for pk, assistant_id in assistants.items()}


def is_text_message(message: Any) -> bool:
    return isinstance(message, dict) and isinstance(message.get("content"), str)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
