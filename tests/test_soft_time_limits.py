"""A task that its soft time limit stops: nothing swallows the stop, and nothing of it stays in the process."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from celery.signals import task_prerun
from django.db import ProgrammingError, connection

from tenants.isolation import scope
from tenants.models import Tenant

ROOT = Path(__file__).parent.parent
NOT_OF_TASKS = {  # of the web server alone
    "dashboard/web/readiness.py",
    "dashboard/live_updates/sessions.py",
    "dashboard/live_updates/writing.py",
}
STOP = "SoftTimeLimitExceeded"


@pytest.fixture(autouse=True)
def no_name_of_a_task_in_later_logs():
    yield
    structlog.contextvars.clear_contextvars()


def begin_task(*, is_eager: bool = False) -> None:
    task_prerun.send(None, task_id="1", task=SimpleNamespace(name="a task", request=SimpleNamespace(is_eager=is_eager)))


def test_whoever_catches_every_exception_lets_the_stop_pass():
    wrong = []
    for folder in ("dashboard", "tenants"):
        for path in (ROOT / folder).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if name.startswith(("dashboard/sandbox/", "dashboard/devserver/")) or name in NOT_OF_TASKS:
                continue
            wrong += [f"{name}:{line}" for line in swallowing(ast.parse(path.read_text()))]
    assert not wrong


def swallowing(tree: ast.AST) -> list[int]:
    """The lines of handlers that take every exception, without one before them that raises the stop again."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try):
            continue
        passed = False
        for handler in node.handlers:
            caught = ast.unparse(handler.type) if handler.type else "Exception"
            raises = any(isinstance(step, ast.Raise) for step in handler.body)
            passed = passed or (STOP in caught and raises)
            if caught in ("Exception", "BaseException") and not raises and not passed:
                found.append(handler.lineno)
    return found


def test_a_handler_that_swallows_it_is_found():
    assert swallowing(ast.parse("try:\n  pass\nexcept Exception:\n  pass")) == [3]
    assert (
        swallowing(ast.parse("try:\n  pass\nexcept SoftTimeLimitExceeded:\n  raise\nexcept Exception:\n  pass")) == []
    )


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_left_inside_a_transaction_serves_the_next_task(bloom):
    connection.ensure_connection()
    connection.in_atomic_block = True  # as where the limit strikes while the transaction begins
    connection.close()
    connection.connection = None
    with pytest.raises(ProgrammingError, match="Cannot open a new connection in an atomic block"):
        connection.cursor()
    begin_task()
    with scope.for_tenant(bloom.tenant):
        assert Tenant.objects.filter(pk=bloom.tenant.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_scope_that_was_left_open_is_forgotten_with_its_transaction(bloom, harbor):
    interrupted = scope.for_tenant(harbor.tenant)
    interrupted.__enter__()
    begin_task()
    assert not scope.current()
    with scope.for_tenant(bloom.tenant):
        assert [tenant.pk for tenant in Tenant.objects.all()] == [bloom.tenant.pk]


@pytest.mark.django_db
def test_a_task_that_is_run_in_place_leaves_the_transaction_around_it(bloom):
    before = connection.connection
    begin_task(is_eager=True)
    assert connection.connection is before and connection.in_atomic_block
