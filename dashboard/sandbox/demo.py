"""Who and what there is in the demo world. The dashboard's demo seeding goes by `business_name`."""

AGENCY, BLOOM = "Kabelhuis", "Bloom Dental"
KEYS = {"sandbox-agency": AGENCY, "sandbox-bloom": BLOOM}

HARBOR, NOORD, ALDER = "Harbor Logistics", "Noord Energie", "Alder & Finch Estate"
LINDO, VELDKAMP = "Casa Lindo", "Veldkamp Makelaars"

VOICEMAIL = {"voicemail_detection": True}

# organization, business, name, provider, further settings
ASSISTANTS: list[tuple[str, str | None, str, str, dict]] = [
    (BLOOM, BLOOM, "Recall NL", "openai", VOICEMAIL | {"voicemail_message": "U bent gebeld door Bloom Dental. Wij proberen het later nog eens."}),
    (BLOOM, BLOOM, "Front desk NL", "openai", {"first_message": "Bloom Dental, good day. How can I help you?"}),
    (BLOOM, BLOOM, "Front desk live", "xai_realtime", {"first_message": "Bloom Dental, good day. How can I help you?"}),
    (AGENCY, HARBOR, "Dispatch desk", "openai", VOICEMAIL | {"voicemail_message": "This is Harbor Logistics about a delivery. We will call again."}),
    (AGENCY, HARBOR, "Driver line live", "xai_realtime", {}),
    (AGENCY, NOORD, "Tariff advisor", "mistral", VOICEMAIL),
    (AGENCY, NOORD, "Meter readings", "openai", {}),
    (AGENCY, ALDER, "Viewings", "openai", VOICEMAIL | {"voicemail_message": "Alder & Finch Estate about your viewing. Please call us back."}),
    (AGENCY, ALDER, "Viewings live", "openai_live", {}),
    (AGENCY, LINDO, "Showroom host", "google", {}),
    (AGENCY, VELDKAMP, "Bezichtigingen", "openai", {}),
    (AGENCY, None, "Receptionist (template)", "openai", {"first_message": "Good day, how can I help you?"}),
    (AGENCY, None, "Appointment reminder (template)", "openai", VOICEMAIL),
    (AGENCY, None, "Realtime host xAI (template)", "xai_realtime", {}),
    (AGENCY, None, "Realtime host OpenAI (template)", "openai_live", {}),
    (AGENCY, None, "Realtime host Google (template)", "google_realtime", {}),
]  # fmt: skip

# organization, business, number, name, assistant tied to it
NUMBERS: list[tuple[str, str | None, str, str, str | None]] = [
    (BLOOM, BLOOM, "+31205550142", "Amsterdam line", "Recall NL"),
    (BLOOM, BLOOM, "+31205550150", "Reception", "Front desk NL"),
    (BLOOM, BLOOM, "+31205550158", "Spare line", None),
    (AGENCY, HARBOR, "+31105550161", "Dispatch", "Dispatch desk"),
    (AGENCY, HARBOR, "+31105550164", "Drivers", "Driver line live"),
    (AGENCY, NOORD, "+31505550112", "Tariffs", "Tariff advisor"),
    (AGENCY, NOORD, "+31505550118", "Meter readings", "Meter readings"),
    (AGENCY, ALDER, "+442079460118", "London office", "Viewings"),
    (AGENCY, ALDER, "+442079460127", "Open house line", "Viewings live"),
    (AGENCY, LINDO, "+31305550133", "Showroom", "Showroom host"),
    (AGENCY, VELDKAMP, "+31705550171", "Den Haag", "Bezichtigingen"),
    (AGENCY, None, "+31205550181", "Unassigned Amsterdam 1", None),
    (AGENCY, None, "+31205550182", "Unassigned Amsterdam 2", None),
    (AGENCY, None, "+31105550183", "Unassigned Rotterdam", None),
    (AGENCY, None, "+31305550184", "Unassigned Utrecht", None),
    (AGENCY, None, "+12025550186", "Unassigned Washington", None),
]

OFFICE = ("09:00:00", "17:30:00", "Europe/Amsterdam")
EVENING = ("17:00:00", "20:30:00", "Europe/Amsterdam")
LONDON = ("09:30:00", "18:00:00", "Europe/London")
ALWAYS = ("00:00:00", "23:59:59", "Europe/Amsterdam")

# organization, assistant, name, status, window, leads, share done, template
CAMPAIGNS: list[tuple[str, str, str, str, tuple[str, str, str], int, float, str | None]] = [
    (BLOOM, "Recall NL", "Half-year recall", "scheduled", ALWAYS, 1500, 0.28, "You call {{name}} to plan the half-yearly check-up. Patient reference {{reference}}."),
    (BLOOM, "Recall NL", "Hygienist autumn", "paused", OFFICE, 240, 0.55, "You call {{name}} for a visit to the hygienist."),
    (BLOOM, "Recall NL", "New year openings", "draft", OFFICE, 180, 0.0, "Offer {{name}} one of the new evening openings."),
    (BLOOM, "Recall NL", "Summer recall", "completed", OFFICE, 420, 1.0, "You call {{name}} to plan the half-yearly check-up."),
    (AGENCY, "Dispatch desk", "Delivery slots, week ahead", "scheduled", OFFICE, 640, 0.41, "Confirm the delivery slot of {{name}}, shipment {{reference}}."),
    (AGENCY, "Tariff advisor", "Fixed tariff renewals", "scheduled", EVENING, 1200, 0.62, "Tell {{name}} about the renewal of contract {{reference}}."),
    (AGENCY, "Meter readings", "Meter readings Q4", "completed", OFFICE, 860, 1.0, "Ask {{name}} for the meter reading of connection {{reference}}."),
    (AGENCY, "Viewings", "Viewing invitations", "paused", LONDON, 96, 0.35, "Invite {{name}} to the open house."),
    (AGENCY, "Viewings", "Open house, spring", "cancelled", LONDON, 150, 0.22, "Invite {{name}} to the open house."),
    (AGENCY, "Showroom host", "Sofa deliveries", "draft", OFFICE, 40, 0.0, None),
    (AGENCY, "Bezichtigingen", "Waardebepaling", "cancelled", OFFICE, 130, 0.48, "Bel {{name}} over een gratis waardebepaling."),
]  # fmt: skip
