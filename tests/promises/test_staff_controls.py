"""What the reseller's staff are offered: no form and no link of any page that then answers 403 or 404."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tenants import dedications
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import StaffGrant, StaffMember
from tests.fixtures.call_factories import make_call
from tests.promises.page_forms import offered
from tests.promises.test_offered_controls import answering, refused  # noqa: F401

OUTSIDE = ["/", "/live/", "/clients/", "/clients/bloom-dental/", "/clients/bloom-dental/caller-id/", "/inventory/",
           "/calls/", "/campaigns/", "/connections/", "/activity/", "/help/"]  # fmt: skip
INSIDE = ["", "live/", "calls/", "campaigns/", "call/", "team/", "activity/", "settings/", "caller-id/"]
TYPED_IN = ("/call/", "/command/")  # test_offered_controls sends these
KINDS = {
    "support": (StaffRole.SUPPORT, True),
    "support of some clients": (StaffRole.SUPPORT, False),
    "finance": (StaffRole.FINANCE, True),
}


@pytest.fixture
def colleague(make_staff, bloom):
    def make(role: StaffRole, sees_all: bool):
        user = make_staff(role)
        with scope.for_system("what they may see"):
            StaffMember.objects.filter(user=user).update(sees_all=sees_all)
            StaffGrant.objects.create(staff=StaffMember.objects.get(user=user), tenant=bloom.tenant)
        return user

    return make


def links(page: str) -> set[str]:
    """Addresses of ours that a page links to, without those that leave a client or sign out."""
    found = {unescape(address) for address in re.findall(r'<a\b[^>]*\bhref="(/[^"]*)"', page)}
    return {address.partition("#")[0] for address in found if not address.startswith(("/accounts/", "/static/"))}


def is_refused(answer) -> bool:
    """Not where the page only asks to enter the client first, and offers to."""
    return answer.status_code in (403, 404) and 'action="/enter/' not in answer.content.decode()


def refusals(browser, page: str) -> list[str]:
    """What the page offers and the server then refuses; nothing where the page itself is not this person's."""
    answer = browser.get(page)
    if answer.status_code != 200:
        return []
    text = answer.content.decode()
    found = [f"{page}: link {link}" for link in sorted(links(text)) if is_refused(browser.get(link))]
    for action, forms in offered(text).items():
        if action.startswith(("/accounts/", "/leave/", "/enter/")) or action.endswith(TYPED_IN):
            continue
        found += [
            f"{page}: form {action}" for form in forms if re.search("403|404", refused(browser, action, form.data))
        ]
    return found


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KINDS)
def test_staff_outside_of_clients_are_offered_nothing_that_is_refused(bloom, harbor, colleague, sign_in, kind):
    make_call(bloom)
    make_call(bloom, state="ended", finished=True)
    browser = sign_in(colleague(*KINDS[kind]))
    pages = [*OUTSIDE, f"/connections/{bloom.connection.pk}/"]
    assert [one for page in pages for one in refusals(browser, page)] == []


def test_an_admin_inside_a_client_is_led_to_its_page_and_its_people_to_the_reseller(
    bloom, admin, support, make_member, sign_in, visit_client, settings
):
    with scope.for_tenant(bloom.tenant):
        dedications.end_number(bloom.number, by=admin)
        dedications.end_assistant(bloom.assistant, by=admin)
    asks, leads = f"Ask {settings.RESELLER_NAME} to assign", 'href="/clients/bloom-dental/">Assign'
    browsers = {
        "admin": visit_client(admin, bloom, read_only=True),
        "support": visit_client(support, bloom),
        "owner": sign_in(make_member(bloom, Role.OWNER)),
    }
    for path in ("/c/bloom-dental/call/", "/c/bloom-dental/"):
        pages = {who: " ".join(browser.get(path).content.decode().split()) for who, browser in browsers.items()}
        assert {who: (asks in page, leads in page) for who, page in pages.items()} == {
            "admin": (False, True),
            "support": (False, False),
            "owner": (True, False),
        }, path


@pytest.mark.parametrize("read_only", [True, False])
def test_support_inside_a_client_is_offered_nothing_that_is_refused(bloom, support, visit_client, read_only):
    call = make_call(bloom)
    ended = make_call(bloom, state="ended", finished=True)
    browser = visit_client(support, bloom, read_only=read_only)
    pages = [f"/c/bloom-dental/{page}" for page in (*INSIDE, f"calls/{call.pk}/", f"calls/{ended.pk}/")]
    assert [one for page in pages for one in refusals(browser, page)] == []
