"""Settings are there for tools with nothing set, and that mode serves nobody."""

import subprocess
import sys

import pytest

from dashboard import development
from dashboard.devserver import checks
from dashboard.devserver.paths import ROOT

SETUP = "import django; from django.conf import settings; django.setup(); print(settings.DEBUG, settings.DEMO)"


def python(*command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_settings_can_be_imported_with_nothing_set():
    done = python("-c", SETUP)
    assert done.stdout == "True False\n", done.stderr


def test_a_process_with_nothing_set_serves_nobody():
    done = python("-m", "dashboard.web.server", "--port", "1")
    assert done.returncode != 0
    assert "Patchbay does not start" in done.stderr and "The development mode is on" in done.stderr


def test_production_cannot_be_asked_to_show_its_insides():
    done = python("-c", SETUP, **checks.production() | {"PATCHBAY_DEVELOPMENT": "1"})
    assert done.returncode != 0
    assert "PATCHBAY_DEVELOPMENT shows code and values on error pages" in done.stderr


def test_a_deployment_that_forgot_one_thing_is_not_taken_for_development():
    done = python("-c", SETUP, DATABASE_URL="postgresql://app@db/patchbay")
    assert done.returncode != 0
    assert "PATCHBAY_SECRET_KEY is not set" in done.stderr


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, True),
        ({"PATCHBAY_DEVELOPMENT": "0"}, False),
        ({"PATCHBAY_DEMO": "1"}, False),
        ({"PATCHBAY_DEMO": "1", "PATCHBAY_DEVELOPMENT": "1"}, True),
        *[({name: "x"}, False) for name in development.CONFIGURED_BY],
    ],
)
def test_when_it_is_on(environment, on):
    assert development.is_on(environment) is on


def test_its_keys_are_new_each_time():
    assert development.defaults()["PATCHBAY_SECRET_KEY"] != development.defaults()["PATCHBAY_SECRET_KEY"]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost.example.com", False),
        ("https://calls.reseller.example", False),
        ("http://192.168.0.2:8000", False),
    ],
)
def test_this_machine_alone(url, here):
    assert development.is_on_this_machine(url) is here
