"""The directions of docs/architecture.md, as far as import-linter (pyproject.toml) cannot say them."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENTRY_POINTS = {"views", "tasks", "admin", "urls", "management", "forms", "call_view", "board_view", "export"}
ENTRY_POINTS |= {"health_views", "error_views"}
WIRING = {"apps", "settings", "urls", "celery", "beat_schedule", "asgi", "wsgi", "__init__"}  # they name entry points
SHARED = {"ui", "devserver", "web"}  # what all screens use, and what starts and serves them
LOOKUPS = {"in", "lt", "lte", "gt", "gte", "isnull", "exact", "contains"}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "shared"}

MODULES = [
    path
    for package in ("tenants", "dashboard")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")


def app_of(module: str) -> str:
    return module.split(".")[1] if module.startswith("dashboard.") and module.count(".") else module.split(".")[0]


def is_entry_point(module: str) -> bool:
    return bool(ENTRY_POINTS & set(module.split(".")[1:]))


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that this one imports, anywhere in it."""
    known = {named(module) for module in MODULES}
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        yield from (name for name in names if name in known)


def test_services_and_queries_import_no_entry_points():
    """Views, tasks and forms import services, never the other way round."""
    assert [
        f"{named(path)} imports {name}"
        for path in MODULES
        if not is_entry_point(named(path)) and path.stem not in WIRING
        for name in imports(path)
        if is_entry_point(name)
    ] == []


def test_apps_use_each_others_services_and_queries():
    """Not each other's views and forms."""
    assert [
        f"{named(path)} imports {name}"
        for path in MODULES
        if path.stem not in WIRING
        for name in imports(path)
        if name.startswith("dashboard.") and is_entry_point(name) and app_of(name) not in {app_of(named(path)), *SHARED}
    ] == []


def test_each_module_says_what_it_is():
    trees = {path: ast.parse(path.read_text()) for path in MODULES}
    assert [named(path) for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []
    assert [named(path) for path in MODULES if path.stem in NAMELESS] == [], "a noun or a verb of the business"


def calls(path: Path, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node


def chain(node: ast.expr) -> Iterator[ast.Call]:
    """The calls before this one: `a.filter(...).exclude(...)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Call):
            yield node
            node = node.func
        else:
            node = node.value


def claims_through_joins(path: Path) -> list[str]:
    return [
        f"{path.name} line {update.lineno}: {keyword.arg}"
        for update in calls(path, "update")
        for call in chain(update.func)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("filter", "exclude")
        for keyword in call.keywords
        if keyword.arg and set(keyword.arg.split("__")[1:]) - LOOKUPS
    ]


def test_no_claim_through_a_join():
    """A filter over a relation before `.update()` becomes `id IN (SELECT …)`, which a second claimer passes too."""
    assert [claim for path in MODULES for claim in claims_through_joins(path)] == []


@pytest.mark.parametrize(
    ("claim", "allowed"),
    [
        ('Call.objects.filter(state="queued", dedication__period__contains=now).update(state="sending")', False),
        ('Call.objects.exclude(tenant__status="closed").filter(pk=1).update(state="sending")', False),
        (
            'Call.objects.filter(state__in=LIVE, lease_until__lt=now).filter(Exists(right)).update(state="unknown")',
            True,
        ),
        ("seen.update(call__pk=1)", True),
    ],
)
def test_such_a_claim_is_found(tmp_path, claim, allowed):
    module = tmp_path / "claiming.py"
    module.write_text(claim)
    assert bool(claims_through_joins(module)) is not allowed


def test_a_task_is_enqueued_after_the_commit():
    """A task that starts before its rows are there finds nothing: `delay_on_commit`. Only tasks do not wait."""
    assert [
        f"{named(path)} line {call.lineno}"
        for path in MODULES
        for method in ("delay", "apply_async")
        for call in calls(path, method)
        if path.stem != "tasks"
    ] == []


def test_tests_mirror_the_apps():
    apps = {path.parent.name for path in (ROOT / "dashboard").glob("*/__init__.py")}
    odd = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    assert odd - apps <= {"tenants", "promises", "journeys", "upgrades", "vendor", "fixtures"}


def test_the_top_level_stays_tidy():
    allowed = {"manage.py", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "requirements.lock"}
    allowed |= {"CONTRIBUTING.md", "SECURITY.md", "uv.lock", "requirements-local.lock"}
    allowed |= {"requirements-dev.lock", "dashboard", "tenants", "templates", "static", "tests", "docs", "deploy"}
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__pycache__"))}
    assert there - {"staticfiles", "test-results"} <= allowed


def test_types_are_strict_in_tenants_and_in_the_client_library():
    """Everything in `mypy --strict` that mypy takes for single packages; `manage.py test` runs it."""
    (strict_for,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    assert strict_for.pop("module") == [
        "tenants.*",
        "dashboard.voicedock.*",
        "dashboard.sandbox.*",
        "dashboard.sandbox_admin.*",
    ]
    assert len(strict_for) == 10 and all(strict_for.values())
