"""Log lines of several machines are read side by side: they are in UTC."""

import logging
import logging.config

from django.conf import settings


def test_a_line_begins_with_the_moment_in_utc(monkeypatch):
    record = logging.LogRecord("room", logging.WARNING, "", 0, "late", None, None)
    record.created, record.msecs = 1_763_557_391.042, 42.0
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"]["plain"])
    )
    assert formatter.format(record) == "2025-11-19T13:03:11.042Z WARNING room late"
