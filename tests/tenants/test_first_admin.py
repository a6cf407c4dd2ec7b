"""The first of the staff: a link that sets a password once, and nobody after them."""

import re

import pytest
from django.core.management import CommandError, call_command

from tenants.isolation import scope
from tenants.models import AuditEntry, StaffMember, User


def make(capsys, email="Mara@reseller.example", name="Mara Jansen"):
    call_command("first_admin", email=email, name=name)
    return re.search(r"https?://[^/]+(/\S+)", capsys.readouterr().out)[1]


def test_the_link_sets_a_password_once_and_signs_in(db, capsys, client):
    link = make(capsys)
    page = client.get(link, follow=True)
    form = page.redirect_chain[-1][0]
    chosen = {"password1": "a-long-enough-passphrase", "password2": "a-long-enough-passphrase"}
    assert client.post(form, chosen).status_code == 302
    entered = client.post(
        "/accounts/login/", {"login": "mara@reseller.example", "password": "a-long-enough-passphrase"}, follow=True
    )
    assert entered.status_code == 200 and client.get("/connections/").status_code == 200
    assert "password1" not in client.get(link, follow=True).content.decode()
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="staff.first-admin").count() == 1


def test_before_the_first_sign_in_the_link_may_be_made_again(db, capsys):
    assert make(capsys) and make(capsys)
    assert StaffMember.objects.count() == 1


def test_there_is_no_second_first(admin):
    with pytest.raises(CommandError, match="already"):
        call_command("first_admin", email="eve@example.com", name="Eve")
    assert StaffMember.objects.count() == 1


def test_what_is_no_address_is_refused(db):
    with pytest.raises(CommandError, match="valid email"):
        call_command("first_admin", email="not-an-address", name="Eve")


@pytest.mark.parametrize("options", [{}, {"email": "eve@example.com", "noinput": True}])
def test_createsuperuser_says_what_there_is_instead(db, options):
    with pytest.raises(CommandError, match="first_admin --email"):
        call_command("createsuperuser", **options)
    with pytest.raises(ValueError, match="has no superusers"):
        User.objects.create_superuser("eve@example.com", "nine gentle otters swim", name="Eve")
    assert not User.objects.filter(is_superuser=True).exists()
