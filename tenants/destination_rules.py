"""Where the calls of a client may go: what a new client may call, and the kinds of numbers that cost extra."""

from __future__ import annotations

EU = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
COSTLY_KINDS = {
    "premium-rate": "Premium-rate numbers",
    "shared-cost": "Shared-cost numbers",
    "personal": "Personal numbers, which are forwarded anywhere",
    "satellite": "Satellite and other networks of no country",
}


def usual_countries(country: str) -> list[str]:
    """What a new client in this country may call: its own country and the EU."""
    return sorted({*EU, country} - {""})


def kinds_words(kinds: list[str]) -> str:
    """`premium-rate numbers, shared-cost numbers`; `none` where no kind is allowed."""
    words = [name for kind, name in COSTLY_KINDS.items() if kind in kinds]
    return ", ".join(name[:1].lower() + name[1:] for name in words) or "none"
