"""Who makes a link to a report: it is proved, and the link stops with the right of whoever made it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.campaigns.models import ReportLink
from dashboard.campaigns.reports import links
from tenants import tenant_status
from tenants.access import support_access
from tenants.access.permissions import Role, StaffRole
from tenants.access.reauthentication import MAX_AGE
from tenants.isolation import scope
from tenants.models import Membership, StaffGrant, StaffMember, SupportPass, User
from tests.campaigns.report_pages import address, gone, post_share, read, share, the_link
from tests.fixtures.factories import PASSWORD, give_password, record_authentication


@pytest.fixture
def campaign(reported_campaign):
    return reported_campaign


@pytest.mark.parametrize("change", ["removed", "demoted", "disabled"])
def test_a_link_stops_with_the_right_of_whoever_made_it(bloom, campaign, make_member, sign_in, change):
    maker = make_member(bloom, Role.MANAGER, "Mara Moved")
    path = share(sign_in(maker), campaign)
    assert Client().get(path).status_code == 200
    with scope.for_system("meanwhile"):
        membership = Membership.objects.filter(user=maker)
        if change == "removed":
            membership.delete()
        elif change == "demoted":
            membership.update(role=Role.OPERATOR)
        else:
            User.objects.filter(pk=maker.pk).update(is_active=False)
    gone(Client().get(path))
    owner = sign_in(make_member(bloom, Role.OWNER))
    page = read(owner.get(address(campaign)))
    assert "Stopped: Mara Moved may not share reports here any more" in page
    assert owner.post(f"/c/bloom-dental/campaigns/report-links/{the_link(bloom).pk}/revoke/").status_code == 303
    with scope.for_system("and back"):
        User.objects.filter(pk=maker.pk).update(is_active=True)
        Membership.objects.update_or_create(tenant=bloom.tenant, user=maker, defaults={"role": Role.MANAGER})
    gone(Client().get(path))


@pytest.fixture
def owner(bloom, make_member):
    return make_member(bloom, Role.OWNER)


@pytest.fixture(params=[True, False], ids=["sees all clients", "sees some clients"])
def token_of_support(request, bloom, campaign, make_staff, owner):
    """A link of support that was made while the client let it act, for an hour."""
    support = make_staff(StaffRole.SUPPORT)
    with scope.for_system("support of this client"):
        staff = StaffMember.objects.get(user=support)
        staff.sees_all = request.param
        staff.save()
        StaffGrant.objects.create(staff=staff, tenant=bloom.tenant)
    with scope.for_tenant(bloom.tenant):
        given = support_access.grant(bloom.tenant, 1, by=owner)
        link, token = links.make(campaign, days=30, by=support, form_token=uuid.uuid4())
        assert link.expires_at == given.until
    assert links.find(token) is not None
    return token


@pytest.mark.parametrize("ends", ["staff", "withdrawn", "over"])
def test_a_link_of_support_stops_with_the_access_under_which_it_was_made(
    bloom, campaign, token_of_support, owner, sign_in, ends
):
    with scope.for_system("meanwhile"):
        if ends == "staff":
            StaffMember.objects.filter(role=StaffRole.SUPPORT).delete()
        elif ends == "over":
            SupportPass.objects.update(until=timezone.now())
    if ends == "withdrawn":
        with scope.for_tenant(bloom.tenant):
            support_access.revoke(bloom.tenant, by=owner)
    assert links.find(token_of_support) is None
    with scope.for_tenant(bloom.tenant):
        support_access.grant(bloom.tenant, 1, by=owner)
    assert links.find(token_of_support) is None, "a later one does not revive it"
    page = read(sign_in(owner).get(address(campaign)))
    words = "may not share reports here any more" if ends == "staff" else "access under which it was made has ended"
    assert "Stopped: " in page and words in page


def test_a_link_of_support_that_sees_some_clients_stops_with_its_grant(bloom, token_of_support):
    with scope.for_system("the client is not theirs any more"):
        sees_all = StaffMember.objects.get(role=StaffRole.SUPPORT).sees_all
        StaffGrant.objects.all().delete()
    assert (links.find(token_of_support) is not None) is sees_all


def test_support_reads_how_long_its_links_work(bloom, campaign, support, visit_client):
    browser = visit_client(support, bloom)
    assert "A link that you make stops when Bloom Dental takes back support access" in read(
        browser.get(address(campaign))
    )


@pytest.mark.parametrize(("hours", "offered"), [(8, []), (72, ["1 day"])])
def test_support_is_offered_no_time_beyond_its_access(bloom, campaign, support, visit_client, hours, offered):
    browser = visit_client(support, bloom)
    with scope.for_tenant(bloom.tenant):
        SupportPass.objects.update(until=timezone.now() + timedelta(hours=hours))
        until = SupportPass.objects.get().until.astimezone(bloom.tenant.zone)
    answer = browser.get(address(campaign))
    select = re.search(r'<select name="days".*?</select>', answer.content.decode(), re.S)[0]
    options = [unescape(text).strip() for text in re.findall(r"<option[^>]*>(.*?)</option>", select, re.S)]
    assert options == [*offered, f"Until your access ends, {until:%-d %b %H:%M}"]
    assert len(re.findall("selected", select)) == 1
    value = re.findall(r'value="(\d+)"', select)[-1]
    share(browser, campaign, int(value))
    assert the_link(bloom).expires_at == until


def test_a_link_of_an_admin_needs_no_access_given_by_the_client(bloom, campaign, admin):
    with scope.for_tenant(bloom.tenant):
        _, token = links.make(campaign, days=1, by=admin, form_token=uuid.uuid4())
    assert links.find(token) is not None


def test_a_link_is_made_once_it_is_proved_who_makes_it(bloom, campaign, manager, make_member, sign_in):
    owner = give_password(make_member(bloom, Role.OWNER))
    browser = sign_in(owner)
    record_authentication(browser, owner, ago=MAX_AGE + 1)
    asked = post_share(browser, campaign)
    assert asked.status_code == 302 and asked["Location"].startswith("/accounts/reauthenticate/")
    with scope.for_tenant(bloom.tenant):
        assert not ReportLink.objects.exists()
    wanted = browser.get(asked["Location"]).wsgi_request.GET["next"]
    done = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": wanted})
    assert done.status_code == 200 and "The link works until" in read(done)
    with scope.for_tenant(bloom.tenant):
        assert ReportLink.objects.count() == 1


def test_no_link_is_made_for_a_suspended_client_or_beyond_the_most(bloom, campaign, manager, admin, monkeypatch):
    monkeypatch.setattr(links, "MOST_OPEN", 1)
    share(manager, campaign)
    answer = post_share(manager, campaign)
    assert answer.status_code == 409 and "Take one of them back first" in read(answer)
    answer = post_share(manager, campaign, 365)
    assert answer.status_code == 422 and "365 is not one of the available choices" in read(answer)
    with scope.for_system("the client is not active"):
        tenant_status.suspend(bloom.tenant, by=admin, reason="unpaid")
    answer = post_share(manager, campaign)
    assert answer.status_code == 409 and "No link works while this client is not active" in read(answer)
