"""Minutes that pass in a moment: one clock for Python, PostgreSQL, the sandbox and beat, moved by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module

import pytest
import stamina
import time_machine
from celery import Task
from django.db import connection as database

from dashboard.celery import app as celery
from dashboard.sandbox.app import Sandbox
from dashboard.timetable import TIMETABLE

__all__ = ["Stepped", "stepped"]
OFTEN = 60.0  # seconds: bells that ring more seldom have nothing to do with what passes here
NAMES = ("now", "statement_timestamp", "clock_timestamp")
MAKE = (
    "CREATE SCHEMA stepped",
    *(
        f"CREATE FUNCTION stepped.{name}() RETURNS timestamptz STABLE LANGUAGE sql AS "
        "$$ SELECT to_timestamp(current_setting('stepped.at')::float8) $$"
        for name in NAMES
    ),
    "GRANT USAGE ON SCHEMA stepped TO PUBLIC",
)


@dataclass
class Stepped:
    """`step` lets time pass, in which the sandbox lives on and beat's bells are rung and heard at once."""

    sandbox: Sandbox
    clock: time_machine.Traveller
    due: dict[str, float] = field(default_factory=dict)

    def wait(self, seconds: float) -> None:
        """Time passes, and nobody does anything but VoiceDock."""
        self.clock.shift(seconds)
        with database.cursor() as cursor:
            cursor.execute("SELECT set_config('stepped.at', %s, true)", [repr(time.time())])
        self.sandbox.clock.advance(time.time() - self.sandbox.clock.now())
        self.sandbox.step()

    def step(self, seconds: float = 2.0) -> None:
        """Time passes, and the workers do what beat rings for."""
        self.wait(seconds)
        for name, bell in TIMETABLE.items():
            every = bell["schedule"].total_seconds()
            if every < OFTEN and self.due.get(name, 0.0) <= time.time():
                self.due[name] = time.time() + every
                celery.tasks[bell["task"]].run()

    def steps(self, seconds: float, each: Callable[[float], object] = lambda passed: None) -> None:
        """So many seconds in steps of two; `each` gets the seconds that have passed."""
        for nth in range(int(seconds // 2)):
            self.step()
            each(2.0 * (nth + 1))


@pytest.fixture
def stepped(sandbox: Sandbox, superuser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stepped]:
    """PostgreSQL finds its clock in a schema before its own; whoever sleeps, also in a repeat, moves the clock on."""
    superuser("DROP SCHEMA IF EXISTS stepped CASCADE", *MAKE)
    for bell in TIMETABLE.values():
        import_module(bell["task"].rpartition(".")[0])
    monkeypatch.setattr(Task, "apply_async", lambda task, args=(), *rest, **more: task.run(*args))
    stamina.set_testing(False)
    with time_machine.travel(time.time(), tick=False) as clock:
        with database.cursor() as cursor:
            cursor.execute("SELECT set_config('stepped.at', %s, true)", [repr(time.time())])
            cursor.execute("SET LOCAL search_path = stepped, pg_catalog, public")
        passing = Stepped(sandbox, clock)
        monkeypatch.setattr("time.sleep", passing.wait)
        yield passing
    with database.cursor() as cursor:
        cursor.execute("RESET search_path")
    superuser("DROP SCHEMA stepped CASCADE")
