"""Names: what is cleaned, what is refused, and that no form and no vendor record goes around it."""

from __future__ import annotations

import unicodedata

import pytest
from django import forms

from dashboard.calls.updates.call_update import CallUpdate
from dashboard.clients import forms as inventory_forms
from dashboard.inventory import sync
from dashboard.sync.models import SyncRun
from dashboard.team import forms as home_forms
from dashboard.voicedock import RemoteCall
from tenants import names
from tenants.access.permissions import Role, StaffRole
from tenants.accounts import members
from tenants.form_fields import NameField
from tenants.isolation import scope
from tenants.models import Assistant, User

HIDDEN = "Nina\u200b \u202eNew\u2066\u3164\u00ad"


FAKES = ["Mara Jan\u200bsen", "𝐌𝐚𝐫𝐚 Jansen", "Маrа Jansen", "Mara Jаnsen", "ᴍᴀʀᴀ Jansen"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (HIDDEN, "Nina New"),
        ("  Nina\t New\n", "Nina New"),
        ("Ni\u0301na", "Nína"),
        ("ﬁne Ｂｌｏｏｍ", "fine Bloom"),
        ("🙂\ufe0f Bloom", "🙂 Bloom"),
        ("\u200b\u2800", ""),
        ("Ťaňa Ångström", "Ťaňa Ångström"),
    ],
)
def test_what_nobody_sees_is_taken_out(typed, kept):
    assert names.clean(typed) == kept


def test_no_character_of_the_invisible_categories_stays():
    every = "".join(map(chr, range(0x110000)))
    left = {unicodedata.category(char) for char in names.clean(every)}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_a_cut_name_says_that_it_is_cut():
    assert names.clean("x" * 200, 120) == "x" * 119 + "…" and names.clean("x" * 120, 120) == "x" * 120


@pytest.mark.parametrize("name", ["Маrа Jansen", "Βloom Dental", "Kabelhuіs"])
def test_two_alphabets_in_one_word_are_refused(name):
    assert "two alphabets" in names.problem(name)


@pytest.mark.parametrize("name", ["Иван Smith", "株式会社ABC", "Ťaňa Ångström", "Zoë O’Neill", "דוד Cohen", "K3 & Zn."])
def test_ordinary_names_of_all_writings_are_taken(name):
    assert names.problem(name, ["Mara Jansen"]) == ""


@pytest.mark.parametrize("name", ["Mara Jansen", "mara  jansen", "Mara-Jansen", *FAKES])
def test_a_name_that_looks_like_that_of_staff_is_refused(name):
    assert names.problem(name, ["Mara Jansen"])


def test_every_field_for_a_name_is_a_name_field():
    plain = []
    for module in (home_forms, inventory_forms):
        for form in vars(module).values():
            if isinstance(form, type) and issubclass(form, forms.BaseForm) and form.__module__ == module.__name__:
                for name, field in form.base_fields.items():  # type: ignore[attr-defined]
                    if name in ("name", "city", "owner_name") and not isinstance(field, NameField):
                        plain.append(f"{form.__name__}.{name}")
    assert plain == []


def test_what_is_typed_stays_in_the_field_and_is_measured_after_cleaning():
    class Form(forms.Form):
        name = NameField(max_length=8)

    assert Form({"name": "Nina\u200b\u200b\u200b\u200bNew"}).is_valid()
    refused = Form({"name": "Маrа"})
    assert not refused.is_valid() and 'value="Маrа"' in refused.as_p() and "maxlength" not in refused.as_p()


@pytest.fixture
def invited(bloom, make_member, make_staff):
    User.objects.filter(pk=make_staff(StaffRole.ADMIN).pk).update(name="Idris Cole")
    owner = make_member(bloom, Role.OWNER)
    with scope.for_tenant(bloom.tenant):
        _, token = members.invite(bloom.tenant, email="new@bloom.test", role=Role.OPERATOR, by=owner)
    return f"/invitation/{members.mailed_token(token)}/"


@pytest.mark.parametrize("name", ["Idris Cole", "ldris CoIe", "Idrіs Cole", "Kabelhuis"])
def test_nobody_joins_in_the_name_of_staff(client, invited, name):
    answer = client.post(invited, {"name": name, "password": "nine gentle otters swim"})
    assert answer.status_code == 422 and answer.context["form"].errors["name"]
    assert f'value="{name}"' in answer.content.decode()
    assert not User.objects.filter(email="new@bloom.test").exists()


def test_hidden_characters_are_taken_out_of_a_name_that_joins(client, invited):
    assert client.post(invited, {"name": HIDDEN, "password": "nine gentle otters swim"}).status_code == 302
    assert User.objects.get(email="new@bloom.test").name == "Nina New"


def test_a_client_does_not_rename_itself_to_the_reseller(bloom, make_member, sign_in):
    page = sign_in(make_member(bloom, Role.OWNER))
    values = {"name": "Kаbelhuis", "timezone": "Europe/Amsterdam", "brand_hue": 254, "brand_chroma": "0.115"}
    answer = page.post("/c/bloom-dental/settings/", values)
    assert answer.status_code == 422 and answer.context["form"].errors["name"]


def test_what_voicedock_sends_is_cleaned_and_never_refused(agency, sandbox):
    for assistant in sandbox.state.assistants.values():
        assistant.settings["name"] = "Маrа \u202eBot\u200b"
    sync.inventory(agency.connection)
    with scope.for_system("look"):
        assert set(Assistant.objects.values_list("name", flat=True)) == {"Маrа Bot"}
    sync.inventory(agency.connection)
    with scope.for_system("look"):
        assert SyncRun.objects.filter(kind="inventory").latest("pk").changed == 0
    call = RemoteCall.read({"id": "call_1", "status": "completed", "agent_name": HIDDEN})
    assert CallUpdate.of_remote(call).fields["assistant_name"] == "Nina New"
