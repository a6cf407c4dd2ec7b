"""Which rules a verdict was given by is stored with it: those of the code, and what staff had changed by then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.campaigns import draft_rules
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.contact_rules import contact_settings, country_presets, rules, rules_version
from dashboard.contact_rules.country_hours import COUNTRY_HOURS
from dashboard.contact_rules.models import ContactSettings, CountryPreset
from dashboard.contact_rules.rules import VERSION
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.fixtures.operator import PERSON

FRENCH, DUTCH = "+33612345678", "+31612345678"
FIRST, SECOND = datetime(2026, 11, 27, 9, 12, 33, tzinfo=UTC), datetime(2026, 11, 28, 9, 12, 33, tzinfo=UTC)


def staff_changes_france(admin: Any, at: datetime) -> None:
    with scope.for_system("another preset"):
        country_presets.change("FR", COUNTRY_HOURS["FR"], by=admin)
        CountryPreset.objects.update(changed_at=at)


def asked(tenant: Any) -> tuple[str, str]:
    with scope.for_tenant(tenant):
        found = rules.verdicts(tenant, [FRENCH, DUTCH])
    return found[FRENCH].version, found[DUTCH].version


def test_the_version_says_which_preset_held_and_of_no_other_country(bloom, admin):
    assert asked(bloom.tenant) == (VERSION, VERSION)
    staff_changes_france(admin, FIRST)
    first = f"{VERSION}+FR@2026-11-27T09:12:33Z"
    assert asked(bloom.tenant) == (first, VERSION)
    staff_changes_france(admin, SECOND)
    second = f"{VERSION}+FR@2026-11-28T09:12:33Z"
    assert asked(bloom.tenant) == (second, VERSION)
    with scope.for_tenant(bloom.tenant):
        assert rules.versions(bloom.tenant) == {VERSION, second}
    with scope.for_system("as Patchbay has it again"):
        country_presets.reset("FR", by=admin)
    assert asked(bloom.tenant) == (VERSION, VERSION)


def test_the_version_says_which_settings_of_the_client_held(bloom, harbor, admin, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: FIRST)
    with scope.for_system("staff"):
        settings = contact_settings.lock(bloom.tenant)
        contact_settings.change(settings, {"low_credit": 5}, by=admin, what="pauses")
    assert asked(bloom.tenant) == (VERSION, VERSION), "pauses are no rule about people"
    with scope.for_system("staff"):
        contact_settings.change(settings, {"gap_days": 5}, by=admin, what="gap")
    mine = f"{VERSION}+client@2026-11-27T09:12:33Z"
    assert asked(bloom.tenant) == (mine, mine) and asked(harbor.tenant) == (VERSION, VERSION)
    staff_changes_france(admin, SECOND)
    assert asked(bloom.tenant)[0] == f"{VERSION}+FR@2026-11-28T09:12:33Z+client@2026-11-27T09:12:33Z"
    longest = DraftLead._meta.get_field("rules_version").max_length, Call._meta.get_field("rules_version").max_length
    assert len(asked(bloom.tenant)[0]) <= min(longest)
    with scope.for_system("hours of countries do not count for it"):
        ContactSettings.objects.update(uses_country_hours=False)
    assert asked(bloom.tenant) == (mine, mine)


def test_people_of_a_draft_are_asked_for_anew_after_a_preset_has_changed(bloom, admin, make_member):
    manager = make_member(bloom, Role.MANAGER)
    with scope.for_tenant(bloom.tenant):
        draft = CampaignDraft.objects.create(tenant=bloom.tenant, name="Recall", created_by=manager)
        for line, number in enumerate((FRENCH, DUTCH), start=2):
            DraftLead.objects.create(tenant=bloom.tenant, draft=draft, line=line, number=number)

    def stored() -> list[str]:
        return list(DraftLead.objects.order_by("line").values_list("rules_version", flat=True))

    staff_changes_france(admin, FIRST)
    with scope.for_tenant(bloom.tenant):
        assert draft_rules.unchecked(draft) == 2
        draft_rules.check(draft)
        assert stored() == [f"{VERSION}+FR@2026-11-27T09:12:33Z", VERSION] and draft_rules.unchecked(draft) == 0
    staff_changes_france(admin, SECOND)
    with scope.for_tenant(bloom.tenant):
        assert draft_rules.unchecked(draft) == 1
        draft_rules.check(draft)
        assert stored() == [f"{VERSION}+FR@2026-11-28T09:12:33Z", VERSION]


def test_a_call_keeps_the_rules_by_which_it_left(operator, make_member, sign_in):
    with scope.for_system("settings"):
        ContactSettings.objects.create(tenant=operator.tenant, changed_at=FIRST)
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    browser = sign_in(make_member(operator.tenant, Role.MANAGER))
    facts["token"] = "0b7a4e0e-7d0e-4a53-a3b5-2d7b3c1c9f10"
    assert browser.post(f"/c/{operator.tenant.slug}/call/", facts).status_code == 303
    with scope.for_tenant(operator.tenant):
        assert Call.objects.get().rules_version == f"{VERSION}+client@2026-11-27T09:12:33Z"


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("", ""),
        ("2026-11-26", "26 November 2026"),
        ("2026-11-26+FR@2026-11-27T09:12:33Z", "26 November 2026; France as changed on 27 November 2026 at 10:12"),
        (
            "2026-11-26+FR@2026-11-27T09:12:33Z+client@2026-11-28T23:00:00Z",
            "26 November 2026; France as changed on 27 November 2026 at 10:12; "
            "the client’s own rules as changed on 29 November 2026 at 00:00",
        ),
        ("of another time", "of another time"),
        ("2026-11-26+FR", "2026-11-26+FR"),
        ("2026-11-26+FR@yesterday", "2026-11-26+FR@yesterday"),
    ],
)
def test_a_version_is_shown_in_words(stored, words):
    assert rules_version.words(stored, ZoneInfo("Europe/Amsterdam")) == words


@pytest.mark.usefixtures("db")
def test_settings_read_as_json_have_the_time_of_their_change(bloom):
    with scope.for_system("settings"), connection.cursor() as cursor:
        ContactSettings.objects.create(tenant=bloom.tenant, changed_at=FIRST)
        cursor.execute("SELECT to_jsonb(s)::text FROM contact_rules_contactsettings s")
        ((stored,),) = cursor.fetchall()
    assert contact_settings.from_json(bloom.tenant, stored).changed_at == FIRST
