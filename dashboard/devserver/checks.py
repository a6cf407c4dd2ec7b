"""`manage.py test`: lint, types, contracts and Django's own checks, then pytest; with arguments, pytest alone.

`manage.py test --quick` runs the checks that take a second, and the tests that `quick_tests` selects.
"""

import base64
import os
import re
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dashboard.devserver import quick_tests
from dashboard.devserver.paths import ROOT

MANY = 300  # tests from which several processes gain more than their databases cost
CORES = os.cpu_count() or 1
WORKERS = min(CORES, 4) + 1  # one more than cores: tests with a browser or with servers of their own wait a lot
BESIDE = ["-n", str(WORKERS), "--dist", "loadgroup", "--no-loadscope-reorder"]  # ordered by tests/fixtures/browser.py
SLOWEST = "--durations=20"
AT_ONCE = ("import contracts", "ruff check", "ruff format")  # checks that take a second
DJANGO = ("-W", "ignore::RuntimeWarning", "-m", "django")  # which warns that it finds no database to compare with


@dataclass(frozen=True)
class Check:
    name: str
    command: list[str]


@dataclass(frozen=True)
class Outcome:
    check: Check
    code: int
    output: str
    seconds: float


def run(arguments: list[str]) -> int:
    if find_spec("pytest") is None:
        sys.exit("This Python has Django but not the tools of the tests: install requirements-dev.lock.")
    if "--quick" in arguments:
        arguments.remove("--quick")
        return _quick(arguments)
    if arguments:
        return pytest(arguments)
    failed = _check(checks())
    code = pytest([SLOWEST, *(BESIDE if _tests() > MANY and CORES > 1 else [])])
    return code or failed


def _quick(arguments: list[str]) -> int:
    failed = _check([check for check in checks() if check.name in AT_ONCE])
    beside = BESIDE if CORES > 1 else []
    code = pytest([SLOWEST, *beside, *arguments, *quick_tests.selection(quick_tests.changed_files())])
    return code or failed


def _check(chosen: list[Check]) -> bool:
    """Run them beside each other and print how each ended; true when one failed."""
    began = time.monotonic()
    with ThreadPoolExecutor(max(2, CORES - 1)) as together:
        outcomes = [_report(outcome) for outcome in together.map(_run, chosen)]
    failed = [outcome for outcome in outcomes if outcome.code]
    words = f"failed: {', '.join(outcome.check.name for outcome in failed)}" if failed else "all well"
    print(f"{len(outcomes)} checks in {time.monotonic() - began:.1f} s, {words}. Now the tests.\n", flush=True)
    return bool(failed)


def checks() -> list[Check]:
    """The longest first: they run beside each other."""
    python = sys.executable
    tool = str(Path(python).parent) + os.sep
    return [
        Check("mypy", [python, "-m", "mypy"]),
        Check("djlint --lint", [tool + "djlint", "--lint", "--quiet", "templates"]),
        Check("djlint --check", [tool + "djlint", "--check", "--quiet", "templates"]),
        Check("check --deploy", [python, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]),
        Check("makemigrations --check", [python, *DJANGO, "makemigrations", "--check", "--dry-run"]),
        Check("import contracts", [tool + "lint-imports", "--no-cache"]),
        Check("ruff check", [python, "-m", "ruff", "check", "--quiet"]),
        Check("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet"]),
    ]


def pytest(arguments: list[str]) -> int:
    """Runs in the foreground; returns its exit code.

    Compiled tests are kept whatever the environment says: it takes several seconds to compile them, for each worker.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=env).returncode


def production() -> dict[str, str]:
    """An environment like that of a real deployment, so that the checks see what it would see."""
    return {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "PATCHBAY_URL": "https://calls.reseller.example",
        "PATCHBAY_HOSTS": "calls.reseller.example",
        "PATCHBAY_PROXY": "1",
        "PATCHBAY_PROXY_IPS": "10.0.0.5",
        "PATCHBAY_SECRET_KEY": secrets.token_urlsafe(50),
        "PATCHBAY_FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "PATCHBAY_AUDIT_PUBLIC_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "PATCHBAY_SECURITY_CONTACT": "security@reseller.example",
        "PATCHBAY_SMTP_HOST": "mail.reseller.example",
        "PATCHBAY_MAIL_FROM": "calls@reseller.example",
        "DATABASE_URL": "postgresql://patchbay_app:none@127.0.0.1:1/patchbay",
        "DATABASE_AUDITOR_URL": "postgresql://patchbay_auditor:none@127.0.0.1:1/patchbay",
        "DATABASE_OWNER_URL": "postgresql://patchbay_owner:none@127.0.0.1:1/patchbay",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "CACHE_URL": "redis://127.0.0.1:1/1",
    }


def _run(check: Check) -> Outcome:
    began = time.monotonic()
    env = {**production(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(check.command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Outcome(check, done.returncode, done.stdout.strip(), time.monotonic() - began)


def _report(outcome: Outcome) -> Outcome:
    print(f"{'FAILED' if outcome.code else 'ok':<7}{outcome.check.name:<24}{outcome.seconds:5.1f} s", flush=True)
    if outcome.code:
        print(outcome.output + "\n", flush=True)
    return outcome


def _tests() -> int:
    """About how many there are; parametrised ones count once."""
    return sum(len(re.findall(r"^def test_", path.read_text(), re.M)) for path in (ROOT / "tests").rglob("test_*.py"))
