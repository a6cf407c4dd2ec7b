"""What every test gets: the shared fixtures (tests/fixtures), cheap password hashes, and no skipped test in CI."""

import gc
import os
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher

import dashboard.celery  # noqa: F401  tasks know the broker: in memory, and nobody listens
from tests.fixtures import html

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.browser",
    "tests.fixtures.served_browser",
    "tests.fixtures.factories",
    "tests.fixtures.sandbox",
    "tests.fixtures.operator",
    "tests.fixtures.planner",
    "tests.fixtures.fake_clock",
    "tests.fixtures.two_tenants",
    "tests.fixtures.checkpoints",
    "tests.fixtures.databases",
]
html.install()
ScryptPasswordHasher.work_factor = 2**4  # instead of 2**14, which takes a quarter of a second for each sign-in


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is imported and collected stays until the end: the garbage collector need not go through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def sidebar_counts_are_made_anew() -> None:
    """What one page has kept for the next would differ with the order of the requests of a test."""
    from dashboard.overview import context_processors

    context_processors.KEPT = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """A test that is skipped in CI counts as failed: what CI cannot run has not been tested."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI: {report.longrepr[2] if report.longrepr else ''}"
    return report
