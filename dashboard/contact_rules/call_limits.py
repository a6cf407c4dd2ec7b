"""The rules about earlier calls: how often a person is called in a period, and how soon by another campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from dashboard.contact_rules import contact_history, recipients
from dashboard.contact_rules.call_hours import moment_words
from dashboard.contact_rules.contact_history import Asking
from dashboard.contact_rules.country_hours import COUNTRY_HOURS, CountryHours
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.verdict import ALLOWED, Rule, Verdict
from tenants.models import Tenant
from tenants.names import isolate

OFTEN = "Called {times} in {days}; at most {most} is allowed. From {until} it may be called."
CALLED_BY = "Called by the campaign {name} on {day}. Another campaign may call this person from {until}."
TO_BE_CALLED_BY = "Is in the campaign {name}, which has yet to call this person."
LONGEST_NAME = 80


class Limit(NamedTuple):
    """So many calls to one person, at most, in so many days."""

    most: int
    days: int


class MostAttempts:
    """Single calls and those of campaigns are counted together. A country may have a rule of its own."""

    def __init__(
        self,
        tenant: Tenant,
        settings: ContactSettings,
        numbers: Sequence[str],
        now: datetime,
        asking: Asking,
        presets: Mapping[str, CountryHours] = COUNTRY_HOURS,
    ) -> None:
        self.tenant, self.now = tenant, now
        self.usual = Limit(settings.most_attempts, settings.attempt_days)
        self.by_country = {
            country: Limit(one.most_attempts, one.attempt_days)
            for country, one in presets.items()
            if settings.uses_country_hours and one.most_attempts and one.attempt_days
        }
        longest = max(limit.days for limit in (self.usual, *self.by_country.values()))
        self.found = contact_history.attempts(tenant, numbers, now - timedelta(days=longest), asking)

    def __call__(self, number: str) -> Verdict:
        if number not in self.found:
            return ALLOWED
        limit = self.by_country.get(recipients.of(number).country, self.usual) if self.by_country else self.usual
        period = timedelta(days=limit.days)
        moments = [moment for moment in self.found[number] if moment >= self.now - period]
        if len(moments) < limit.most:
            return ALLOWED
        until = moments[-limit.most] + period  # from then on, one fewer than the most lies in the period
        words = OFTEN.format(
            times=_times(len(moments)),
            days=_days(limit.days),
            most=_times(limit.most),
            until=moment_words(self.tenant, until),
        )
        return Verdict(words, Rule.ATTEMPTS, until)


class CampaignGap:
    """A person of one campaign is in no other one for some days."""

    def __init__(
        self, tenant: Tenant, settings: ContactSettings, numbers: Sequence[str], now: datetime, asking: Asking
    ) -> None:
        self.tenant = tenant
        self.gap = timedelta(days=settings.gap_days)
        self.found = contact_history.campaigns(tenant, numbers, now - self.gap, asking)

    def __call__(self, number: str) -> Verdict:
        earlier = self.found.get(number)
        if earlier is None:
            return ALLOWED
        name = isolate(earlier.name[:LONGEST_NAME])
        if earlier.called_at is None:
            return Verdict(TO_BE_CALLED_BY.format(name=name), Rule.GAP)
        until = earlier.called_at + self.gap
        day = f"{earlier.called_at.astimezone(self.tenant.zone):%-d %B %Y}"
        return Verdict(CALLED_BY.format(name=name, day=day, until=moment_words(self.tenant, until)), Rule.GAP, until)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count:,} days"
