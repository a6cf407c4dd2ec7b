"""Sealed secrets open in their own place, with any of our keys, and nowhere else."""

import pytest
from cryptography.fernet import Fernet

from tenants import secrets
from tenants.isolation import scope
from tenants.models import ConnectionSecret


def test_a_secret_opens_only_in_its_own_place():
    sealed = secrets.encrypt("fl_live_canary", "connection:1:api_key")
    assert "canary" not in sealed
    assert secrets.decrypt(sealed, "connection:1:api_key") == "fl_live_canary"
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(sealed, "connection:2:api_key")


def test_keys_rotate_without_losing_a_secret(settings):
    sealed = secrets.encrypt("one", "place")
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    again = secrets.rotate(sealed)
    settings.FIELD_KEYS = [new]
    assert secrets.decrypt(again, "place") == "one"
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(sealed, "place")


def test_two_webhook_secrets_are_valid_while_one_is_changed(bloom):
    with scope.for_system("rotate"):
        secret = ConnectionSecret.objects.get(connection=bloom.connection)
        first = secret.webhook_secrets[0]
        second = secret.new_webhook_secret()
        assert secret.webhook_secrets == [second, first]
        assert secret.api_key == "key-bloom-canary"
        assert "canary" not in repr(secret.__dict__)
