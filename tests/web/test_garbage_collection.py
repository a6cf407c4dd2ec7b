"""What lives as long as its process is left out of garbage collection: once it has started, and has warmed up."""

import asyncio
import subprocess
import sys

import pytest
import uvicorn
from celery.signals import worker_init

from dashboard import celery, garbage_collection
from dashboard.web import server

PROCESS = """
import gc
from dashboard import garbage_collection
class Ring: pass
garbage_collection.leave_out_present()
assert gc.get_freeze_count() > 1_000 and gc.get_threshold()[0] == garbage_collection.ALLOCATIONS
ring = Ring(); ring.itself = ring
del ring
assert gc.collect() > 0, "what came later is collected"
"""


@pytest.fixture
def times(monkeypatch):
    """How often it was done, as a list."""
    found: list[None] = []
    monkeypatch.setattr(garbage_collection, "leave_out_present", lambda: found.append(None))
    return found


def test_what_is_there_is_left_out_and_what_comes_later_is_collected():
    subprocess.run([sys.executable, "-c", PROCESS], check=True, timeout=60)


def test_the_web_leaves_out_what_it_loads_within_its_first_minutes(times):
    web = server.Server(server.configuration("127.0.0.1", 0))

    async def run(ticks):
        return [await web.on_tick(tick) for tick in ticks]

    assert asyncio.run(run([1, 599, 601])) == [False] * 3 and times == []
    assert asyncio.run(run(server.LOADED)) == [False] * 2 and len(times) == 2
    assert asyncio.run(run(server.LOADED)) == [False] * 2 and len(times) == 2, "once, not each day"


def test_the_web_leaves_out_what_is_there_when_it_starts(times, monkeypatch):
    async def started(self, sockets=None):
        pass

    monkeypatch.setattr(uvicorn.Server, "startup", started)
    asyncio.run(server.Server(server.configuration("127.0.0.1", 0)).startup())
    assert len(times) == 1


def test_workers_leave_it_out_before_they_fork(times):
    assert celery.collect_less_garbage in [receiver() for _, receiver in worker_init.receivers]
    celery.collect_less_garbage()
    assert len(times) == 1
