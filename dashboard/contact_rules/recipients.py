"""Where a number rings: its country, and the time zones that are possible there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from tenants import time_zones

KEPT = 4096  # numbers


@dataclass(frozen=True)
class Recipient:
    """`country` is an ISO code, or "" for networks of none; without `zones` nothing is known of the clock there."""

    country: str = ""
    zones: tuple[str, ...] = ()


@lru_cache(maxsize=KEPT)
def of(number: str) -> Recipient:
    """What the digits of this number (E.164) tell; nothing for what is no number."""
    parsed = parse(number)
    if parsed is None:
        return Recipient()
    region = phonenumbers.region_code_for_number(parsed) or ""
    zones = tuple(name for name in time_zones_for_number(parsed) if name != UNKNOWN_TIMEZONE)
    return Recipient(region if region in phonenumbers.SUPPORTED_REGIONS else "", zones)


@lru_cache(maxsize=KEPT)
def parse(number: str) -> PhoneNumber | None:
    """Kept, since it is most of the time of a verdict, and several rules read the same number one after the other."""
    try:
        return phonenumbers.parse(number)
    except NumberParseException:
        return None


@lru_cache(maxsize=KEPT)
def clocks(names: tuple[str, ...]) -> tuple[ZoneInfo, ...]:
    """The zones of these names, without those that the database of time zones does not have."""
    return tuple(zone for name in names if (zone := time_zones.read(name)) is not None)
