"""Which tests go to the same worker of a parallel run."""

import pytest

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
