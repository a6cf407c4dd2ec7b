"""The state in a file: one JSON line per record, so that lines of records that no longer change are reused."""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from .options import Options
from .records import Assistant, Call, Campaign, Key, Lead, Number, Organization, StoredResource, Vault
from .state import State

FORMAT = 2
KINDS: dict[str, type[Any]] = {
    "organizations": Organization,
    "keys": Key,
    "numbers": Number,
    "assistants": Assistant,
    "trunks": StoredResource,
    "workflows": StoredResource,
    "tool_templates": StoredResource,
    "analysis_templates": StoredResource,
    "mcp_servers": StoredResource,
    "domains": StoredResource,
    "chats": StoredResource,
    "vaults": Vault,
    "calls": Call,
    "campaigns": Campaign,
}


class Snapshot:
    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._cached_lines: dict[str, str] = {}

    def dump(self, state: State, ahead: float = 0.0) -> str:
        """All lines; to be called while nothing else changes the state."""
        head = {
            "format": FORMAT,
            "seed": state.seed,
            "serial": state.serial,
            "next_background_at": state.next_background_at,
            "options": asdict(state.options),
            "outcome_by_number": state.outcome_by_number,
            "ahead": ahead,
        }
        lines = [json.dumps(head)]
        for kind in KINDS:
            lines += [self._line(kind, record) for record in getattr(state, kind).values()]
        for campaign_id, leads in state.leads.items():
            lines.append(self._leads_line(state.campaigns[campaign_id], leads))
        self._cached_lines = {
            key: line for key, line in self._cached_lines.items() if key in state.calls or key in state.leads
        }
        return "\n".join(lines) + "\n"

    def write(self, text: str) -> None:
        """Replace the file atomically: a crash leaves the old one or the new one. It holds keys, hence 0600."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new_path = self.path.with_suffix(self.path.suffix + ".new")
        with open(os.open(new_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
        os.replace(new_path, self.path)

    def load(self) -> tuple[State, float] | None:
        """The state and how many seconds its clock was ahead; None without a readable file."""
        if not self.path.exists():
            return None
        try:
            head, *lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
            return _build(head, lines), head["ahead"]
        except (ValueError, KeyError, TypeError):
            self.path.replace(self.path.with_suffix(self.path.suffix + ".unreadable"))
            return None

    def _line(self, kind: str, record: Any) -> str:
        if kind != "calls" or record.plan:
            return json.dumps([kind, vars(record)])
        if record.id not in self._cached_lines:
            self._cached_lines[record.id] = json.dumps([kind, vars(record)])
        return self._cached_lines[record.id]

    def _leads_line(self, campaign: Campaign, leads: list[Lead]) -> str:
        cached = self._cached_lines.get(campaign.id, "")
        prefix = f'["leads", "{campaign.id}", {campaign.version}, '
        if not cached.startswith(prefix):
            self._cached_lines[campaign.id] = prefix + json.dumps([vars(lead) for lead in leads]) + "]"
        return self._cached_lines[campaign.id]


def _build(head: dict[str, Any], lines: list[Any]) -> State:
    if head["format"] != FORMAT:
        raise ValueError("unknown format")
    names = {field.name for field in fields(Options)}
    options = Options(**{name: value for name, value in head["options"].items() if name in names})
    state = State(head["seed"], head["serial"], next_background_at=head["next_background_at"], options=options)
    state.outcome_by_number = head["outcome_by_number"]
    for kind, *data in lines:
        if kind == "leads":
            state.leads[data[0]] = [Lead(**lead) for lead in data[2]]
            continue
        record = KINDS[kind](**data[0])
        getattr(state, kind)[record.key if kind == "keys" else record.id] = record
    state.calls_with_plan = {call.id: None for call in state.calls.values() if call.plan}
    return state
