"""Step-up: what needs a fresh proof of who sits there, that nothing is lost on the way, and that no key is kept."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from tenants.access.permissions import Role
from tenants.access.reauthentication import MAX_AGE, Confirm
from tenants.isolation import scope
from tenants.models import Membership
from tests.fixtures.factories import PASSWORD, give_password, record_authentication
from tests.promises import url_matrix

CONFIRMED = {  # the endpoints that ask, and how
    **dict.fromkeys(
        [
            "staff-change",
            "staff-invite",
            "staff-grant-client",
            "staff-remove",
            "support-pass",
            "team-invite",
            "team-role",
            "team-remove",
            "client-invite",
            "client-dedicate-number",
            "client-dedicate-assistant",
            "client-release-number",
            "client-release-assistant",
            "inventory-dedicate-number",
            "inventory-dedicate-assistant",
            "client-suspend",
            "client-close",
            "client-reopen",
            "staff-client-new",
            "connection-organization",
            "connection-secret",
            "connection-secret-retire",
            "account_change_email",
            "team-transient-calls",
            "campaign-report-share",
        ],
        Confirm.THEN_GO_ON,
    ),
    **dict.fromkeys(["connection-add", "connection-key", "connection-child-key"], Confirm.THEN_AGAIN),
    **dict.fromkeys(
        [
            *("calls-export", "campaign-export", "caller-id-export", "staff-caller-id-export"),
            "campaign-caller-id-export",
            *("do-not-call-export", "staff-do-not-call-export"),
            *("campaign-draft-left-out-export", "campaign-draft-refused"),
            *("campaign-do-not-call-export", "campaign-draft-do-not-call-export"),
        ],
        Confirm.THEN_FETCH,
    ),
}


def long_ago(browser, user):
    record_authentication(browser, user, ago=MAX_AGE + 1)
    return browser


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER))


def confirm(browser, answer):
    """As a person does it: the form that one is sent to, with the password."""
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/?next="), answer
    page = browser.get(answer["Location"])
    wanted = page.wsgi_request.GET["next"]
    assert f'value="{wanted}"' in page.content.decode().replace("&amp;", "&")
    return browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": wanted})


def test_the_endpoints_that_ask_are_these():
    """Keys, roles and exports; whoever adds one of them writes it down here."""
    asks = [endpoint for endpoint in url_matrix.every() if getattr(endpoint.view, "confirm", Confirm.NO) != Confirm.NO]
    found = {endpoint.name: endpoint.view.confirm for endpoint in asks}
    assert found == CONFIRMED
    named = [
        one.name for one in url_matrix.every() if one.permission and ("export" in one.name or "invite" in one.name)
    ]
    assert set(named) <= set(CONFIRMED)


def test_a_role_is_changed_once_it_is_proved(bloom, make_member, owner, sign_in):
    viewer = make_member(bloom, Role.VIEWER)
    with scope.for_tenant(bloom.tenant):
        theirs = Membership.objects.get(user=viewer)
    browser = long_ago(sign_in(owner), owner)
    asked = browser.post(f"/c/bloom-dental/team/{theirs.pk}/role/", {"role": "operator"})
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.get(user=viewer).role == Role.VIEWER
    done = confirm(browser, asked)
    assert done.status_code == 302 and done["Location"] == "/c/bloom-dental/team/"
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.get(user=viewer).role == Role.OPERATOR


def test_a_wrong_password_proves_nothing(bloom, owner, sign_in):
    browser = long_ago(sign_in(owner), owner)
    browser.post("/c/bloom-dental/team/invite/", {"email": "new.colleague@people.test", "role": "viewer"})
    answer = browser.post("/accounts/reauthenticate/", {"password": "not mine at all", "next": "/"})
    assert (
        answer.status_code == 200
        and "new.colleague@people.test" not in browser.get("/c/bloom-dental/team/").content.decode()
    )


def test_a_key_is_kept_nowhere_meanwhile(bloom, admin, sign_in):
    browser = long_ago(sign_in(give_password(admin)), admin)
    page = browser.get("/connections/").content.decode()
    assert "Confirm that it is you" in page and 'name="api_key"' not in page
    answer = browser.post(
        "/connections/add/",
        {"name": "X", "api_key": "fl_canary_of_a_key"},
        HTTP_REFERER="http://testserver/connections/",
    )
    assert answer.status_code == 302
    kept = "".join(str(Session.objects.get(pk=session.pk).get_decoded()) for session in Session.objects.all())
    assert "fl_canary" not in kept
    assert confirm(browser, answer)["Location"] == "/connections/"
    assert 'name="api_key"' in browser.get("/connections/").content.decode()


def test_the_proof_of_the_last_ten_minutes_counts_and_no_older_one(bloom, make_member, owner, sign_in):
    """Also of a form that was opened in time."""
    browser = sign_in(owner)
    browser.get("/c/bloom-dental/team/")
    assert MAX_AGE == settings.ACCOUNT_REAUTHENTICATION_TIMEOUT == 10 * 60
    for ago, status in ((MAX_AGE + 1, 302), (MAX_AGE - 30, 200)):
        record_authentication(browser, owner, ago=ago)
        form = {"email": "new.colleague@people.test", "role": "viewer"}
        assert browser.post("/c/bloom-dental/team/invite/", form).status_code == status


def test_a_file_comes_once_it_is_proved(bloom, owner, sign_in):
    browser = long_ago(sign_in(owner), owner)
    asked = browser.get("/c/bloom-dental/calls/export.csv?q=31")
    done = confirm(browser, asked)
    page = browser.get(done["Location"])
    assert page.context["file"] == "/c/bloom-dental/calls/export.csv?q=31"
    assert page.context["back"] == "/c/bloom-dental/calls/?q=31"
    assert browser.get(page.context["file"])["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("away", ["https://elsewhere.example/x", "//elsewhere.example", "javascript:alert(1)", ""])
def test_no_file_comes_from_elsewhere(owner, sign_in, away):
    assert sign_in(owner).get("/accounts/file/", {"file": away}).status_code == 404


def test_a_list_is_exported_after_reauthentication(auditor, sign_in):
    browser = long_ago(sign_in(auditor), auditor)
    asked = browser.get("/admin/tenants/tenant/export/")
    assert asked.status_code == 302 and "reauthenticate" in asked["Location"]
    record_authentication(browser, auditor)
    answer = browser.get("/admin/tenants/tenant/export/")
    assert answer["Content-Disposition"].startswith("attachment")
    answer.close()


def test_a_link_to_a_file_may_lead_to_a_page_first():
    """With `download`, a browser would save the page that asks who sits there, under the name of the file."""
    templates = Path(settings.BASE_DIR, "templates").rglob("*.html")
    assert [one.name for one in templates if re.search(r"<a [^>]*\sdownload[\s>]", one.read_text())] == [
        "download.html"
    ]
