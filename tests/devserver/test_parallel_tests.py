"""Parallel runs of the tests: which go to the same worker, which start first, what the workers find."""

import subprocess
from types import SimpleNamespace

import pytest

from dashboard.devserver import checks
from dashboard.devserver.paths import ROOT
from tests.fixtures import browser
from tests.fixtures.browser import BrowserTestsTogether


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/journeys/test_process_logs.py::test_no_secret", "browser"),
        ("tests/ui/test_scripts.py::test_keys[chromium]", "browser"),
        ("tests/ui/test_scripts.py::test_reading[chromium-#log { order: 1; }]", "browser"),
        ("tests/ui/test_longest_values.py::test_the_pages_of_staff", "longest values"),
        ("tests/calls/test_placing.py::test_it[chrome]", "tests/calls/test_placing.py::test_it[chrome]"),
        ("tests/calls/test_placing.py::test_chromium", "tests/calls/test_placing.py::test_chromium"),
    ],
)
def test_browser_tests_go_to_one_worker(nodeid, group):
    scheduler = object.__new__(BrowserTestsTogether)
    assert scheduler._split_scope(nodeid) == group


def test_all_tests_that_use_the_browser_are_recognized(request):
    """Needs a run that collected browser tests; of any other it asks nothing."""
    scheduler = object.__new__(BrowserTestsTogether)
    users = [item for item in request.session.items if {"page", "browser", "patchbay"} & set(item.fixturenames)]
    assert [item.nodeid for item in users if scheduler._split_scope(item.nodeid) != "browser"] == []


def test_long_tests_start_first():
    assert [start for start in browser.LONG if not (ROOT / start).exists()] == []
    of_a_browser = SimpleNamespace(nodeid="tests/ui/test_scripts.py::test_keys[chromium]", fixturenames=["page"])
    others = [
        SimpleNamespace(nodeid=f"{path}::test_it", fixturenames=[])
        for path in (
            "tests/promises/test_odd_addresses.py",
            "tests/promises/test_auditor.py",
            "tests/calls/test_sync.py",
        )
    ]
    assert sorted([*reversed(others), of_a_browser], key=browser.order) == [of_a_browser, *others]


def test_compiled_tests_are_kept(monkeypatch):
    """Else each worker rewrites the assertions of every test again."""
    given = {}
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(subprocess, "run", lambda *_, **more: given.update(more) or SimpleNamespace(returncode=0))
    assert checks.pytest([]) == 0
    assert "PYTHONDONTWRITEBYTECODE" not in given["env"] and given["env"]["PYTHONPATH"] == str(ROOT)
