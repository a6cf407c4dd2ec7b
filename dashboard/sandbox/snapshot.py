"""The world in a file: one JSON line per record, so that what no longer changes is written from memory."""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path

from .records import Assistant, Call, Campaign, Kept, Key, Lead, Number, Organization, Vault, World
from .switches import Switches

FORMAT = 1
KINDS = {
    "organizations": Organization,
    "keys": Key,
    "numbers": Number,
    "assistants": Assistant,
    "trunks": Kept,
    "workflows": Kept,
    "tool_templates": Kept,
    "analysis_templates": Kept,
    "mcp_servers": Kept,
    "domains": Kept,
    "chats": Kept,
    "vaults": Vault,
    "calls": Call,
    "campaigns": Campaign,
}


class Snapshot:
    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._settled: dict[str, str] = {}

    def dump(self, world: World, ahead: float = 0.0) -> str:
        """All lines; to be called while nothing else changes the world."""
        head = {"format": FORMAT, "seed": world.seed, "serial": world.serial, "ambient_at": world.ambient_at,
                "switches": asdict(world.switches), "outcomes": world.outcomes, "ahead": ahead}  # fmt: skip
        lines = [json.dumps(head)]
        for kind in KINDS:
            lines += [self._line(kind, record) for record in getattr(world, kind).values()]
        for campaign_id, leads in world.leads.items():
            lines.append(self._leads_line(world.campaigns[campaign_id], leads))
        self._settled = {key: line for key, line in self._settled.items() if key in world.calls or key in world.leads}
        return "\n".join(lines) + "\n"

    def write(self, text: str) -> None:
        """Replace the file at once: a crash leaves the old one or the new one. It holds keys, hence 0600."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(self.path.suffix + ".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
        os.replace(fresh, self.path)

    def load(self) -> tuple[World, float] | None:
        """The world and how far it was ahead of the wall clock; None without a file that can be read."""
        if not self.path.exists():
            return None
        try:
            head, *lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
            return _rebuilt(head, lines), head["ahead"]
        except (ValueError, KeyError, TypeError):
            self.path.replace(self.path.with_suffix(self.path.suffix + ".unreadable"))
            return None

    def _line(self, kind: str, record) -> str:
        if kind != "calls" or record.plan:
            return json.dumps([kind, vars(record)])
        if record.id not in self._settled:
            self._settled[record.id] = json.dumps([kind, vars(record)])
        return self._settled[record.id]

    def _leads_line(self, campaign: Campaign, leads: list[Lead]) -> str:
        known = self._settled.get(campaign.id, "")
        stamp = f'["leads", "{campaign.id}", {campaign.version}, '
        if not known.startswith(stamp):
            self._settled[campaign.id] = stamp + json.dumps([vars(lead) for lead in leads]) + "]"
        return self._settled[campaign.id]


def _rebuilt(head: dict, lines: list) -> World:
    if head["format"] != FORMAT:
        raise ValueError("another format")
    names = {field.name for field in fields(Switches)}
    switches = Switches(**{name: value for name, value in head["switches"].items() if name in names})
    world = World(head["seed"], head["serial"], ambient_at=head["ambient_at"], switches=switches)
    world.outcomes = head["outcomes"]
    for kind, *data in lines:
        if kind == "leads":
            world.leads[data[0]] = [Lead(**lead) for lead in data[2]]
            continue
        record = KINDS[kind](**data[0])
        getattr(world, kind)[record.key if kind == "keys" else record.id] = record
    world.planned = {call.id: None for call in world.calls.values() if call.plan}
    return world
