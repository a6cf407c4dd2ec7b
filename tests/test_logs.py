"""One way for every log line: in UTC, on standard error, with secrets struck out, as JSON where machines read it."""

import io
import json
import logging
import re
from importlib import import_module

import pytest
import structlog
from django.conf import settings
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from dashboard import access_log, logs
from tenants.log_redaction import RedactSecretsFilter

NEEDLE = "fl_needle0123456789"
HIDDEN = "needle-0123456789abcdef"


@pytest.fixture(params=[True, False], ids=["json", "console"])
def lines(request):
    """What a handler as it is configured writes, in a logger tree of its own."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(as_json=request.param))
    handler.addFilter(RedactSecretsFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_a_line_begins_with_the_moment_in_utc():
    record = logging.LogRecord("logger.of.a.test", logging.WARNING, "", 0, "late", None, None)
    record.created, record.msecs = 1_763_557_391.042, 42.0
    written = json.loads(logs.formatter(as_json=True).format(record))
    assert written == {
        "time": "2025-11-19T13:03:11.042Z",
        "level": "warning",
        "logger": "logger.of.a.test",
        "event": "late",
    }
    line = logs.formatter(as_json=False).format(record)
    assert re.fullmatch(r"2025-11-19T13:03:11\.042Z \[warning\s*\] late\s+\[logger\.of\.a\.test\]", line), line


def test_no_secret_gets_through_whichever_way_it_is_logged(lines):
    nested = json.dumps({"api_key": HIDDEN})
    for log in (structlog.get_logger("ours"), structlog.stdlib.get_logger("also ours")):
        log.warning("asked", token=HIDDEN, key=NEEDLE, body=nested, list=[f"token={HIDDEN}"], deep={"a": {"b": NEEDLE}})
    plain = logging.getLogger("theirs")
    plain.warning("asked with %s and token=%s", NEEDLE, HIDDEN)
    plain.warning("asked", extra={"token": HIDDEN})
    for speak in (plain.exception, structlog.get_logger("ours").exception):
        try:
            password = HIDDEN  # a local variable, in the frame of the traceback
            raise ValueError(f"Bearer {HIDDEN} {len(password)}")
        except ValueError:
            speak("broken")
    written = lines.getvalue()
    assert written.count("asked") == 4 and written.count("ValueError") >= 2
    assert "Traceback" in written
    assert NEEDLE not in written and HIDDEN not in written


def test_knock_out_without_the_processors_the_needle_is_seen(lines, monkeypatch):
    monkeypatch.setattr(logs, "redact_secrets", lambda text: text)
    structlog.get_logger("ours").warning("asked", key=NEEDLE)
    assert NEEDLE in lines.getvalue()


def test_nothing_goes_to_standard_output(capfd):
    logs.configure(settings.LOGGING)
    structlog.get_logger("ours").error("something")
    logging.getLogger("theirs").error("something else")
    assert capfd.readouterr().out == ""


def test_each_module_that_logs_takes_this_way():
    """`structlog.get_logger` alone would print: the configuration is Django's, and so every process has it."""
    assert settings.LOGGING_CONFIG == "dashboard.logs.configure"
    assert isinstance(structlog.get_config()["logger_factory"], structlog.stdlib.LoggerFactory)
    assert import_module("dashboard.celery").log_as_django_does
    assert logging.getLogger("celery.beat").level == logging.WARNING, "it would say each task it starts"


def parts(patterns):
    for one in patterns:
        yield from one.pattern.regex.groupindex
        if isinstance(one, URLResolver):
            yield from parts(one.url_patterns)
        else:
            assert isinstance(one, URLPattern)


def test_every_part_of_an_address_is_known_to_be_secret_or_not():
    assert set(parts(get_resolver().url_patterns)) <= access_log.SECRET_PARTS | access_log.PLAIN_PARTS


def asked(path):
    request = RequestFactory().get(path)
    try:
        request.resolver_match = resolve(request.path)
    except Exception:
        request.resolver_match = None
    return access_log.path_for_logs(request)


def test_addresses_are_logged_without_what_is_secret_in_them():
    assert asked(f"/invitation/{HIDDEN}/?token={HIDDEN}") == "/invitation/[secret]/"
    assert asked(f"/hooks/voicedock/{HIDDEN}/") == "/hooks/voicedock/[secret]/"
    assert HIDDEN not in asked(f"/accounts/password/reset/key/1-{HIDDEN}/")
    assert asked(f"/accounts/email/confirm/{HIDDEN}/") == "/accounts/email/confirm/[secret]/"
    assert asked(f"/invitatoin/{HIDDEN}/") == "/invitatoin/…"
    assert asked("/c/bloom/calls/?q=Jansen") == "/c/bloom/calls/"


def test_a_page_leaves_one_line_with_its_id(client, db, lines):
    response = client.get(f"/accounts/login/?next=/c/x/&token={HIDDEN}")
    (line,) = [line for line in lines.getvalue().splitlines() if "patchbay.access" in line]
    assert response.headers["X-Request-ID"] in line
    assert "/accounts/login/" in line and "200" in line
    assert HIDDEN not in line and "next" not in line
    given = client.get("/accounts/login/", headers={"X-Request-ID": "from-the-proxy-1"})
    assert given.headers["X-Request-ID"] == "from-the-proxy-1"
    forged = client.get("/accounts/login/", headers={"X-Request-ID": "x\ninjected line"})
    assert "injected" not in forged.headers["X-Request-ID"]
    client.get("/healthz")
    assert "/healthz" not in lines.getvalue()
