"""What is missing before a client can call: one function, the same words on every page."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from dashboard.clients import queries, readiness
from dashboard.clients.readiness import Missing
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Assistant, Connection, Number, Tenant


def read(slug):
    with scope.for_system("look"):
        return readiness.of(queries.clients().get(slug=slug))


@pytest.fixture
def empty_client(bloom):
    with scope.for_system("a client with nothing"):
        return dedications.open_tenant(name="Casa Lindo", slug="casa-lindo", home_connection=bloom.connection, by=None)


def test_a_new_client_lacks_everything_and_every_page_says_so(admin_browser, empty_client):
    found = read("casa-lindo")
    assert found.missing == (Missing.NUMBER, Missing.ASSISTANT, Missing.OWNER) and not found.can_call
    words = "a number, an assistant and an owner are missing"
    for page in ("/clients/", "/clients/casa-lindo/"):
        text = " ".join(admin_browser.get(page).content.decode().split())
        assert "Cannot call yet" in text and words in text, page


def test_each_step_takes_one_thing_off_the_list(bloom, make_member):
    assert read("bloom-dental").sentence == "an owner is missing"
    make_member(bloom, Role.VIEWER)
    assert read("bloom-dental").missing == (Missing.OWNER,), "somebody who only looks does not call"
    make_member(bloom, Role.OWNER)
    assert read("bloom-dental").can_call and read("bloom-dental").sentence == ""


def test_a_number_and_an_assistant_on_different_connections_do_not_make_a_call(bloom, empty_client):
    with scope.for_system("apart"):
        other = Connection.objects.create(name="Elsewhere", organization_id="org-elsewhere")
        number = Number.objects.create(
            connection=bloom.connection, remote_id=f"num-{uuid.uuid4()}", e164="+31205550181"
        )
        assistant = Assistant.objects.create(connection=other, remote_id=f"asst-{uuid.uuid4()}", name="Far")
        dedications.dedicate_number(empty_client, number, by=None)
        dedications.dedicate_assistant(empty_client, assistant, by=None)
    assert read("casa-lindo").missing == (Missing.PAIR, Missing.OWNER)


def test_what_voicedock_took_away_is_missing_again(bloom, make_member):
    make_member(bloom, Role.OWNER)
    with scope.for_system("it goes"):
        Number.objects.filter(pk=bloom.number.number_id).update(vanished_at=timezone.now())
    assert read("bloom-dental").missing == (Missing.NUMBER,)


def test_a_suspended_client_is_shown_as_suspended(bloom):
    with scope.for_system("suspend"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(status=Tenant.Status.SUSPENDED)
    found = read("bloom-dental")
    assert found.state == "suspended" and not found.can_call
