"""Dedications from a day in the past, which the database refuses: for clients that have a history in a test."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

SETTING = "patchbay_test.backdating"
TRIGGERS = importlib.import_module("tenants.migrations.0013_times_and_audit_triggers")
IN_TESTS = f"(CASE WHEN current_setting('{SETTING}', true) = 'on' THEN '-infinity'::timestamptz ELSE {{}} END)"


def install() -> None:
    """Let the trigger that refuses such starts listen to `backdating`; run as the owner of the test database."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS.BEGINS.replace(TRIGGERS.EARLIEST, IN_TESTS.format(TRIGGERS.EARLIEST)))


@contextmanager
def backdating() -> Iterator[None]:
    """Inside of it, and of the transaction that it is used in, a dedication may begin in the past."""
    _set("on")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _set("off")


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, value])
