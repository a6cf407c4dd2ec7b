"""Two days of a filter in the wrong order: an error beside the field, and nothing that was typed is lost."""

import re

import pytest
from django import forms

from dashboard.ui.date_fields import REVERSED, PeriodForm
from dashboard.urls import urlpatterns
from tenants.access.permissions import Role
from tests.fixtures.call_factories import make_call
from tests.fixtures.factories import record_authentication

DAYS = "since=2026-05-09&until=2026-05-02"
CLIENT = ["/c/bloom-dental/calls/", "/c/bloom-dental/caller-id/", "/c/bloom-dental/activity/"]
STAFF = ["/calls/", "/clients/bloom-dental/caller-id/", "/activity/"]
QUESTIONS = [f"/admin/questions/{name}/" for name in ("caller-id", "reading", "trail", "access")]
CONSOLE = ["/admin/", *QUESTIONS, "/admin/evidence/"]


def every_form(cls: type[forms.BaseForm] = forms.BaseForm):
    for form in cls.__subclasses__():
        yield form
        yield from every_form(form)


def test_every_form_with_two_days_reads_them_alike():
    assert urlpatterns  # every view, and so every form, is loaded
    pairs = [form for form in every_form() if {"since", "until"} <= set(getattr(form, "base_fields", ()))]
    assert {form.__name__ for form in pairs} >= {"CallFilter", "CallerIdFilter", "ActivityFilter", "PeriodForm"}
    assert [form for form in pairs if not issubclass(form, PeriodForm)] == []


@pytest.mark.parametrize("page", [*CLIENT, *STAFF, *CONSOLE])
def test_days_in_the_wrong_order_have_an_error_beside_the_field(bloom, make_member, admin_browser, sign_in, page):
    make_call(bloom)
    browser = sign_in(make_member(bloom, Role.OWNER)) if page in CLIENT else admin_browser
    answer = browser.get(f"{page}?{DAYS}")
    shown = answer.content.decode()
    assert answer.status_code == 200
    field = re.search(r'<input[^>]*name="since".*?(?=<input|<select|</form>)', shown, re.S)
    assert field and REVERSED in field[0] and 'value="2026-05-09"' in field[0], "beside the field, as it was typed"
    assert re.search(r'<input[^>]*name="until"[^>]*value="2026-05-02"|value="2026-05-02"[^>]*name="until"', shown)
    for other in ("No call matches", "Nothing matches", "calls match"):
        assert other not in shown


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("/c/bloom-dental/calls/", "/c/bloom-dental/calls/export.csv"),
        ("/c/bloom-dental/caller-id/", "/c/bloom-dental/caller-id.csv"),
    ],
)
def test_no_file_is_made_of_days_in_the_wrong_order(bloom, make_member, sign_in, page, file):
    owner = make_member(bloom, Role.OWNER)
    browser = sign_in(owner)
    record_authentication(browser, owner)
    answer = browser.get(f"{file}?{DAYS}")
    assert answer.status_code == 302 and answer["Location"] == f"{page}?{DAYS}"
