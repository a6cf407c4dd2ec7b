"""A cache in trouble: pages go on, sign-in stays closed with words, and nothing waits long."""

import pickle
import socket
import threading

import pytest
from django.core.cache import caches
from redis.exceptions import ConnectionError as Lost

from dashboard.devserver.paths import free_port
from dashboard.web import cache, readiness
from tenants.access.permissions import Role
from tests.patience import PATIENCE


@pytest.fixture
def frozen():
    """A server that takes connections and never says a word, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"redis://:secret@127.0.0.1:{listening.getsockname()[1]}/1"


@pytest.fixture
def dead():
    return f"redis://:secret@127.0.0.1:{free_port()}/1"


@pytest.fixture(params=["frozen", "dead"])
def trouble(request, monkeypatch):
    monkeypatch.setattr(cache, "TIMEOUT", 0.05)
    return cache.OptionalCache(request.getfixturevalue(request.param), {})


def test_each_use_has_an_answer(trouble):
    assert trouble.get("a", "nothing") == "nothing"
    assert trouble.get_many(["a"]) == {} and "a" not in trouble
    assert trouble.add("a", 1) is False, "what rests on it stays closed"
    assert trouble.set("a", 1) is None and trouble.set_many({"a": 1}) == []
    assert trouble.delete("a") is False and trouble.touch("a") is False
    assert trouble.delete_many(["a"]) is None and trouble.clear() is None
    assert trouble.answers() is False
    with pytest.raises(ValueError, match="not in the cache"):
        trouble.incr("a")


def test_after_a_failure_nobody_asks_for_a_while(trouble, monkeypatch):
    asked, now = [], [100.0]
    monkeypatch.setattr(cache, "monotonic", lambda: now[0])
    real = trouble._cache.get_client
    monkeypatch.setattr(trouble._cache, "get_client", lambda *a, **k: asked.append(1) or real(*a, **k))
    for _ in range(5):
        trouble.get("a")
    assert len(asked) == 1
    now[0] += cache.REST + 0.1
    trouble.get("a")
    assert len(asked) == 2


def test_values_are_json_and_nothing_else_is_read():
    serializer = cache.JsonSerializer()
    for value in ([1.5, 2.5], True, "words", None, {"a": [1]}, 7):
        stored = serializer.dumps(value)
        assert serializer.loads(stored if isinstance(stored, str) else str(stored).encode()) == value
    with pytest.raises(UnicodeDecodeError):
        serializer.loads(pickle.dumps([1]))


def test_time_outs_and_the_password_reach_the_connection(frozen):
    kwargs = cache.OptionalCache(frozen, {})._cache.get_client().connection_pool.connection_kwargs
    assert kwargs["socket_timeout"] == kwargs["socket_connect_timeout"] == cache.TIMEOUT < 1
    assert kwargs["password"] == "secret"


@pytest.fixture
def without_cache(trouble, monkeypatch):
    monkeypatch.setattr(caches._connections, "default", trouble, raising=False)
    monkeypatch.setattr(readiness, "cache", trouble)  # it asks in another thread, which has caches of its own
    return trouble


def test_pages_go_on_without_it(without_cache, bloom, make_member, sign_in):
    owner = sign_in(make_member(bloom, Role.OWNER))
    for page in ("", "live/", "calls/", "campaigns/", "team/", "settings/"):
        assert owner.get(f"/c/bloom-dental/{page}").status_code == 200, page
    assert owner.get("/readyz").json()["cache"] == "silent"
    assert owner.post("/accounts/logout/").status_code == 302


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/", "/accounts/second-step/enter/"])
def test_sign_in_stays_closed_with_words(without_cache, client, db, address):
    assert client.get("/accounts/login/").status_code == 200
    answer = client.post(address, {"login": "owner@bloom.test", "password": "x"})
    assert answer.status_code == 503
    assert "Signing in is not possible at this moment" in answer.content.decode()


def test_readiness_names_the_part_that_hangs_and_never_hangs_itself(monkeypatch):
    """Three parts, of which one is frozen and one breaks; the answer comes while the frozen one still waits."""
    go_on = threading.Event()

    def hangs():
        go_on.wait(10)
        return {"broker": "ok"}

    def breaks():
        raise Lost("refused")

    broker = readiness.Probe(hangs, {"broker": "silent"})
    probes = [
        readiness.Probe(lambda: {"database": "ok", "migrations": "ok"}, {"database": "silent"}),
        broker,
        readiness.Probe(breaks, {"cache": "silent"}),
    ]
    monkeypatch.setattr(readiness, "PROBES", probes)
    monkeypatch.setattr(readiness, "WITHIN", 0.05)
    expected = {"database": "ok", "migrations": "ok", "broker": "silent", "cache": "silent"}
    assert readiness.ask() == (200, expected)
    assert broker.question() is broker.question(), "a second question is not asked while the first hangs"
    go_on.set()
    broker.question().join(PATIENCE)
    monkeypatch.setattr(readiness, "WITHIN", 5)
    assert readiness.ask() == (200, expected | {"broker": "ok"})


def test_a_database_that_hangs_is_not_ready(monkeypatch):
    go_on = threading.Event()
    silent = {"database": "silent", "migrations": "unknown"}
    monkeypatch.setattr(readiness, "PROBES", [readiness.Probe(lambda: go_on.wait(10) and {}, silent)])
    monkeypatch.setattr(readiness, "WITHIN", 0.05)
    assert readiness.ask() == (503, silent)
    go_on.set()
