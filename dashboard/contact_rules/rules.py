"""May this person be called? The same answer for a call that is typed, planned or waits, and for people of campaigns.

The database asks the do-not-call lists once more when a call leaves (`call_leaves`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from django.db import connection as database
from django.utils import timezone

from dashboard.contact_rules import contact_settings, country_presets, recipients
from dashboard.contact_rules.call_hours import CallHours
from dashboard.contact_rules.call_limits import CampaignGap, MostAttempts
from dashboard.contact_rules.contact_history import Asking
from dashboard.contact_rules.country_hours import COUNTRY_HOURS, CountryHours
from dashboard.contact_rules.hours import Hours
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.rules_version import RulesVersion
from dashboard.contact_rules.verdict import ALLOWED, VERSION, Rule, Verdict
from tenants.isolation import scope
from tenants.models import Tenant

__all__ = [
    "ALLOWED",
    "VERSION",
    "InCampaign",
    "Purpose",
    "Rule",
    "Verdict",
    "refusal",
    "verdict",
    "verdict_with_reason",
    "verdicts",
    "versions",
]

ON_THE_LIST = (
    "This number is on your do-not-call list since {day}. If the person asks to be called, a manager takes it off."
)
ON_THE_RESELLERS_LIST = "This number is on the do-not-call list of your account team, so nobody calls it from here."
ON_THE_CAMPAIGNS_LIST = "This number is on the do-not-call list of this campaign since {day}."
NO_CONSENT = "The file has no consent of this person: its kind and its source. Your account team asks for one."
CONSENT = ("kind", "source")


class Purpose(StrEnum):
    """What calls: somebody, now or by plan, or a campaign."""

    CALL = "call"
    CAMPAIGN = "campaign"


@dataclass(frozen=True)
class InCampaign:
    """`moments` are samples of all times at which the campaign may call; None for `at` alone, and none at all as long
    as its hours are not known: then the rule of calling hours is not asked.

    `consents` has what the file says of each number's consent; None where that is not asked. `listed` are the numbers
    on the campaign's own do-not-call list, with the time since when.
    """

    moments: Sequence[datetime] | None = None
    consents: Mapping[str, Mapping[str, str]] | None = None
    listed: Mapping[str, datetime] = field(default_factory=dict)


NO_CAMPAIGN = InCampaign()
NOBODY = Asking()
Check = Callable[[str], Verdict]


@scope.requires_scope
def verdict(
    tenant: Tenant,
    number: str,
    at: datetime | None = None,
    *,
    purpose: Purpose = Purpose.CALL,
    campaign: InCampaign = NO_CAMPAIGN,
    asking: Asking = NOBODY,
    overridden: Collection[Rule] = (),
) -> Verdict:
    """May this client call this number (E.164) at this moment, which is now if left out? Inside its scope, or all."""
    found = verdicts(tenant, [number], at, purpose=purpose, campaign=campaign, asking=asking, overridden=overridden)
    return found[number]


@scope.requires_scope
def verdicts(
    tenant: Tenant,
    numbers: Sequence[str],
    at: datetime | None = None,
    *,
    purpose: Purpose = Purpose.CALL,
    campaign: InCampaign = NO_CAMPAIGN,
    asking: Asking = NOBODY,
    overridden: Collection[Rule] = (),
    first: Check | None = None,
) -> dict[str, Verdict]:
    """The verdict of each number, with as many statements for one as for 100,000.

    `asking` itself does not count among earlier calls and campaigns. `overridden` are those of `OVERRIDABLE` that
    somebody who may has set aside with a reason: these refuse nothing. `first` is a rule of the caller's that is
    asked before the others.
    """
    now = at or timezone.now()
    numbers = list(dict.fromkeys(numbers))
    lists = _Lists(tenant, numbers)
    settings = lists.settings
    checks: list[Check] = [*([first] if first else []), lists, _CampaignList(tenant, campaign.listed)]
    if purpose == Purpose.CAMPAIGN:
        checks += _of_campaign(tenant, settings, numbers, now, campaign, asking)
    kept = _overridable(tenant, lists, numbers, now, purpose, campaign, asking, frozenset(overridden))
    version = RulesVersion(settings, lists.presets)
    return {number: _versioned(_first(checks, number) or _all_of(kept, number), version, number) for number in numbers}


@scope.requires_scope
def versions(tenant: Tenant) -> set[str]:
    """All that are in force for the calls of this client now."""
    return RulesVersion(contact_settings.of(tenant), country_presets.known()).all


@scope.requires_scope
def refusal(tenant: Tenant, number: str, at: datetime | None = None) -> str:
    """Why this client does not call this number, or ""."""
    return verdict(tenant, number, at).refusal


@scope.requires_scope
def verdict_with_reason(
    tenant: Tenant, number: str, at: datetime | None, reason: str, known: Collection[Rule]
) -> tuple[Verdict, tuple[Rule, ...]]:
    """The verdict where somebody who may has given this reason, or none; and the rules that it sets aside.

    `known` are the rules that the person was shown: one that they do not know of goes on refusing.
    """
    found = verdict(tenant, number, at)
    if not reason or not found.may_be_overridden or not set(known).issuperset(found.overridable):
        return found, ()
    return verdict(tenant, number, at, overridden=found.overridable), found.overridable


@scope.requires_scope
def outside_hours(tenant: Tenant, number: str, at: datetime | None = None) -> Hours | None:
    """The calling hours where this number (E.164) rings, where it is outside of them; whether calls keep them or not.

    None inside of them, and where the digits tell no clock.
    """
    place = recipients.of(number)
    if not recipients.clocks(place.zones):
        return None
    stored = _Lists(tenant, [number])
    if not CallHours(tenant, stored.settings, at or timezone.now(), (), stored.presets)(number).refusal:
        return None
    return contact_settings.hours_of(stored.settings, place.country, stored.presets)


def _first(checks: Sequence[Check], number: str) -> Verdict | None:
    """Of the first rule that refuses."""
    return next((found for check in checks if (found := check(number)).refusal), None)


def _all_of(checks: Mapping[Rule, Check], number: str) -> Verdict:
    """Of all that refuse, so that whoever sets them aside has read each."""
    refusing = [found for check in checks.values() if (found := check(number)).refusal]
    if not refusing:
        return ALLOWED
    return replace(
        refusing[0],
        refusal=" ".join(found.refusal for found in refusing),
        until=max((found.until for found in refusing if found.until), default=None),
        overridable=tuple(found.rule for found in refusing if found.rule),
    )


def _versioned(found: Verdict, version: RulesVersion, number: str) -> Verdict:
    stored = version.of(recipients.of(number).country if version.countries else "")
    return found if found.version == stored else replace(found, version=stored)


def _of_campaign(
    tenant: Tenant,
    settings: ContactSettings,
    numbers: Sequence[str],
    now: datetime,
    campaign: InCampaign,
    asking: Asking,
) -> list[Check]:
    checks: list[Check] = []
    if settings.needs_consent and campaign.consents is not None:
        checks.append(_Consents(campaign.consents))
    if settings.gap_days:
        checks.append(CampaignGap(tenant, settings, numbers, now, asking))
    return checks


def _overridable(
    tenant: Tenant,
    stored: _Lists,
    numbers: Sequence[str],
    now: datetime,
    purpose: Purpose,
    campaign: InCampaign,
    asking: Asking,
    overridden: frozenset[Rule],
) -> dict[Rule, Check]:
    is_campaign, settings, presets = purpose == Purpose.CAMPAIGN, stored.settings, stored.presets
    checks: dict[Rule, Check] = {}
    keeps_attempts = settings.campaigns_keep_attempts if is_campaign else settings.calls_keep_attempts
    if keeps_attempts and Rule.ATTEMPTS not in overridden:
        checks[Rule.ATTEMPTS] = MostAttempts(tenant, settings, numbers, now, asking, presets)
    moments = campaign.moments if is_campaign else None
    keeps_hours = settings.campaigns_keep_hours if is_campaign else settings.calls_keep_hours
    if keeps_hours and Rule.HOURS not in overridden and (moments is None or moments):
        checks[Rule.HOURS] = CallHours(tenant, settings, now, moments or (), presets)
    return checks


class _Lists:
    """The client's own list, and that of the reseller, which a client's scope cannot read but ask.

    `settings` and `presets` are read in the same statement, since all are asked each time that a call is placed.
    """

    def __init__(self, tenant: Tenant, numbers: Sequence[str]) -> None:
        self.tenant, self.settings = tenant, contact_settings.DEFAULTS
        self.presets: dict[str, CountryHours] = dict(COUNTRY_HOURS)
        self.found: dict[str, tuple[datetime | None, bool]] = {}
        with database.cursor() as cursor:
            cursor.execute(LISTS, [tenant.pk, list(numbers), tenant.pk, list(numbers)])
            for kind, number, added_at, is_resellers, stored in cursor:
                if kind == "settings":
                    self.settings = contact_settings.from_json(tenant, stored)
                elif kind == "country":
                    self.presets[number] = country_presets.from_json(stored)
                else:
                    self.found[number] = (added_at, is_resellers)

    def __call__(self, number: str) -> Verdict:
        added_at, is_resellers = self.found.get(number, (None, False))
        if added_at is not None:
            day = f"{added_at.astimezone(self.tenant.zone):%-d %B %Y}"
            return Verdict(ON_THE_LIST.format(day=day), Rule.DO_NOT_CALL)
        return Verdict(ON_THE_RESELLERS_LIST, Rule.RESELLERS_LIST) if is_resellers else ALLOWED


LISTS = """
    SELECT 'settings', NULL, NULL::timestamptz, NULL::boolean, to_jsonb(settings)::text
    FROM contact_rules_contactsettings settings WHERE settings.tenant_id = %s
    UNION ALL
    SELECT 'country', preset.country, NULL, NULL, to_jsonb(preset)::text FROM contact_rules_countrypreset preset
    UNION ALL
    SELECT 'number', asked.number, own.added_at, reseller.number IS NOT NULL, NULL
    FROM unnest(%s::text[]) AS asked(number)
    LEFT JOIN contact_rules_donotcallentry own ON own.tenant_id = %s AND own.number = asked.number
    LEFT JOIN public.listed_for_all(%s::text[]) reseller ON reseller.number = asked.number
    WHERE own.number IS NOT NULL OR reseller.number IS NOT NULL
"""


@dataclass(frozen=True)
class _CampaignList:
    """Of the campaign that asks; empty for all other calls."""

    tenant: Tenant
    listed: Mapping[str, datetime]

    def __call__(self, number: str) -> Verdict:
        if number not in self.listed:
            return ALLOWED
        day = f"{self.listed[number].astimezone(self.tenant.zone):%-d %B %Y}"
        return Verdict(ON_THE_CAMPAIGNS_LIST.format(day=day), Rule.CAMPAIGN_LIST)


@dataclass(frozen=True)
class _Consents:
    """A consent has a kind and a source."""

    consents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __call__(self, number: str) -> Verdict:
        consent = self.consents.get(number, {})
        is_whole = all(str(consent.get(name) or "").strip() for name in CONSENT)
        return ALLOWED if is_whole else Verdict(NO_CONSENT, Rule.CONSENT)
