"""DATABASE_URL reaches every connection whole, or is refused with the sentence that says why."""

import asyncio
from types import SimpleNamespace

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql.base import DatabaseWrapper

from dashboard import database_url
from dashboard.live_updates import feed

ADDRESS = (
    "postgresql://patchbay_app%40x:p%40ss%2F%3A%25@db.example:5433/patch%20bay"
    "?sslmode=verify-full&sslrootcert=%2Fetc%2Fssl%2Fca.pem&connect_timeout=3"
)


def test_every_part_is_decoded_and_every_option_kept():
    found = database_url.read(ADDRESS, "DATABASE_URL")
    assert {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "patch bay",
        "USER": "patchbay_app@x",
        "PASSWORD": "p@ss/:%",
        "HOST": "db.example",
        "PORT": "5433",
    }
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert found["OPTIONS"]["sslrootcert"] == "/etc/ssl/ca.pem"
    assert found["OPTIONS"]["connect_timeout"] == "3", "what is given wins"


def test_a_socket_and_a_plain_address():
    assert database_url.read("postgresql:///patchbay?host=/run/postgresql", "X")["HOST"] == "/run/postgresql"
    assert database_url.read("postgres://a:b@[::1]/x", "X")["HOST"] == "::1"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://a@b/c?sslmod=require", "X has an option that is not known: sslmod."),
        ("postgresql://a@b/c?options=-crole%3Dx", "not known: options."),
        ("postgresql://a@b/c?sslmode", "X cannot be read"),
        ("postgresql://a:p/w@b:port/c", "X cannot be read"),
        ("mysql://a@b/c", "X must be a postgresql:// address."),
    ],
)
def test_what_would_be_lost_is_refused(address, words):
    with pytest.raises(ImproperlyConfigured) as refused:
        database_url.read(address, "X")
    assert words in str(refused.value)
    assert "p/w" not in str(refused.value), "a password is never repeated"


def test_django_and_the_change_feed_connect_with_the_same(monkeypatch):
    ours = {**database_url.read(ADDRESS, "DATABASE_URL"), "TIME_ZONE": None, "CONN_MAX_AGE": 0}
    ours["OPTIONS"] |= {"pool": {"max_size": 2}}
    seen = {}

    async def connect(**arguments):
        seen.update(arguments)
        raise psycopg.OperationalError

    monkeypatch.setattr(feed, "database", SimpleNamespace(settings_dict=ours))
    monkeypatch.setattr(psycopg.AsyncConnection, "connect", connect)
    with pytest.raises(psycopg.OperationalError):
        asyncio.run(feed.connect())
    django = DatabaseWrapper(ours).get_connection_params()
    for name in ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "connect_timeout"):
        assert seen[name] == django[name], name
    assert "pool" not in seen and seen["application_name"] == "patchbay feed"
