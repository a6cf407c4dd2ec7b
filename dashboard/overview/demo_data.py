"""Who and what is in the demo: a reseller, its people, seven clients. Lines go by the sandbox's business names."""

from __future__ import annotations

from datetime import time
from typing import Any, NamedTuple

from dashboard.voicedock import CommandType
from tenants.access.permissions import Role, StaffRole

PASSWORD = "patchbay-demo"
CONNECTIONS = {"Kabelhuis": "sandbox-agency", "Bloom Dental": "sandbox-bloom"}
UNASSIGNED = {"Spare line"}  # leaves something to dedicate in a client's own connection
DAYS_AGO = 60  # how long ago the clients were opened: before the sandbox's first call


class DemoPerson(NamedTuple):
    email: str
    name: str


class DemoTarget(NamedTuple):
    """Whom calls are transferred to; without hours always."""

    name: str
    destination: str
    days: str = ""
    opens: time | None = None
    closes: time | None = None

    def row(self) -> dict[str, Any]:
        """As `transfer_book.save` takes it; the assistant names who takes over."""
        hours = {"days": self.days, "opens": self.opens, "closes": self.closes}
        return {"name": self.name, "destination": self.destination, "announcement": ""} | hours


class DemoClient(NamedTuple):
    """A client. Numbers without a country code are read as in `country`; `hue` and `chroma` are its colour, `at_once`
    and `per_day` its limits. It was opened `days_ago`."""

    slug: str
    name: str
    city: str
    timezone: str
    country: str
    connection: str
    hue: int
    chroma: str
    at_once: int
    per_day: int
    people: tuple[tuple[DemoPerson, Role], ...] = ()
    phrases: tuple[str, ...] = ()
    transfer_targets: tuple[DemoTarget, ...] = ()
    days_ago: int = DAYS_AGO
    one_time_assistant: tuple[str, dict[str, Any]] | None = None  # a draft's name and configuration, where it has one


ONE_TIME_ASSISTANT: dict[str, Any] = {
    "first_message": "Good afternoon, this is Bloom Dental. A place has come free tomorrow. May I offer it to you?",
    "llm_config": {
        "provider": "openai",
        "model": "gpt-5.4-mini",
        "temperature": 0.5,
        "messages": [
            {
                "role": "system",
                "content": "You call people on the waiting list of a dental practice. Offer the free place; whoever "
                "does not want it stays on the list. Keep to two sentences at a time.",
            }
        ],
    },
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "en"},
    "tts_config": {"provider": "voicedock", "model": "voicedock-1", "voice_id": "voicedock"},
    "max_duration_seconds": 300,
}

ACTIONS: list[dict[str, Any]] = [  # of every client, as VoiceDock's page on call control names its use cases
    {
        "key": 1,
        "name": "SMS code",
        "command": CommandType.INJECT_CONTEXT,
        "text": "The person got the code {{code}} by text message. Ask for it; whoever reads out the same code is the "
        "person we know.",
        "fields": "code",
        "trigger_response": True,
    },
    {
        "key": 2,
        "name": "Customer facts",
        "command": CommandType.INJECT_CONTEXT,
        "text": "The person is {{name}}, account {{account}}. {{note}}",
        "fields": "name, account, note?",
    },
    {"key": 3, "name": "Hand over", "command": CommandType.TRANSFER},
    {
        "key": 4,
        "name": "End now",
        "command": CommandType.END_CALL,
        "text": "Thank you for your time. Goodbye.",
    },
]

STAFF = {
    DemoPerson("admin@patchbay.test", "Idris Cole"): StaffRole.ADMIN,
    DemoPerson("support@patchbay.test", "Mara Jansen"): StaffRole.SUPPORT,
}
AUDITOR = DemoPerson("auditor@patchbay.test", "Anouk Vermeer")

CLIENTS = [
    DemoClient(
        "bloom-dental", "Bloom Dental", "Amsterdam", "Europe/Amsterdam", "NL", "Bloom Dental", 186, "0.078", 6, 400,
        (
            (DemoPerson("owner@bloom.test", "Dora Bloom"), Role.OWNER),
            (DemoPerson("operator@bloom.test", "Sanne Visser"), Role.OPERATOR),
            (DemoPerson("viewer@bloom.test", "Els Ruiter"), Role.VIEWER),
        ),
        (
            "The practice is closed today.",
            "Offer Thursday morning instead.",
            "The first check-up costs nothing.",
            "A colleague will call back within the hour.",
        ),
        (
            DemoTarget("Reception", "+31205550155"),
            DemoTarget("Emergency dentist", "sip:duty@tandarts-amsterdam.example"),
            DemoTarget("Billing", "+31205550161", "012", time(9), time(12)),
        ),
        one_time_assistant=("Waiting list", ONE_TIME_ASSISTANT),
    ),
    DemoClient(
        "harbor-logistics", "Harbor Logistics", "Rotterdam", "Europe/Amsterdam", "NL", "Kabelhuis", 240, "0.1", 4, 250,
        ((DemoPerson("owner@harbor.test", "Joost de Boer"), Role.OWNER),),
        ("The driver is fifteen minutes away.", "The slot can move to the afternoon."),
        (DemoTarget("Dispatch", "+31105550122"),),
    ),
    DemoClient(
        "noord-energie", "Noord Energie", "Groningen", "Europe/Amsterdam", "NL", "Kabelhuis", 300, "0.13", 8, 1000,
        ((DemoPerson("owner@noord.test", "Femke Postma"), Role.OWNER),),
        ("A colleague will call you back today.",),
    ),
    DemoClient(
        "alder-finch-estate", "Alder & Finch Estate", "London", "Europe/London", "GB", "Kabelhuis", 140, "0.09", 3, 120,
        ((DemoPerson("owner@alder.test", "Harriet Finch"), Role.OWNER),),
    ),
    DemoClient(
        "casa-lindo", "Casa Lindo", "Utrecht", "Europe/Amsterdam", "NL", "Kabelhuis", 32, "0.12", 2, 60,
        ((DemoPerson("owner@lindo.test", "Marta Lindo"), Role.OWNER),),
    ),
    DemoClient(
        "veldkamp-makelaars", "Veldkamp Makelaars", "Den Haag", "Europe/Amsterdam", "NL", "Kabelhuis", 350, "0.12",
        3, 120,
        ((DemoPerson("owner@veldkamp.test", "Bas Veldkamp"), Role.OWNER),),
    ),
    DemoClient(  # just opened: it has nothing yet
        "fysio-zuid", "Fysio Zuid", "Eindhoven", "Europe/Amsterdam", "NL", "Kabelhuis", 90, "0.11", 2, 60, days_ago=1,
    ),
]  # fmt: skip
