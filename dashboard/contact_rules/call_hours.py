"""The rule of calling hours: where a person is, the clock is inside of the hours in each zone that is possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from dashboard.contact_rules import contact_settings, hours, recipients
from dashboard.contact_rules.country_hours import COUNTRY_HOURS, CountryHours
from dashboard.contact_rules.hours import Hours
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.recipients import Recipient
from dashboard.contact_rules.verdict import ALLOWED, Rule, Verdict
from tenants import time_zones
from tenants.models import Tenant

OUTSIDE = "It is {clock} where this number rings. Calling hours there: {hours}. {until}"
FROM = "From {until} it may be called."
NEVER = "No such hour comes within a month."
CAMPAIGN_OUTSIDE = (
    "The campaign would also call on {day}, when it is {clock} where this number rings. Calling hours there: {hours}."
)


class CallHours:
    """Asked for one moment, or for samples of all moments at which a campaign calls: then each is to be inside."""

    def __init__(
        self,
        tenant: Tenant,
        settings: ContactSettings,
        now: datetime,
        moments: Sequence[datetime] = (),
        presets: Mapping[str, CountryHours] = COUNTRY_HOURS,
    ) -> None:
        self.tenant, self.settings, self.now, self.moments = tenant, settings, now, moments
        self.presets = presets
        self.of_place = cache(self._of_place)  # 100,000 numbers are of a few hundred places

    def __call__(self, number: str) -> Verdict:
        return self.of_place(recipients.of(number))

    def _of_place(self, recipient: Recipient) -> Verdict:
        zones = recipients.clocks(recipient.zones) or (self.tenant.zone,)
        there = contact_settings.hours_of(self.settings, recipient.country, self.presets)
        for moment in self.moments or (self.now,):
            if not hours.is_open(there, moment, zones, recipient.country):
                return self._refused(there, moment, zones, recipient.country)
        return ALLOWED

    def _refused(self, there: Hours, moment: datetime, zones: Sequence[ZoneInfo], country: str) -> Verdict:
        words = {"clock": _clock(moment, zones), "hours": there.words() or "none"}
        if self.moments:
            day = f"{moment.astimezone(self.tenant.zone):%A %-d %B %H:%M} {_zone_words(self.tenant)}"
            return Verdict(CAMPAIGN_OUTSIDE.format(day=day, **words), Rule.HOURS)
        until = hours.next_opening(there, moment, zones, country)
        when = FROM.format(until=moment_words(self.tenant, until)) if until else NEVER
        return Verdict(OUTSIDE.format(until=when, **words), Rule.HOURS, until)


def moment_words(tenant: Tenant, at: datetime) -> str:
    """`Friday 27 November 8:00 (Amsterdam)`, on the client's clock."""
    there = at.astimezone(tenant.zone)
    return f"{there:%A %-d %B} {hours.clock_words(there.time())} {_zone_words(tenant)}"


def _zone_words(tenant: Tenant) -> str:
    return f"({time_zones.label(tenant.zone.key)})"


def _clock(moment: datetime, zones: Sequence[ZoneInfo]) -> str:
    """`5:07`, or `5:07 to 8:07` where the zones differ, with the days where those do."""
    there = sorted({moment.astimezone(zone).replace(tzinfo=None) for zone in zones})
    first, last = there[0], there[-1]
    if first == last:
        return f"{first:%A} {hours.clock_words(first.time())}"
    day = "" if first.date() == last.date() else f"{last:%A} "
    return f"{first:%A} {hours.clock_words(first.time())} to {day}{hours.clock_words(last.time())}"
