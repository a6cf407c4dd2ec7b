"""One's own account on one page: each part keeps what was typed, and says in its place what was done."""

from __future__ import annotations

import re

import pytest

from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.factories import PASSWORD, give_password

ACCOUNT, PROFILE, CHANGE = "/account/", "/accounts/profile/", "/accounts/password/change/"
NEW = "another long passphrase"


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER, "Dora Bloom"))


@pytest.fixture
def browser(owner, sign_in):
    return sign_in(owner)


def part(answer, name: str) -> str:
    found = re.search(rf'<section class="setting" id="{name}".*?</section>', answer.content.decode(), re.S)
    assert found, name
    return found[0]


@pytest.mark.parametrize("path", [ACCOUNT, PROFILE, CHANGE, "/accounts/second-step/", "/accounts/sessions/"])
def test_every_part_has_an_address_that_shows_the_page_in_the_frame(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200 and 'href="/c/bloom-dental/calls/"' in answer.content.decode()
    for name in ("profile", "password", "two-factor", "sessions"):
        assert part(answer, name)
    assert "illustration" not in answer.content.decode()  # the drawing of the sign-in page


@pytest.mark.parametrize(
    "path",
    [
        "logout/",
        "reauthenticate/",
        "second-step/app/",
        "second-step/passkey/",
        "file/?file=/c/bloom-dental/calls/export.csv",
    ],
)
def test_pages_that_a_part_leads_to_stand_in_the_frame_too(browser, path):
    page = browser.get(f"/accounts/{path}").content.decode()
    assert 'href="/c/bloom-dental/calls/"' in page.partition("<main")[0] and "Dora Bloom" in page.partition("<main")[0]


def test_staff_and_auditors_have_it_in_their_own_frame(admin, auditor, sign_in, bloom):
    assert 'href="/inventory/"' in sign_in(admin).get(ACCOUNT).content.decode()
    page = sign_in(auditor).get(ACCOUNT).content.decode()
    assert 'href="/admin/"' in page and 'href="/inventory/"' not in page


def test_whoever_lacks_a_second_factor_sees_no_client_in_the_frame(admin, sign_in, bloom, settings):
    settings.STAFF_SECOND_STEP = True
    page = sign_in(admin).get(ACCOUNT).content.decode()
    assert "asks for two-factor authentication" in page and "Bloom" not in page and 'href="/inventory/"' not in page


def test_a_name_is_changed_shown_in_its_place_and_recorded(browser, owner):
    answer = browser.post(PROFILE, {"name": "Dora  de Vries "}, follow=True)
    assert answer.redirect_chain == [("/account/#profile", 302)]
    assert "you are Dora de Vries here" in part(answer, "profile")
    assert "toast toast--success" not in answer.content.decode()
    owner.refresh_from_db()
    assert owner.name == "Dora de Vries"
    with scope.for_system("look"):
        assert "Dora Bloom" in AuditEntry.objects.get(action="person.renamed").body
        before = AuditEntry.objects.count()
    assert "Nothing was different" in part(browser.post(PROFILE, {"name": "Dora de Vries"}, follow=True), "profile")
    with scope.for_system("look"):
        assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("name", ["", "Kabelhuis", "Admin Person"])
def test_a_name_that_is_refused_stays_typed_beside_its_error(browser, owner, admin, name):
    answer = browser.post(PROFILE, {"name": name})
    assert answer.status_code == 422 and "aria-invalid" in part(answer, "profile")
    assert f'value="{name}"' in part(answer, "profile") or not name
    assert "aria-invalid" not in part(answer, "password")
    owner.refresh_from_db()
    assert owner.name == "Dora Bloom"


def test_a_wrong_password_is_shown_in_its_part_alone(browser):
    answer = browser.post(CHANGE, {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    assert answer.status_code == 422 and "aria-invalid" in part(answer, "password")
    assert "aria-invalid" not in part(answer, "profile")


def test_a_new_password_keeps_this_browser_and_shows_it_in_its_place(browser, owner):
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    answer = browser.post(CHANGE, form, follow=True)
    assert answer.redirect_chain == [("/account/#password", 302)]
    assert "Your password is changed." in part(answer, "password")
    assert part(answer, "sessions").count("This one") == 1
    owner.refresh_from_db()
    assert owner.check_password(NEW)


def test_no_field_names_a_description_that_is_not_there(browser):
    page = browser.get(ACCOUNT).content.decode()
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        assert f'id="{described}"' in page
