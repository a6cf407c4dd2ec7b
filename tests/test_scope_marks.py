"""A public function that queries a table says by its decorator whether it needs an open scope or opens its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from tenants.isolation.row_security import SharedRowPolicy, TenantRowPolicy

ROOT = Path(__file__).resolve().parent.parent
OTHER = ("sandbox", "devserver", "migrations", "management", "voicedock")  # no tables of clients, or no callers
SCOPED_ELSEWHERE = {
    "dashboard/rate_limits/limiter.py:client_for": "refuses an open transaction, which a scope is, by itself",
    "dashboard/live_updates/publish.py:row_changed": "writes into the transaction of its caller, whichever that is",
    "dashboard/live_updates/publish.py:rows_changed": "likewise",
}


POLICIES = (TenantRowPolicy, SharedRowPolicy)
PROTECTED = {
    model.__name__
    for model in apps.get_models()
    if any(isinstance(constraint, POLICIES) for constraint in model._meta.constraints)
}
QUERY = re.compile(rf"\b(?:{'|'.join(sorted(PROTECTED))})\.objects\b|\._default_manager\b")


def public_functions(source: str) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def is_marked(function: ast.FunctionDef) -> bool:
    """By a scope decorator, or by that of a view, which opens the scope of its request."""
    decorators = {ast.unparse(decorator).partition("(")[0] for decorator in function.decorator_list}
    return bool(decorators & {"scope.requires_scope", "scope.opens_scope"}) or any(
        "_view" in name for name in decorators
    )


def queries(function: ast.FunctionDef) -> bool:
    """Whether it queries a table with row-level security; one that only builds a QuerySet leaves that to its caller."""
    body = "\n".join(ast.unparse(statement) for statement in function.body)
    builds = "QuerySet" in (ast.unparse(function.returns) if function.returns else "") and "scope.for_" not in body
    return not builds and bool(QUERY.search(body))


def unmarked() -> Iterator[str]:
    for package in ("dashboard", "tenants"):
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT)
            if not {*OTHER, "admin.py"} & {*where.parts}:
                for function in public_functions(path.read_text()):
                    if queries(function) and not is_marked(function):
                        yield f"{where}:{function.name}"


def test_functions_that_query_are_marked():
    assert set(unmarked()) == set(SCOPED_ELSEWHERE)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def calls(): return list(Call.objects.all())", True),
        ("@scope.requires_scope\ndef calls(): return list(Call.objects.all())", False),
        ("@staff_view(Permission.SEE)\ndef page(request): return Call.objects.count()", False),
        ("def calls() -> QuerySet[Call]: return Call.objects.all()", False),
        ("def calls() -> QuerySet[Call]:\n with scope.for_system('x'): return Call.objects.all()", True),
        ("def users(): return list(User.objects.all())", False),
    ],
)
def test_a_function_without_a_mark_is_found(source, found):
    (function,) = public_functions(source)
    assert (queries(function) and not is_marked(function)) == found
