"""The limit of event streams counts over all web processes, and survives a killed process and a silent cache."""

import pytest

from dashboard.devserver.paths import free_port
from dashboard.live_updates import session_limit
from dashboard.live_updates.session_limit import StreamLease
from dashboard.web.cache import OptionalCache
from tests.web import cache_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with cache_server.started(tmp_path_factory.mktemp("cache")) as address:
        yield address


@pytest.fixture
def processes(server, monkeypatch):
    """Two web processes: each has connections of its own. Calling one makes it the one whose code runs."""
    caches = OptionalCache(server, {}), OptionalCache(server, {})
    caches[0]._cache.get_client().flushdb()

    def run_in(number):
        monkeypatch.setattr(session_limit, "cache", caches[number])

    return run_in


def test_streams_of_two_processes_count_together_and_the_oldest_leaves(processes):
    streams = [StreamLease("a session") for _ in range(3)]
    for number, stream in enumerate(streams):
        processes(number % 2)
        assert stream.hold(2), "the newest may always stay"
    assert [stream.hold(2) for stream in streams] == [False, True, True]
    assert StreamLease("another session").hold(2)
    processes(0)
    streams[2].release()
    assert [stream.hold(2) for stream in streams[:2]] == [True, True]


def test_streams_of_a_killed_process_stop_counting(processes, monkeypatch):
    processes(0)
    killed = [StreamLease("a session") for _ in range(3)]
    without_expiry = "\n".join(line for line in session_limit.HOLD.splitlines() if "EXPIRE" not in line)
    monkeypatch.setattr(session_limit, "HOLD", without_expiry)  # other streams of the session keep its keys alive
    monkeypatch.setattr(session_limit, "LEASE", "0.05")
    for stream in killed:
        stream.hold(12)
    processes(1)
    client = session_limit.cache._cache.get_client()
    opened, until = (session_limit.cache.make_key(key) for key in killed[0]._keys)
    began, server_clock = client.zrange(until, 0, -1, withscores=True)[-1][1], 0
    while server_clock <= began:  # the server's clock, by which leases end
        seconds, micros = client.time()
        server_clock = seconds * 1_000_000 + micros
    survivor = StreamLease("a session")
    survivor.hold(12)
    assert client.zrange(opened, 0, -1) == [survivor.id.encode()]


def test_a_lapse_does_not_make_an_old_stream_the_newest(processes):
    processes(0)
    old, new = StreamLease("a session"), StreamLease("a session")
    assert old.hold(1) and new.hold(1)
    old.release()  # as after a restart of the cache
    assert not old.hold(1) and new.hold(1)


def test_keys_end_by_themselves_and_hold_no_session_key(processes):
    processes(0)
    StreamLease("a session").hold(12)
    client = session_limit.cache._cache.get_client()
    keys = client.keys("*")
    assert len(keys) == 2 and not any(b"a session" in key for key in keys)
    assert all(0 < client.ttl(key) <= session_limit.LEASE for key in keys)


def test_without_the_cache_only_each_process_counts(monkeypatch):
    away = OptionalCache(f"redis://:secret@127.0.0.1:{free_port()}/1", {})
    monkeypatch.setattr(session_limit, "cache", away)
    stream = StreamLease("a session")
    assert stream.hold(0), "nobody can say: it stays"
    stream.release()
