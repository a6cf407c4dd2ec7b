"""Clients, their page and the inventory, as staff use them through the browser's addresses."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.clients import figures
from dashboard.clients.forms import CountriesForm
from tenants import dedications
from tenants.access.permissions import Role, StaffRole
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Invitation, Number, NumberDedication, Tenant
from tests.fixtures.call_factories import make_call


def spare(setup, e164="+31205550181", name="Spare"):
    with scope.for_system("a free number"):
        return Number.objects.create(connection=setup.connection, remote_id=f"num-{uuid.uuid4()}", e164=e164, name=name)


def speaker(setup, name="Receptionist"):
    with scope.for_system("a free assistant"):
        return Assistant.objects.create(connection=setup.connection, remote_id=f"asst-{uuid.uuid4()}", name=name)


def test_clients_are_listed_found_and_narrowed(admin_browser, bloom, harbor):
    page = admin_browser.get("/clients/").content.decode()
    assert "Bloom Dental" in page and "Harbor Logistics" in page
    found = admin_browser.get("/clients/?q=harb").content.decode()
    assert "Harbor Logistics</a>" in found and 'href="/clients/bloom-dental/">Bloom Dental</a> <small>' not in found
    assert "No client matches" in admin_browser.get("/clients/?q=nobody").content.decode()


def test_the_list_of_clients_follows_its_calls_without_touching_what_is_typed(admin_browser, bloom):
    page = admin_browser.get("/clients/?q=bloom").content.decode()
    assert 'hx-get="/clients/?q=bloom"' in page and "changed:call from:body throttle:1s" in page
    make_call(bloom)
    part = admin_browser.get("/clients/?q=bloom", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="clients"') and '<input type="search"' not in part
    assert 'hx-target="#clients-sentence"' in part and "1 call live" in " ".join(part.split())


def test_a_client_is_opened_in_one_step(admin_browser, bloom):
    number, assistant = spare(bloom), speaker(bloom)
    answer = admin_browser.post(
        "/clients/new/",
        {
            "name": "Casa Lindo",
            "city": "Utrecht",
            "timezone": "Europe/Amsterdam",
            "country": "BE",
            "connection": bloom.connection.pk,
            "number": number.pk,
            "assistant": assistant.pk,
            "owner_name": "Rosa Lindo",
            "owner_email": "rosa@lindo.test",
        },
    )
    assert answer.status_code == 200
    link = answer.context["link"].address
    assert link in answer.content.decode() and link in mail.outbox[0].body and mail.outbox[0].to == ["rosa@lindo.test"]
    with scope.for_system("look"):
        tenant = Tenant.objects.get(slug="casa-lindo")
        assert NumberDedication.objects.filter(tenant=tenant, number=number).open().exists()
        assert AssistantDedication.objects.filter(tenant=tenant, assistant=assistant).open().exists()
        assert tenant.default_number_id and tenant.default_assistant_id
        assert tenant.country == "BE"
        assert Invitation.objects.get(tenant=tenant).role == Role.OWNER
    assert link not in admin_browser.get("/clients/casa-lindo/").content.decode()  # shown once


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slug": "bloom-dental"}, "slug"),
        ({"slug": "new"}, "slug"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"connection": ""}, "connection"),
        ({"owner_email": "nobody"}, "owner_email"),
    ],
)
def test_what_is_wrong_with_a_new_client_is_reported_beside_its_field_and_nothing_is_made(
    admin_browser, bloom, wrong, field
):
    whole = {"name": "Casa Lindo", "timezone": "Europe/Amsterdam", "connection": bloom.connection.pk}
    answer = admin_browser.post("/clients/new/", whole | wrong)
    assert answer.status_code == 422 and answer.context["form"].errors[field]
    assert "Casa Lindo" in answer.content.decode()
    with scope.for_system("look"):
        assert Tenant.objects.count() == 1


def test_a_number_is_dedicated_and_released_and_its_history_stays(admin_browser, bloom, admin):
    number = spare(bloom)
    assert admin_browser.post("/clients/bloom-dental/numbers/", {"number": number.pk}).status_code == 302
    with scope.for_system("look"):
        held = NumberDedication.objects.get(number=number)
        assert held.is_open and held.made_by == admin
    assert admin_browser.post(f"/clients/bloom-dental/numbers/{held.pk}/release/").status_code == 302
    with scope.for_system("look"):
        held.refresh_from_db()
        assert not held.is_open and held.ended_by == admin
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Released" in page and "Admin Person released +31 20 555 0181" in page


def test_what_another_client_holds_is_reported_beside_the_field(admin_browser, bloom, harbor):
    answer = admin_browser.post("/clients/bloom-dental/numbers/", {"number": harbor.number.number_id})
    assert answer.status_code == 422
    assert "Harbor Logistics has it. Release it there first." in answer.content.decode()
    answer = admin_browser.post("/clients/bloom-dental/assistants/", {"assistant": harbor.assistant.assistant_id})
    assert "Harbor Logistics has it. Release it there first." in answer.content.decode()
    with scope.for_system("look"):
        assert NumberDedication.objects.count() == 2 and AssistantDedication.objects.count() == 2


def test_what_is_free_is_offered_first_and_what_is_held_says_by_whom(admin_browser, bloom, harbor):
    free = spare(harbor, name="Zuid")
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    free_at = page.index(f"+31 20 555 0181, Zuid ({free.connection.name})</option>")
    assert free_at < page.index("Harbor Logistics has it)</option>")


def test_a_dedication_may_begin_later_but_not_in_the_past(admin_browser, bloom):
    number, today = spare(bloom), timezone.localdate()
    past = admin_browser.post(
        "/clients/bloom-dental/numbers/", {"number": number.pk, "start": today - timedelta(days=2)}
    )
    assert past.status_code == 422 and "cannot begin in the past" in past.content.decode()
    later = admin_browser.post(
        "/clients/bloom-dental/numbers/", {"number": number.pk, "start": today + timedelta(days=9)}
    )
    assert later.status_code == 302
    assert "Begins later" in admin_browser.get("/clients/bloom-dental/").content.decode()


def test_releasing_waits_for_a_call_that_is_being_sent(admin_browser, bloom, admin):
    with scope.for_tenant(bloom.tenant):
        call = Call.objects.create(
            tenant=bloom.tenant,
            connection=bloom.connection,
            number_dedication=bloom.number,
            assistant_dedication=bloom.assistant,
            origin=Call.Origin.PLACED,
            counterpart="+31612345678",
            destination_country="NL",
            client_token=uuid.uuid4(),
            state="sending",
            rank=1,
        )
    for path in (f"numbers/{bloom.number.pk}", f"assistants/{bloom.assistant.pk}"):
        answer = admin_browser.post(f"/clients/bloom-dental/{path}/release/")
        assert answer.status_code == 409 and "being sent" in answer.content.decode()
    with scope.for_tenant(bloom.tenant):
        bloom.number.refresh_from_db()
        assert bloom.number.is_open
        Call.objects.filter(pk=call.pk).update(state="dialing")
    assert admin_browser.post(f"/clients/bloom-dental/numbers/{bloom.number.pk}/release/").status_code == 302


def test_only_what_is_this_clients_is_released_here(admin_browser, bloom, harbor):
    assert admin_browser.post(f"/clients/bloom-dental/numbers/{harbor.number.pk}/release/").status_code == 404
    assert admin_browser.post(f"/clients/nowhere/numbers/{harbor.number.pk}/release/").status_code == 404


def test_limits_are_changed_within_reason(admin_browser, bloom):
    good = {"max_concurrent_calls": 7, "max_calls_per_day": 300}
    assert admin_browser.post("/clients/bloom-dental/limits/", good).status_code == 302
    assert admin_browser.post("/clients/bloom-dental/limits/", good | {"max_concurrent_calls": 0}).status_code == 422
    with scope.for_system("look"):
        tenant = Tenant.objects.get(slug="bloom-dental")
    assert (tenant.max_concurrent_calls, tenant.max_calls_per_day) == (7, 300)


def test_a_client_without_an_owner_is_proposed_one(admin_browser, bloom):
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Cannot call yet" in page and "an owner is missing" in page and "Send the invitation" in page
    assert '<option value="owner" selected>' in page
    admin_browser.post("/clients/bloom-dental/people/", {"email": "new@bloom.test", "role": "owner"})
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Nobody has joined yet." in page and "new@bloom.test is invited" in page
    assert '<option value="operator" selected>' in page


def test_staff_invites_and_withdraws(admin_browser, bloom):
    answer = admin_browser.post("/clients/bloom-dental/people/", {"email": "new@bloom.test", "role": "owner"})
    token = answer.context["link"].address.rstrip("/").rsplit("/", 1)[-1]
    assert members.find_invitation(token)
    again = admin_browser.post("/clients/bloom-dental/people/", {"email": "new@bloom.test", "role": "owner"})
    assert again.status_code == 422 and "has an open invitation" in again.content.decode()
    with scope.for_system("look"):
        invitation = Invitation.objects.get()
    assert admin_browser.post(f"/clients/bloom-dental/invitations/{invitation.pk}/withdraw/").status_code == 302
    assert members.find_invitation(token) is None


def test_the_inventory_shows_holders_and_dedicates_what_is_free(admin_browser, bloom, harbor):
    number, assistant = spare(bloom), speaker(bloom)
    page = admin_browser.get("/inventory/?held=free").content.decode()
    assert "+31 20 555 0181" in page and "Receptionist" in page and "+31 20 555 0142" not in page
    assert (
        admin_browser.post(f"/inventory/numbers/{number.pk}/dedicate/", {"client": "harbor-logistics"}).status_code
        == 302
    )
    assert (
        admin_browser.post(f"/inventory/assistants/{assistant.pk}/dedicate/", {"client": "bloom-dental"}).status_code
        == 302
    )
    with scope.for_system("look"):
        assert NumberDedication.objects.get(number=number).tenant == harbor.tenant
    taken = admin_browser.post(f"/inventory/numbers/{number.pk}/dedicate/", {"client": "bloom-dental"})
    assert taken.status_code == 422 and "Harbor Logistics has it" in taken.content.decode()


def test_what_vanished_at_voicedock_is_marked_and_not_given_away(admin_browser, bloom):
    number = spare(bloom)
    with scope.for_system("it goes"):
        Number.objects.filter(pk=number.pk).update(vanished_at=timezone.now())
    assert "Gone at VoiceDock" in admin_browser.get("/inventory/?held=gone").content.decode()
    answer = admin_browser.post(f"/inventory/numbers/{number.pk}/dedicate/", {"client": "bloom-dental"})
    assert answer.status_code == 422 and "does not have it any more" in answer.content.decode()


def test_members_and_finance_stay_outside(bloom, make_member, sign_in, make_staff):
    owner, finance = sign_in(make_member(bloom, Role.OWNER)), sign_in(make_staff(StaffRole.FINANCE))
    for path in ("/clients/", "/clients/new/", "/clients/bloom-dental/", "/inventory/", "/connections/"):
        assert owner.get(path).status_code == 404, path
    assert finance.get("/clients/").status_code == 200
    assert finance.get("/clients/new/").status_code == 403
    assert finance.get("/inventory/").status_code == 403
    refused = finance.post("/clients/bloom-dental/numbers/", {"number": bloom.number.number_id})
    assert refused.status_code == 403


@pytest.mark.parametrize("path", ["/clients/", "/inventory/", "/connections/"])
def test_long_lists_cost_no_more_queries_than_short_ones(admin_browser, bloom, path, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    spare(bloom), speaker(bloom)
    admin_browser.get(path)
    with CaptureQueriesContext(connection) as few:
        admin_browser.get(path)
    with scope.for_system("many"):
        for at in range(30):
            tenant = dedications.open_tenant(
                name=f"Client {at}", slug=f"client-{at}", home_connection=bloom.connection, by=None
            )
            number = Number.objects.create(
                connection=bloom.connection, remote_id=f"many-{at}", e164=f"+3120555{at:04d}"
            )
            dedications.dedicate_number(tenant, number, by=None)
            Assistant.objects.create(connection=bloom.connection, remote_id=f"many-{at}", name=f"Many {at}")
    with django_assert_num_queries(len(few)):
        admin_browser.get(path)


@pytest.mark.parametrize("kind", ["number", "assistant"])
def test_what_is_dedicated_from_a_later_day_is_seen_and_withdrawn(admin_browser, bloom, harbor, admin, kind):
    thing = spare(bloom) if kind == "number" else speaker(bloom)
    day = (timezone.now() + timedelta(days=9)).date()
    wish = {kind: thing.pk, "start": day.isoformat()}
    assert admin_browser.post(f"/clients/bloom-dental/{kind}s/", wish).status_code == 302
    model = NumberDedication if kind == "number" else AssistantDedication
    with scope.for_system("look"):
        later = model.objects.get(**{kind: thing})
    assert later.begins_later and not later.is_open

    inventory = admin_browser.get("/inventory/").content.decode()
    assert "Free for now" in inventory and 'href="/clients/bloom-dental/">Bloom Dental</a></small>' in inventory
    address = f"/inventory/?held=free&q={thing.e164 if kind == 'number' else thing.name}"
    assert "Nothing matches" in admin_browser.get(address).content.decode()
    taken = admin_browser.post(f"/inventory/{kind}s/{thing.pk}/dedicate/", {"client": "harbor-logistics"})
    assert taken.status_code == 422
    assert "Withdraw that on their page first" in taken.content.decode() and "Bloom Dental" in taken.content.decode()
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Begins later" in page and "Withdraw it" in page and f"from {day:%-d %b %Y}" in page

    assert admin_browser.post(f"/clients/bloom-dental/{kind}s/{later.pk}/release/").status_code == 302
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Withdrawn" in page and "Admin Person cancelled the assignment of" in page and "Withdraw it" not in page
    assert "Free for now" not in admin_browser.get("/inventory/").content.decode()
    assert admin_browser.post(f"/clients/bloom-dental/{kind}s/{later.pk}/release/").status_code == 404
    assert admin_browser.post(f"/clients/harbor-logistics/{kind}s/", wish).status_code == 302, "from the very same day"
    with scope.for_system("look"):
        later.refresh_from_db()
        assert later.withdrawn_at and later.ended_by == admin
        assert model.objects.filter(**{kind: thing}).unended().get().tenant == harbor.tenant


def test_countries_are_set_in_words_and_shown(admin_browser, bloom):
    address = "/clients/bloom-dental/countries/"
    wrong = admin_browser.post(address, {"country": "NL", "allowed": "the UK, Nederlnd"})
    assert wrong.status_code == 422
    assert "There is no country “Nederlnd”" in wrong.content.decode() and "the UK, Nederlnd" in wrong.content.decode()

    assert admin_browser.post(address, {"country": "NL", "allowed": "the UK, be; Netherlands"}).status_code == 302
    with scope.for_system("look"):
        tenant = Tenant.objects.get(pk=bloom.tenant.pk)
    assert (tenant.country, tenant.allowed_countries) == ("NL", ["BE", "GB", "NL"])
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Belgium, Netherlands, United Kingdom" in page
    assert "As in the Netherlands, or with a country code" in page
    assert "changed where calls may go: Belgium, Netherlands, United Kingdom" in page


def test_one_limit_is_changed_alone_and_an_error_keeps_what_was_typed(admin_browser, bloom):
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert re.search(rf"Calls at once</small>\s*<b>{bloom.tenant.max_concurrent_calls}, 0 in use now</b>", page)
    assert admin_browser.post("/clients/bloom-dental/limits/", {"max_calls_per_day": 350}).status_code == 302
    wrong = admin_browser.post("/clients/bloom-dental/limits/", {"max_concurrent_calls": "many"})
    text = wrong.content.decode()
    assert wrong.status_code == 422 and 'value="many"' in text
    assert re.search(r'id="setting-max_concurrent_calls"\s+open', text)
    assert not re.search(r'id="setting-max_calls_per_day"\s+open', text)
    with scope.for_system("look"):
        tenant = Tenant.objects.get(pk=bloom.tenant.pk)
    assert (tenant.max_calls_per_day, tenant.max_concurrent_calls) == (350, bloom.tenant.max_concurrent_calls)
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert f"{tenant.max_concurrent_calls} calls at once and 350 a day" in page


def test_the_country_alone_leaves_the_allowed_countries(admin_browser, bloom):
    address = "/clients/bloom-dental/countries/"
    admin_browser.post(address, {"country": "NL", "allowed": "Netherlands, Belgium"})
    assert admin_browser.post(address, {"country": "BE"}).status_code == 302
    assert admin_browser.post(address, {"allowed": "Belgium"}).status_code == 302
    with scope.for_system("look"):
        tenant = Tenant.objects.get(pk=bloom.tenant.pk)
    assert (tenant.country, tenant.allowed_countries) == ("BE", ["BE"])


def test_a_country_saved_at_the_same_moment_leaves_the_other_field(admin_browser, bloom, monkeypatch):
    checked = CountriesForm.is_valid

    def is_valid(form):
        """Somebody else saves between the reading of the client and the saving."""
        Tenant.objects.filter(pk=bloom.tenant.pk).update(**changed)
        return checked(form)

    monkeypatch.setattr(CountriesForm, "is_valid", is_valid)
    address = "/clients/bloom-dental/countries/"
    changed = {"allowed_countries": ["BE"]}
    assert admin_browser.post(address, {"country": "NL"}).status_code == 302
    changed = {"country": "DE"}
    assert admin_browser.post(address, {"allowed": "Belgium, Germany"}).status_code == 302
    with scope.for_system("look"):
        tenant = Tenant.objects.get(pk=bloom.tenant.pk)
    assert (tenant.country, tenant.allowed_countries) == ("DE", ["BE", "DE"])


def test_a_line_has_a_name_that_staff_give_and_its_people_see(admin_browser, bloom, make_member, sign_in, harbor):
    number = spare(bloom, name="did-0181")
    wish = {"number": number.pk, "name": "Rotterdam line"}
    assert admin_browser.post("/clients/bloom-dental/numbers/", wish).status_code == 302
    with scope.for_system("look"):
        held = NumberDedication.objects.get(number=number)
    caller = sign_in(make_member(bloom, Role.OPERATOR))
    assert "Rotterdam line" in caller.get("/c/bloom-dental/call/").content.decode()
    address = f"/clients/bloom-dental/numbers/{held.pk}/name/"
    assert admin_browser.post(address, {f"line-{held.pk}-name": "Reception"}).status_code == 302
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    assert "Reception" in page and "Admin Person named +31 20 555 0181 Reception" in page
    assert "Reception" in caller.get("/c/bloom-dental/call/").content.decode()
    wrong = admin_browser.post(address, {f"line-{held.pk}-name": "x" * 81})
    assert wrong.status_code == 422 and "x" * 81 in wrong.content.decode()
    assert admin_browser.post(address, {f"line-{held.pk}-name": ""}).status_code == 302
    assert "did-0181" in caller.get("/c/bloom-dental/call/").content.decode()
    assert admin_browser.post(f"/clients/harbor-logistics/numbers/{held.pk}/name/", {}).status_code == 404


def test_what_was_done_is_shown_where_it_was_done(admin_browser, bloom):
    number = spare(bloom)
    answer = admin_browser.post("/clients/bloom-dental/numbers/", {"number": number.pk})
    assert answer.headers["Location"] == "/clients/bloom-dental/#numbers"
    page = admin_browser.get("/clients/bloom-dental/").content.decode()
    numbers = page[page.index('id="numbers"') : page.index('id="assistants"')]
    words = "+31 20 555 0181 is assigned to Bloom Dental."
    assert words in numbers and page.count(words) == 1


def test_a_client_shows_its_figures_first(admin_browser, bloom, make_member):
    make_member(bloom, Role.OWNER)
    make_call(bloom)
    make_call(bloom, state="ended", duration_seconds=120)
    page = " ".join(admin_browser.get("/clients/bloom-dental/").content.decode().split())
    assert page.index('class="figures"') < page.index('id="numbers"')
    assert f"1 of {bloom.tenant.max_concurrent_calls} lines in use" in page
    assert 'href="/calls/?client=bloom-dental&amp;since=' in page and "2 minutes" in page
    assert "Open alarms" in page and "Can call" in page


def test_more_calls_than_the_limit_are_named_apart(admin_browser, bloom):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(max_concurrent_calls=2)
    for n in range(3):
        make_call(bloom, counterpart=f"+3161234567{n}", origin="adopted", direction="inbound")
    page = " ".join(admin_browser.get("/clients/bloom-dental/").content.decode().split())
    assert "all 2 lines in use, and 1 more" in page and "2, all in use now, and 1 more" in page
    assert "3 <small>all 2 in use</small>" in " ".join(admin_browser.get("/clients/").content.decode().split())
    assert "3 of 2" not in page


def test_figures_of_a_client_count_talks_with_people(bloom):
    make_call(bloom, duration_seconds=600)
    make_call(bloom, state="ended", duration_seconds=120)
    make_call(bloom, state="ended", duration_seconds=300, machine_source="summary")
    with scope.for_tenant(bloom.tenant):
        found = figures.of(bloom.tenant)
    assert (found.today, found.reached, found.minutes) == (3, 1, 2)


def test_finance_reads_the_same_figures_without_links_or_controls(bloom, make_staff, sign_in, make_member):
    make_member(bloom, Role.OWNER)
    page = sign_in(make_staff(StaffRole.FINANCE)).get("/clients/bloom-dental/").content.decode()
    main = page[page.index('<main id="main"') : page.index("</main>")]
    assert 'class="figures"' in main and "<form" not in main and "/calls/?client" not in main


def test_a_free_number_is_not_drawn_like_a_call_that_connects(admin_browser, bloom):
    spare(bloom)
    page = admin_browser.get("/inventory/?held=free").content.decode()
    assert 'class="state state--free">Free' in page and "state--waiting" not in page
