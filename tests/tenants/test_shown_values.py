"""Edit forms meet what somebody else changed while they were open: nothing is overwritten, nothing typed is lost."""

import re

import pytest
from django import forms
from django.http import QueryDict
from django.urls import reverse

from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import Membership, StaffMember, Tenant, User
from tenants.shown_values import ShownValues

MEANWHILE = "Somebody changed this meanwhile"


def fields_of(page: str, action: str = "") -> dict[str, str]:
    """What a browser would send of the form with this action, untouched."""
    form = next(
        body
        for head, body in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL)
        if f'action="{action}"' in head or (not action and "action=" not in head and 'method="post"' in head)
    )
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    for tag in re.findall(r"<input(?![^>]*hidden)[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = value[1] if value else "on"
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        sent[name] = text
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options)
        sent[name] = chosen[1] if chosen else ""
    return {name: value.replace("&quot;", '"') for name, value in sent.items() if name != "csrfmiddlewaretoken"}


class Line(ShownValues, forms.Form):
    """A form of three kinds of fields."""

    name = forms.CharField()
    most = forms.IntegerField()
    loud = forms.BooleanField(required=False)


def line(now: dict, sent: dict | None = None) -> Line:
    if sent is None:
        return Line(initial=now)
    data = QueryDict(mutable=True)
    data.update(sent)
    return Line(data, initial=now)


def sent_by(form: Line, **typed: str) -> dict[str, str]:
    shown = re.search(r'value="([^"]*)"', str(form.shown_values()))
    assert shown
    return {"shown": shown[1].replace("&quot;", '"'), "name": "Reception", "most": "4"} | typed


THEN = {"name": "Reception", "most": 4, "loud": False}


@pytest.mark.parametrize(
    ("now", "typed", "kept", "refused"),
    [
        ({}, {"name": "Desk"}, {"name": "Desk", "most": 4, "loud": False}, []),
        ({"most": 9}, {"name": "Desk"}, {"name": "Desk", "most": 9, "loud": False}, []),
        ({"loud": True}, {"name": "Desk"}, {"name": "Desk", "most": 4, "loud": True}, []),
        ({"name": "Front"}, {"name": "Desk"}, {}, ["name"]),
        ({"name": "Desk"}, {"name": "Desk"}, {"name": "Desk", "most": 4, "loud": False}, []),
        ({"name": "Front", "most": 9}, {"name": "Desk", "most": "5"}, {}, ["name", "most"]),
    ],
)
def test_what_is_changed_on_one_side_alone_counts(now, typed, kept, refused):
    form = line(THEN | now, sent_by(line(THEN), **typed))
    assert (list(form.errors), form.is_valid()) == (refused, not refused)
    assert all(MEANWHILE in str(form.errors[name]) for name in refused)
    if not refused:
        assert form.cleaned_data == kept


def test_a_second_save_puts_what_was_typed_in_its_place():
    now = THEN | {"name": "Front"}
    refused = line(now, sent_by(line(THEN), name="Desk"))
    assert not refused.is_valid() and refused["name"].value() == "Desk"
    assert "“Front”" in refused.errors["name"][0]
    assert line(now, sent_by(refused, name="Desk")).is_valid()


@pytest.mark.parametrize("shown", ["", "x", "[]", "null", '{"name": 1}', "{" * 5000])
def test_what_is_no_list_of_shown_values_is_no_error(shown):
    form = line(THEN, {"shown": shown, "name": "Desk", "most": "4"})
    assert form.is_valid() or MEANWHILE in str(form.errors)


def test_every_form_of_a_row_has_it():
    """A form made from an instance overwrites that row: it must tell what it was made from."""
    found = {form for form in _subclasses(forms.ModelForm) if form.__module__.startswith(("dashboard.", "tenants."))}
    assert found and [form for form in found if not issubclass(form, ShownValues)] == []


def _subclasses(kind: type) -> set[type]:
    return set(kind.__subclasses__()) | {one for below in kind.__subclasses__() for one in _subclasses(below)}


def test_the_settings_of_a_client(bloom, make_member, sign_in):
    browser, address = sign_in(make_member(bloom, Role.OWNER)), "/c/bloom-dental/settings/"
    sent = fields_of(browser.get(address).content.decode())
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(city="Utrecht", brand_hue=12)
    answer = browser.post(address, sent | {"city": "Almere", "phrases": "Good day."})
    page = answer.content.decode()
    assert answer.status_code == 422 and page.count(MEANWHILE) == 1 and "Utrecht" in page
    assert 'value="Almere"' in page and "Good day." in page and 'value="12"' in page
    again = fields_of(page)
    assert browser.post(address, again).status_code == 302
    with scope.for_tenant(bloom.tenant):
        now = Tenant.objects.get(pk=bloom.tenant.pk)
        assert (now.city, now.brand_hue) == ("Almere", 12)
        assert [phrase.text for phrase in now.phrases.all()] == ["Good day."]


@pytest.mark.parametrize(
    ("setting", "column", "theirs", "typed"),
    [
        ("limits", "max_calls_per_day", 50, {"max_calls_per_day": "300"}),
        ("countries", "allowed_countries", ["BE"], {"allowed": "Germany"}),
        ("countries", "country", "BE", {"country": "DE"}),
        ("retention", "retention_days", 7, {"retention_days": "30"}),
    ],
)
def test_the_settings_that_staff_change(bloom, admin_browser, setting, column, theirs, typed):
    page, address = admin_browser.get("/clients/bloom-dental/").content.decode(), f"/clients/bloom-dental/{setting}/"
    (field,) = typed
    forms_of_page = re.findall(rf'<form[^>]*action="{address}".*?</form>', page, re.DOTALL)
    (form,) = [one for one in forms_of_page if f'name="{field}"' in one]
    sent = fields_of(form, address) | typed
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(**{column: theirs})
    answer = admin_browser.post(address, sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and page.count(MEANWHILE) == 1
    with scope.for_tenant(bloom.tenant):
        assert getattr(Tenant.objects.get(pk=bloom.tenant.pk), column) == theirs


def test_the_name_of_a_line(bloom, admin_browser):
    address = f"/clients/bloom-dental/numbers/{bloom.number.pk}/name/"
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    sent = fields_of(page, address)
    (name,) = [name for name in sent if name.endswith("-name")]
    with scope.for_tenant(bloom.tenant):
        type(bloom.number).objects.filter(pk=bloom.number.pk).update(name="Theirs")
    answer = admin_browser.post(address, sent | {name: "Mine"})
    assert answer.status_code == 422 and MEANWHILE in answer.content.decode()


def test_a_role_in_the_team(bloom, make_member, sign_in):
    browser, other = sign_in(make_member(bloom, Role.OWNER)), make_member(bloom, Role.VIEWER, "Sanne Visser")
    with scope.for_tenant(bloom.tenant):
        member = Membership.objects.get(user=other)
    address = f"/c/bloom-dental/team/{member.pk}/role/"
    sent = fields_of(browser.get("/c/bloom-dental/team/").content.decode(), address)
    with scope.for_tenant(bloom.tenant):
        Membership.objects.filter(pk=member.pk).update(role=Role.MANAGER)
    answer = browser.post(address, sent | {"role": Role.OPERATOR})
    assert answer.status_code == 422 and f"{MEANWHILE}: it is “Manager” now" in answer.content.decode()
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.get(pk=member.pk).role == Role.MANAGER


def test_a_role_of_the_staff(admin_browser, make_staff):
    member = make_staff(StaffRole.SUPPORT)
    page, address = f"/staff/{member.pk}/", f"/staff/{member.pk}/change/"
    sent = fields_of(admin_browser.get(page).content.decode(), address)
    StaffMember.objects.filter(pk=member.pk).update(role=StaffRole.FINANCE)
    answer = admin_browser.post(address, sent | {"role": StaffRole.ADMIN})
    assert answer.status_code == 422 and MEANWHILE in answer.content.decode()
    assert StaffMember.objects.get(pk=member.pk).role == StaffRole.FINANCE


def test_a_name_of_ones_own(bloom, make_member, sign_in):
    user = make_member(bloom, Role.OWNER, "Dora Bloom")
    browser, address = sign_in(user), reverse("account_profile")
    sent = fields_of(browser.get("/account/").content.decode(), address)
    User.objects.filter(pk=user.pk).update(name="Dora Berg")
    answer = browser.post(address, sent | {"name": "Dora Vos"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "“Dora Berg”" in page and 'value="Dora Vos"' in page
    assert User.objects.get(pk=user.pk).name == "Dora Berg"
