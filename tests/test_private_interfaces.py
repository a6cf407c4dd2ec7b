"""Private interfaces of libraries are used in three modules alone, and a version that moves one of them fails here."""

import ast
import inspect
from pathlib import Path

import httpcore
import httpx
import pytest
from allauth.account.adapter import DefaultAccountAdapter
from django.db import connection, transaction

from dashboard.voicedock import httpx_private
from tenants.accounts import allauth_private
from tenants.isolation import django_private

ROOT = Path(__file__).resolve().parent.parent
PRIVATE = {Path(module.__file__) for module in (allauth_private, httpx_private, django_private)}
DOCUMENTED = {"_meta", "_default_manager", "_base_manager", "_exit"}  # by Django, and by Python of `os`
TREES = {
    path: ast.parse(path.read_text())
    for app in ("tenants", "dashboard")
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def own_names() -> set[str]:
    """Everything with an underscore in front that our own modules define or set on themselves."""
    found: set[str] = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
                found.add(node.attr)
    return found


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def used(tree: ast.AST, own: set[str]) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            ours = (node.module or "").split(".")[0] in ("tenants", "dashboard")
            parts = [*(node.module or "").split("."), *[alias.name for alias in node.names]]
            if not ours and any(is_private(part) or part == "internal" for part in parts):
                found.append(f"line {node.lineno}: {'.'.join(parts)}")
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own | DOCUMENTED:
            found += [f"line {node.lineno}: {node.attr}"] if not is_self(node.value) else []
    return found


def test_private_interfaces_are_used_in_their_modules_alone():
    own = own_names()
    assert {str(path.relative_to(ROOT)): use for path, tree in TREES.items() if (use := used(tree, own))}.keys() == {
        str(path.relative_to(ROOT)) for path in PRIVATE
    }


@pytest.mark.parametrize(
    "text",
    [
        "from allauth.account.internal.flows.login import record_authentication",
        "from httpx._transports.default import HTTPTransport",
        "transport._pool",
        "connection._closed_in_transaction",
    ],
)
def test_such_a_use_is_found(text):
    assert used(ast.parse(text), own_names())


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (allauth_private.get_authentication_records, ["request", "user"]),
        (allauth_private.record_authentication, ["request", "user", "method", "extra_data"]),
        (
            allauth_private.ratelimit.consume,
            ["request", "app", "action", "config", "key", "user", "dry_run", "limit_get", "raise_exception"],
        ),
        (DefaultAccountAdapter._get_login_attempts_cache_key, ["self", "request", "credentials"]),
    ],
)
def test_functions_of_allauth_take_what_we_give_them(function, parameters):
    assert list(inspect.signature(function).parameters) == parameters


def test_a_transport_of_httpx_connects_through_our_backend():
    class Backend(httpcore.MockBackend):
        def connect_tcp(self, host, *args, **more):
            raise httpcore.ConnectError(f"asked for {host}")

    transport = httpx.HTTPTransport()
    httpx_private.connect_through(transport, Backend([]))
    with pytest.raises(httpx.ConnectError, match="asked for voicedock"), httpx.Client(transport=transport) as client:
        client.get("http://voicedock.test/")


@pytest.mark.django_db
def test_a_transaction_around_a_test_is_distinguished_from_one_of_ours():
    assert not django_private.has_open_transaction(connection)
    with transaction.atomic():
        assert django_private.has_open_transaction(connection)
