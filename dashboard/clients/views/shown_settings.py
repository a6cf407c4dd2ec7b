"""The settings of a client as values on its page, each with the form that changes it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from dashboard.calls.at_once import AtOnce
from dashboard.clients.forms import CountriesForm, KindsForm, LimitsForm, RetentionForm, TransientCallsForm
from dashboard.ui import phone_numbers
from dashboard.ui.countries import words as country_words
from tenants import tenant_status
from tenants.access.permissions import Permission
from tenants.destination_rules import kinds_words
from tenants.models import Tenant


@dataclass(frozen=True)
class Setting:
    """One value; `key` is the field that changes it, and `form` is None for a reader who may not."""

    key: str
    label: str
    value: str
    form: Any = None
    url: str = ""
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its form is shown at once, because something in it is wrong."""
        return bool(self.form is not None and self.form.errors)


def of(client: Any, may: Callable[[Permission], bool], sent: Any = None) -> list[Setting]:
    """`client` comes from `queries.clients`; `sent` is a form that was refused and is shown as it was typed."""
    settings = [_limits(client, "max_concurrent_calls", "Calls at once", _in_use(client))]
    settings.append(_limits(client, "max_calls_per_day", "Calls a day", f"{client.today} today"))
    country = phone_numbers.country(client.country, article=True)
    written = f"as in {country}, or with a country code" if country else "with a country code"
    settings.append(
        _countries(client, "allowed", "Calls may go to", _capitalized(country_words(client.allowed_countries)))
    )
    settings.append(_kinds(client))
    settings.append(_countries(client, "country", "Numbers are written", _capitalized(written)))
    settings.append(_transient_calls(client))
    settings.append(_two_factor(client))
    settings.append(_retention(client))
    permissions = {
        "client-limits": Permission.SET_LIMITS,
        "client-countries": Permission.SET_COUNTRIES,
        "client-kinds": Permission.SET_COSTLY_KINDS,
        "client-transient-calls": Permission.ALLOW_TRANSIENT_CALLS,
    }
    return [
        _as_sent(one, sent) if not one.url or may(permissions.get(one.url, Permission.SET_RETENTION)) else _plain(one)
        for one in settings
    ]


def _in_use(client: Any) -> str:
    now = AtOnce(client.live, client.max_concurrent_calls)
    return f"all in use now{now.more}" if now.beyond else f"{now.used:,} in use now"


def address(setting: Setting, client: Tenant) -> str:
    return reverse(setting.url, args=[client.slug]) if setting.url else ""


def _limits(client: Any, name: str, label: str, used: str) -> Setting:
    value = f"{getattr(client, name):,}, {used}"
    return Setting(name, label, value, LimitsForm(instance=client, only={name}), "client-limits")


def _countries(client: Tenant, name: str, label: str, value: str) -> Setting:
    return Setting(name, label, value, CountriesForm(tenant=client, only={name}), "client-countries")


def _kinds(client: Tenant) -> Setting:
    value = _capitalized(kinds_words(client.allowed_kinds)) if client.allowed_kinds else "Are not called"
    return Setting("kinds", "Numbers that cost extra", value, KindsForm(tenant=client), "client-kinds")


def _capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]


def _transient_calls(client: Tenant) -> Setting:
    value = "Allowed, for members to whom its owner gives them" if client.transient_calls else "Not allowed"
    form = TransientCallsForm(instance=client)
    return Setting("transient_calls", "One-time assistants", value, form, "client-transient-calls")


def _two_factor(client: Tenant) -> Setting:
    value = "Asked of everybody" if client.requires_second_step else "Each person’s own choice"
    return Setting("two-factor", "Two-factor authentication", value, note="Its owner decides in the client’s settings.")


def _retention(client: Tenant) -> Setting:
    days = f"{client.retention_days} day{'' if client.retention_days == 1 else 's'} after closing"
    blocked = tenant_status.retention_blocking_reason(client)
    form = None if blocked else RetentionForm(instance=client)
    return Setting("retention_days", "Personal data is kept", days, form, "client-retention")


def _plain(setting: Setting) -> Setting:
    return Setting(setting.key, setting.label, setting.value, note=setting.note)


def _as_sent(setting: Setting, sent: Any) -> Setting:
    if sent is None or setting.key not in sent.fields or not isinstance(sent, type(setting.form)):
        return setting
    return Setting(setting.key, setting.label, setting.value, sent, setting.url, setting.note)
