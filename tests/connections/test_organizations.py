"""Organizations created below ours: the key is sealed first, a lost answer is never asked for twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.connections import connect, organizations, sync, tasks
from dashboard.connections.models import OrganizationRequest
from dashboard.sandbox import inprocess
from tenants.isolation import scope
from tenants.models import AuditEntry, Connection, ConnectionSecret, Tenant


@pytest.fixture
def fault(sandbox):
    def order(kind: str, **more) -> None:
        with inprocess.client(sandbox) as admin_api:
            answer = admin_api.post("/_sandbox/faults", json={"fault": kind, "route": "/organizations", **more})
        assert answer.status_code < 300, answer.text

    return order


def keys(sandbox, name: str) -> list[str]:
    ids = [one.id for one in sandbox.state.organizations.values() if one.name == name]
    return [key.key for key in sandbox.state.keys.values() if key.org_id in ids]


def asked() -> list[OrganizationRequest]:
    with scope.for_system("look"):
        return list(OrganizationRequest.objects.select_related("connection").order_by("asked_at"))


def trail() -> list[str]:
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="organization.").order_by("seq")
        return list(entries.values_list("action", flat=True))


def test_a_client_gets_an_organization_of_its_own_in_one_step(admin_browser, agency, sandbox):
    answer = admin_browser.post(
        "/clients/new/",
        {"name": "Casa Lindo", "timezone": "UTC", "connection": agency.connection.pk, "own": "on"},
    )
    assert answer.status_code == 302
    with scope.for_system("look"):
        home = Tenant.objects.select_related("home_connection__parent").get(slug="casa-lindo").home_connection
        secret = ConnectionSecret.objects.get(connection=home)
        request = OrganizationRequest.objects.select_related("connection").get()
        bodies = " ".join(AuditEntry.objects.values_list("body", flat=True))
    assert (home.name, home.parent, home.organization_name) == ("Casa Lindo", agency.connection, "Casa Lindo")
    assert [secret.api_key] == keys(sandbox, "Casa Lindo")
    assert (request.outcome, request.connection, request.sealed_api_key) == ("created", home, "")
    assert secret.api_key not in bodies
    assert trail() == ["organization.asked", "organization.created"]
    sync.organization(home)


def test_the_key_is_committed_before_anything_else_is_done(agency, sandbox, admin, monkeypatch):
    """The process dies right after the sealing: beat makes the connection of it."""
    with monkeypatch.context() as patch:
        patch.setattr(organizations, "finish", lambda request: request)
        organizations.create(agency.connection, "Dentist South", by=admin)
    (request,) = asked()
    (key,) = keys(sandbox, "Dentist South")
    assert request.connection is None and request.sealed_api_key and key not in request.sealed_api_key
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM connections_organizationrequest")
        assert cursor.fetchone() == (0,), "rows are for scopes that reach all"
    tasks.finish_connections()
    tasks.finish_connections()
    with scope.for_system("look"):
        assert ConnectionSecret.objects.get(connection__name="Dentist South").api_key == key
    (request,) = asked()
    assert request.sealed_api_key == "" and request.connection.name == "Dentist South"


def test_a_sealed_key_opens_at_no_other_place(agency, admin, monkeypatch):
    monkeypatch.setattr(organizations, "finish", lambda request: request)
    organizations.create(agency.connection, "Dentist South", by=admin)
    (request,) = asked()
    with pytest.raises(organizations.secrets.Unreadable):
        organizations.secrets.decrypt(request.sealed_api_key, f"connection:{agency.connection.pk}:api_key")


def test_a_lost_answer_is_explained_and_the_key_entered_by_hand(admin_browser, agency, sandbox, fault):
    fault("lost")
    path = f"/connections/{agency.connection.pk}/"
    assert admin_browser.post(f"{path}organizations/", {"name": "Dentist South"}).status_code == 302
    page = admin_browser.get(path).content.decode()
    assert "It is not certain whether VoiceDock created Dentist South" in page
    assert "We are asking VoiceDock for the list" in page
    again = admin_browser.post(f"{path}organizations/", {"name": "Dentist South"})
    assert again.status_code == 422 and "may exist already" in again.content.decode()
    assert len(keys(sandbox, "Dentist South")) == 1
    sync.organization(agency.connection)
    page = admin_browser.get(path).content.decode()
    assert "its key was in the answer that was lost" in page.lower() and "Enter its key" in page
    (child,) = [one.id for one in sandbox.state.organizations.values() if one.name == "Dentist South"]
    wrong = admin_browser.post(f"{path}organizations/key/", {"organization": child, "api_key": "sandbox-bloom"})
    assert wrong.status_code == 422 and "It is a good key, but not of this organization" in wrong.content.decode()
    assert "sandbox-bloom" not in wrong.content.decode()
    (key,) = keys(sandbox, "Dentist South")
    assert admin_browser.post(f"{path}organizations/key/", {"organization": child, "api_key": key}).status_code == 302
    page = admin_browser.get(path).content.decode()
    assert "It is not certain" not in page and "connect Dentist South" not in page
    assert asked()[0].connection.organization_id == child


def test_what_was_not_created_is_shown_and_put_aside(admin_browser, agency, sandbox, fault):
    fault("hang")
    path = f"/connections/{agency.connection.pk}/"
    admin_browser.post(f"{path}organizations/", {"name": "Dentist South"})
    sync.organization(agency.connection)
    page = admin_browser.get(path).content.decode()
    assert "does not list it" in page and "most likely not created" in page
    (request,) = asked()
    assert admin_browser.post(f"/connections/asked/{request.pk}/dismiss/").status_code == 302
    assert "It is not certain" not in admin_browser.get(path).content.decode()
    assert admin_browser.post(f"{path}organizations/", {"name": "Dentist South"}).status_code == 302
    assert len(keys(sandbox, "Dentist South")) == 1
    assert trail() == [
        "organization.asked",
        "organization.unknown",
        "organization.dismissed",
        "organization.asked",
        "organization.created",
    ]


def test_a_refusal_is_reported_beside_the_name_and_leaves_no_question(admin_browser, agency, fault):
    fault("403")
    path = f"/connections/{agency.connection.pk}/"
    answer = admin_browser.post(f"{path}organizations/", {"name": "Dentist South"})
    assert answer.status_code == 422 and "Dentist South" in answer.content.decode()
    assert asked()[0].outcome == "refused"
    assert "It is not certain" not in admin_browser.get(path).content.decode()


def test_a_crash_while_asking_becomes_a_question(agency, admin, monkeypatch):
    class Killed(BaseException):
        pass

    def dies(*_, **__):
        raise Killed

    monkeypatch.setattr(organizations.voicedock.Client, "create_organization", dies)
    with pytest.raises(Killed):
        organizations.create(agency.connection, "Dentist South", by=admin)
    tasks.finish_connections()
    assert asked()[0].outcome == "waiting"
    with scope.for_system("time passes"):
        OrganizationRequest.objects.update(asked_at=timezone.now() - timedelta(minutes=3))
    tasks.finish_connections()
    assert asked()[0].outcome == "unknown"


def test_a_key_entered_meanwhile_wins(agency, sandbox, admin, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(organizations, "finish", lambda request: request)
        organizations.create(agency.connection, "Dentist South", by=admin)
    (key,) = keys(sandbox, "Dentist South")
    by_hand = connect.add("By hand", key, by=admin)
    tasks.finish_connections()
    assert asked()[0].connection == by_hand
    with scope.for_system("look"):
        assert Connection.objects.count() == 2


def test_support_may_not(sign_in, support, agency):
    browser, path = sign_in(support), f"/connections/{agency.connection.pk}/"
    assert "Create an organization" not in browser.get(path).content.decode()
    for action in ("organizations/", "organizations/key/", "secret/", "secret/retire/"):
        assert browser.post(path + action).status_code == 403
