"""The database of the tests, the fixtures that all of them share (tests/fixtures), and nothing skipped in CI."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

import dashboard.celery  # noqa: F401  tasks know the broker: in memory, and nobody listens
from tenants.isolation import scope
from tests.fixtures import backdating, html
from tests.fixtures.postgres import server

pytest_plugins = [
    "tests.fixtures.factories",
    "tests.fixtures.sandbox",
    "tests.fixtures.operator",
    "tests.fixtures.fake_clock",
    "tests.fixtures.two_tenants",
    "tests.fixtures.checkpoints",
]
html.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """What CI cannot run has not been tested."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI: {report.longrepr[2] if report.longrepr else ''}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last, and to one process: Playwright leaves an event loop running in the thread it used."""
    for item in items:
        if _in_browser(item):
            item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=_in_browser)


def _in_browser(item: pytest.Item) -> bool:
    return not {"page", "patchbay", "browser"}.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is made, migrated and removed by the owner."""
    server.need()
    connection.settings_dict.update(settings.OWNER)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests run as the app's log-in."""
    with django_db_blocker.unblock():
        backdating.install()
    app = urlsplit(os.environ["DATABASE_URL"])
    _become(django_db_blocker, USER=app.username, PASSWORD=app.password)
    yield
    _become(django_db_blocker, **settings.OWNER)


def _become(blocker: Any, **login: Any) -> None:
    with blocker.unblock():
        connection.close()
        connection.settings_dict.update(login)


@pytest.fixture(autouse=True)
def auditors_share_the_transaction(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's rows are not committed, so another log-in would not see them: auditors change the role instead.

    Tests that are marked with `databases=["default", "auditor"]` use the auditors' own log-in, as the product does.
    """
    marker = request.node.get_closest_marker("django_db")
    if marker and "auditor" in (marker.kwargs.get("databases") or ()):
        return

    def set_role(*settings: str, read_only: bool = False) -> None:
        connection.connection.execute("SET LOCAL ROLE NONE")  # past Django: no test counts it as a query
        set_alone(*settings, read_only=read_only)
        if read_only:
            connection.connection.execute("SET LOCAL ROLE patchbay_auditor")

    set_alone = scope._set
    monkeypatch.setattr(scope, "AUDITORS", scope.DEFAULT)
    monkeypatch.setattr(scope, "_set", set_role)


@pytest.fixture
def superuser(db: None) -> Callable[..., None]:
    """Run SQL past every wall, in a connection of its own: what a thief or a broken migration would do."""

    def run(*statements: str) -> None:
        name = connection.settings_dict["NAME"]
        with psycopg.connect(os.environ["PATCHBAY_TEST_SERVER"], dbname=name, autocommit=True) as past_the_walls:
            for statement in statements:
                past_the_walls.execute(statement)

    return run


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium; nothing is downloaded."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("No Chromium on this machine: nothing was tried in a browser. apt-get install chromium")
    quiet = ("gpu", "quic", "background-networking", "component-update", "sync")
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in quiet)],
    }
