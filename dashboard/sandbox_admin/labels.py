"""The choices of the sandbox's page, with their labels."""

FAULTS = [  # the values are those of the sandbox
    (
        "VoiceDock refuses",
        [
            ("400", "400, bad request"),
            ("401", "401, key not accepted"),
            ("402", "402, no credit left"),
            ("403", "403, not allowed"),
            ("404", "404, not known"),
            ("409", "409, conflict"),
            ("422", "422, not valid"),
            ("429", "429, too many requests"),
        ],
    ),
    (
        "VoiceDock has an error",
        [
            ("500", "500, internal error"),
            ("502", "502, bad gateway"),
            ("503", "503, not available"),
            ("504", "504, took too long"),
            ("html502", "502, a page of HTML"),
            ("truncated", "Half an answer"),
            ("unknown_values", "An answer with unknown values"),
            ("missing_fields", "An answer without most of its fields"),
            ("extra_fields", "An answer with unknown fields"),
            ("slow", "An answer after 5 seconds"),
            ("hang", "No answer for a minute"),
        ],
    ),
    (
        "The network breaks",
        [
            ("cut", "Before anything was done"),
            ("lost", "After it was done: the answer is lost"),
            ("end_on_command", "The call ends as a command arrives"),
        ],
    ),
    (
        "Webhooks",
        [
            ("webhook_lost", "Lost"),
            ("webhook_twice", "Delivered twice"),
            ("webhook_late", "Late, overtaken by the next"),
            ("webhook_forged", "Signed by somebody else"),
            ("webhook_stale", "With an old signature"),
            ("webhook_unsigned", "Without a signature"),
            ("webhook_reserialized", "Changed on the way"),
            ("webhook_foreign", "About a call of somebody else"),
        ],
    ),
]
ROUTES = [
    ("*", "Every request"),
    ("/calls/outbound", "Placing a call"),
    ("/calls/*/control", "Commands into a call"),
    ("/calls", "The list of calls"),
    ("/campaigns*", "Campaigns"),
    ("/numbers*", "Numbers"),
    ("/assistants*", "Assistants"),
    ("/organizations*", "Organizations"),
]
WITH_SECONDS = ("slow", "hang", "lost", "webhook_late")
SHAPES = [  # of voicedock-api.md §2.2
    ("", "As the sandbox does"),
    ("A", "As a text"),
    ("B", "As an object with a code"),
    ("C", "As a text, with the field beside it"),
    ("D", "Without a message"),
]
TIMES = [("1", "Once"), ("3", "Three times"), ("10", "Ten times"), ("", "Until I switch it off")]
OUTCOMES = [
    ("", "By chance"),
    ("conversation", "A person answers and talks"),
    ("no-answer", "No answer"),
    ("voicemail", "A voicemail answers"),
    ("transferred", "It is transferred"),
    ("max-duration", "It reaches the longest call time"),
    ("error", "It ends with an error"),
]
SPEEDS = [("0", "Stopped"), ("1", "Real time"), ("10", "10 times"), ("60", "1 minute per second")]
JUMPS = [("60", "1 minute ahead"), ("3600", "1 hour ahead"), ("28800", "8 hours ahead")]


def fault(kind: str) -> str:
    """The label of a fault, or its own name for one without a label."""
    return next((label for _, group in FAULTS for value, label in group if value == kind), kind.replace("_", " "))


def fault_details(seconds: float | None, chance: float) -> str:
    """The seconds and the chance of a fault, where they differ from the defaults."""
    parts = [f"{seconds:g} seconds"] if seconds else []
    if chance < 1:
        parts.append(f"{chance:.0%} of them")
    return ", ".join(parts)


def route(pattern: str) -> str:
    return next((label for value, label in ROUTES if value == pattern), pattern)
