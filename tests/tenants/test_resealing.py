"""A new field key: everything is sealed again with it, and only then the old one can go."""

import io

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models

from dashboard.connections.models import OrganizationRequest
from tenants import resealing, secrets
from tenants.isolation import scope
from tenants.models import ConnectionSecret


@pytest.fixture
def sealed(bloom, harbor, make_user):
    """One of each kind that is sealed."""
    user = make_user("Somebody")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    with scope.for_system("one of each"):
        request = OrganizationRequest.objects.create(parent=bloom.connection, name="New")
        request.sealed_api_key = secrets.encrypt("key of a new one", request.place)
        request.save()
        ConnectionSecret.objects.get(connection=bloom.connection).new_webhook_secret()
    return request


def reseal():
    output = io.StringIO()
    call_command("reseal", stdout=output)
    return output.getvalue()


def everything_opens(sealed, bloom):
    with scope.for_system("look"):
        assert ConnectionSecret.objects.get(connection=bloom.connection).api_key == "key-bloom-canary"
        sealed.refresh_from_db()
        assert secrets.decrypt(sealed.sealed_api_key, sealed.place) == "key of a new one"
    assert TOTP(Authenticator.objects.get(type="totp")).instance.wrap()


def test_after_it_the_newest_key_is_enough(sealed, bloom, settings):
    old, new = settings.FIELD_KEYS, Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *old]
    first = reseal()
    assert "Everything opens with the newest key." in first and "an hour after" in first
    assert reseal().startswith("0 encrypted again with the newest key, ")
    settings.FIELD_KEYS = [new]
    everything_opens(sealed, bloom)
    assert tokens() and all(Fernet(new).decrypt(token.encode()) for token in tokens())
    assert "There is one key only" in reseal()


def test_an_interrupted_run_goes_on(sealed, bloom, settings, monkeypatch):
    old, new = settings.FIELD_KEYS, Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *old]
    real, done = secrets.rotate, []

    def dies(token):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(token)
        return real(token)

    with monkeypatch.context() as patch:
        patch.setattr(secrets, "rotate", dies)
        with pytest.raises(KeyboardInterrupt):
            reseal()
    everything_opens(sealed, bloom)
    reseal()
    settings.FIELD_KEYS = [new]
    everything_opens(sealed, bloom)


def test_a_secret_that_is_changed_meanwhile_is_not_put_back(sealed, bloom, settings, monkeypatch):
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    real = secrets.rotate

    def changes_first(token):
        if secret := ConnectionSecret.objects.filter(connection=bloom.connection, sealed_api_key=token).first():
            secret.api_key = "entered just now"
            secret.save()
        return real(token)

    monkeypatch.setattr(secrets, "rotate", changes_first)
    reseal()
    with scope.for_system("look"):
        assert ConnectionSecret.objects.get(connection=bloom.connection).api_key == "entered just now"


def test_what_no_key_opens_is_named_and_no_key_may_go(sealed, bloom, settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match=r"opens what is in tenants\.ConnectionSecret .*take no key away"):
        reseal()


def tokens():
    """Everything in the database that is sealed, wherever it stands; sessions end within hours."""
    found = []
    with scope.for_system("look"), connection.cursor() as cursor:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if model._meta.db_table == "django_session" or not isinstance(
                    field, models.CharField | models.TextField | models.JSONField
                ):
                    continue
                cursor.execute(
                    f"""SELECT m[1] FROM "{model._meta.db_table}" t,
                    regexp_matches(t."{field.column}"::text, '(gAAAA[A-Za-z0-9_=-]+)', 'g') m"""
                )
                found += [(model._meta.label, field.name, token) for (token,) in cursor.fetchall()]
    known = {(model._meta.label, name) for model, name in resealing.sealed_fields()}
    assert {(label, name) for label, name, _ in found} <= known, "sealed somewhere that `reseal` does not know"
    return [token for _, _, token in found]


def test_every_place_that_is_sealed_is_known(sealed):
    assert len({token[:20] for token in tokens()}) >= 3
