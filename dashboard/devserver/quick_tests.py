"""`manage.py test --quick`: the tests of the apps that changed, and a smoke test of each promise."""

import ast
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from dashboard.devserver.paths import ROOT

MAIN = ("main", "origin/main")
TESTS = ROOT / "tests"
ROOT_TESTS = "tests/test_*.py"  # of what belongs to no app: settings, logs, layout
LEFT_OUT = {"tests/journeys", "tests/promises", "tests/fixtures", "tests/vendor"}  # minutes long, or no tests


def selection(changed: Iterable[str]) -> list[str]:
    """What pytest is to run, as paths from the root and node ids."""
    wanted = {place for path in changed for place in _tests_of(path)}
    return [*sorted(wanted), *(name for name in smoke_tests() if name.partition("::")[0] not in wanted)]


def changed_files() -> list[str]:
    """Changed since the branch left main, or not committed yet. Nothing outside of a git checkout."""
    base = next((found for name in MAIN if (found := _git("merge-base", "HEAD", name))), ["HEAD"])[0]
    return sorted({*_git("diff", "--name-only", base), *_git("ls-files", "--others", "--exclude-standard")})


def smoke_tests() -> list[str]:
    """The tests of the promises that are marked `smoke`."""
    return [
        f"{path.relative_to(ROOT).as_posix()}::{test.name}"
        for path in sorted((TESTS / "promises").glob("test_*.py"))
        for test in ast.parse(path.read_text()).body
        if isinstance(test, ast.FunctionDef) and any(_is_smoke(decorator) for decorator in test.decorator_list)
    ]


def _tests_of(path: str) -> Iterator[str]:
    """A module, a template or a test leads to the folder of its app; a promise that was changed leads to itself."""
    parts = PurePosixPath(path).parts
    if parts[0] == "tests" and parts[-1].startswith("test_") and (ROOT / path).exists():
        yield path if len(parts) == 2 or parts[1] == "promises" else f"tests/{parts[1]}"
    elif parts[0] == "static" or (parts[0] == "templates" and (len(parts) == 2 or parts[1] == "components")):
        yield "tests/ui"
    elif parts[0] in ("dashboard", "templates", "tests") and len(parts) > 2:
        yield from _existing(f"tests/{parts[1]}")
    elif parts[0] == "tenants":
        yield "tests/tenants"
    elif parts[0] != "docs" and path.endswith((".py", ".toml")):
        yield from sorted(found.relative_to(ROOT).as_posix() for found in ROOT.glob(ROOT_TESTS))


def _existing(folder: str) -> Iterator[str]:
    if folder not in LEFT_OUT and (ROOT / folder).is_dir():
        yield folder


def _is_smoke(decorator: ast.expr) -> bool:
    return ast.unparse(decorator) == "pytest.mark.smoke"


def _git(*arguments: str) -> list[str]:
    """The lines that git prints, none when it fails or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return []
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []
