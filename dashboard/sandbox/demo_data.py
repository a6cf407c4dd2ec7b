"""The contents of the demo data set. The dashboard's demo finds them by `business_name`."""

from typing import Any, NamedTuple

AGENCY, BLOOM = "Kabelhuis", "Bloom Dental"
KEYS = {"sandbox-agency": AGENCY, "sandbox-bloom": BLOOM}

HARBOR, NOORD, ALDER = "Harbor Logistics", "Noord Energie", "Alder & Finch Estate"
LINDO, VELDKAMP = "Casa Lindo", "Veldkamp Makelaars"

LIMIT = {"max_duration_seconds": 300}
NO_MESSAGE = LIMIT | {"voicemail_detection": True}
RECEPTION = {"first_message": "Bloom Dental, good day. How can I help you?"}


def _voicemail(message: str) -> dict[str, Any]:
    return NO_MESSAGE | {"voicemail_message": message}


class DemoAssistant(NamedTuple):
    """`business` is None where it is not assigned yet."""

    org: str
    business: str | None
    name: str
    provider: str
    settings: dict[str, Any] = {}


class DemoNumber(NamedTuple):
    """`assistant` is the name of the assistant that answers it."""

    org: str
    business: str | None
    phone: str
    name: str
    assistant: str | None = None


class DemoCampaign(NamedTuple):
    """`window` is start, end and zone; `done` the share of leads that were called; `age` its days so far."""

    org: str
    assistant: str
    name: str
    status: str
    window: tuple[str, str, str]
    leads: int
    done: float
    age: float
    template: str | None


ASSISTANTS = [
    DemoAssistant(
        BLOOM, BLOOM, "Recall NL", "openai", _voicemail("U bent gebeld door Bloom Dental. Wij bellen u later.")
    ),
    DemoAssistant(BLOOM, BLOOM, "Front desk NL", "openai", RECEPTION),
    DemoAssistant(BLOOM, BLOOM, "Front desk live", "xai_realtime", RECEPTION),
    DemoAssistant(
        AGENCY, HARBOR, "Dispatch desk", "openai", _voicemail("Harbor Logistics here, we will call you again.")
    ),
    DemoAssistant(AGENCY, HARBOR, "Driver line live", "xai_realtime", LIMIT),
    DemoAssistant(AGENCY, NOORD, "Tariff advisor", "mistral", NO_MESSAGE),
    DemoAssistant(AGENCY, NOORD, "Meter readings", "openai", LIMIT),
    DemoAssistant(
        AGENCY, ALDER, "Viewings", "openai", _voicemail("Alder & Finch about your viewing, please call back.")
    ),
    DemoAssistant(AGENCY, ALDER, "Viewings live", "openai_live", LIMIT),
    DemoAssistant(AGENCY, LINDO, "Showroom host", "google", LIMIT),
    DemoAssistant(AGENCY, VELDKAMP, "Bezichtigingen", "openai", LIMIT),
    DemoAssistant(AGENCY, None, "Receptionist (template)", "openai", {"first_message": "Good day, how can I help?"}),
    DemoAssistant(AGENCY, None, "Appointment reminder (template)", "openai", NO_MESSAGE),
    DemoAssistant(AGENCY, None, "Realtime host xAI (template)", "xai_realtime"),
    DemoAssistant(AGENCY, None, "Realtime host OpenAI (template)", "openai_live"),
    DemoAssistant(AGENCY, None, "Realtime host Google (template)", "google_realtime"),
]

NUMBERS = [
    DemoNumber(BLOOM, BLOOM, "+31205550142", "Amsterdam line", "Recall NL"),
    DemoNumber(BLOOM, BLOOM, "+31205550150", "Reception", "Front desk NL"),
    DemoNumber(BLOOM, BLOOM, "+31205550158", "Spare line"),
    DemoNumber(AGENCY, HARBOR, "+31105550161", "Dispatch", "Dispatch desk"),
    DemoNumber(AGENCY, HARBOR, "+31105550164", "Drivers", "Driver line live"),
    DemoNumber(AGENCY, NOORD, "+31505550112", "Tariffs", "Tariff advisor"),
    DemoNumber(AGENCY, NOORD, "+31505550118", "Meter readings", "Meter readings"),
    DemoNumber(AGENCY, ALDER, "+442079460118", "London office", "Viewings"),
    DemoNumber(AGENCY, ALDER, "+442079460127", "Open house line", "Viewings live"),
    DemoNumber(AGENCY, LINDO, "+31305550133", "Showroom", "Showroom host"),
    DemoNumber(AGENCY, VELDKAMP, "+31705550171", "Den Haag", "Bezichtigingen"),
    DemoNumber(AGENCY, None, "+31205550181", "Unassigned Amsterdam 1"),
    DemoNumber(AGENCY, None, "+31205550182", "Unassigned Amsterdam 2"),
    DemoNumber(AGENCY, None, "+31105550183", "Unassigned Rotterdam"),
    DemoNumber(AGENCY, None, "+31305550184", "Unassigned Utrecht"),
    DemoNumber(AGENCY, None, "+12025550186", "Unassigned Washington"),
]

OFFICE = ("09:00:00", "17:30:00", "Europe/Amsterdam")
EVENING = ("17:00:00", "20:30:00", "Europe/Amsterdam")
LONDON = ("09:30:00", "18:00:00", "Europe/London")
ALWAYS = ("00:00:00", "23:59:59", "Europe/Amsterdam")

CHECK_UP = "You call {{name}} to plan the half-yearly check-up. Patient reference {{reference}}."
HYGIENIST = "You call {{name}} for a visit to the hygienist."
OPENINGS = "Offer {{name}} one of the new evening openings."
DELIVERY = "Confirm the delivery slot of {{name}}, shipment {{reference}}."
RENEWAL = "Tell {{name}} about the renewal of contract {{reference}}."
READING = "Ask {{name}} for the meter reading of connection {{reference}}."
INVITE = "Invite {{name}} to the open house."
VIEWING = "Plan met {{name}} een bezichtiging."

# What each business has had of late, besides its other calls: every screen of the demo has something to show.
RECENT_CALLS = [
    ("outbound", "conversation"),
    ("outbound", "no-answer"),
    ("outbound", "voicemail"),
    ("outbound", "error"),
    ("outbound", "max-duration"),
    ("outbound", "transferred"),
    ("inbound", "conversation"),
    ("inbound", "transferred"),
]

CAMPAIGNS = [
    DemoCampaign(BLOOM, "Recall NL", "Half-year recall", "scheduled", ALWAYS, 1500, 0.1, 12, CHECK_UP),
    DemoCampaign(BLOOM, "Recall NL", "Hygienist autumn", "paused", OFFICE, 40, 0.55, 9, HYGIENIST),
    DemoCampaign(BLOOM, "Recall NL", "New year openings", "draft", OFFICE, 180, 0.0, 2, OPENINGS),
    DemoCampaign(BLOOM, "Recall NL", "Summer recall", "completed", OFFICE, 120, 1.0, 27, CHECK_UP),
    DemoCampaign(AGENCY, "Dispatch desk", "Delivery slots, week ahead", "scheduled", OFFICE, 60, 0.4, 6, DELIVERY),
    DemoCampaign(AGENCY, "Tariff advisor", "Fixed tariff renewals", "scheduled", EVENING, 60, 0.5, 10, RENEWAL),
    DemoCampaign(AGENCY, "Meter readings", "Meter readings Q4", "completed", OFFICE, 60, 1.0, 17, READING),
    DemoCampaign(AGENCY, "Viewings", "Viewing invitations", "paused", LONDON, 48, 0.35, 8, INVITE),
    DemoCampaign(AGENCY, "Viewings", "Open house, spring", "cancelled", LONDON, 50, 0.22, 23, INVITE),
    DemoCampaign(AGENCY, "Showroom host", "Sofa deliveries", "draft", OFFICE, 40, 0.0, 3, None),
    DemoCampaign(AGENCY, "Bezichtigingen", "Bezichtigingen najaar", "cancelled", OFFICE, 44, 0.3, 18, VIEWING),
]
