"""deploy/compose.yaml: each service gets what it needs and no more, and every setting there is can be set."""

import re
from pathlib import Path
from typing import Any

import yaml

from dashboard.devserver.paths import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
OURS = {name: one for name, one in COMPOSE["services"].items() if "build" in one}
READ = re.compile(
    r"""(?:environ(?:\.get\(|\[)|_need\()\s*["']((?:PATCHBAY|DATABASE|CELERY|CACHE|VOICEDOCK)_[A-Z_]+)["']"""
)
LOCAL = {  # settings of `up`, of tests and of single commands, which no service of a deployment takes
    "PATCHBAY_ARTIFACTS": "tests",
    "PATCHBAY_DATA": "where `up` keeps its data",
    "PATCHBAY_DEMO": "set by `up`",
    "PATCHBAY_DEVELOPMENT": "a checkout on one's own machine, refused in production",
    "PATCHBAY_PG_BIN": "for `backup` and `restore`, which an operator runs",
    "PATCHBAY_PROCESS": "set by the programs themselves",
    "PATCHBAY_PROMISES": "tests",
    "PATCHBAY_RAISE_UNSCOPED": "tests",
    "PATCHBAY_READY_FILE": "set by `up`",
    "PATCHBAY_SANDBOX_URL": "set by `up`, refused outside of the demo",
    "PATCHBAY_STATIC": "the image has its static files in their place",
    "PATCHBAY_TEST_SERVER": "tests",
    "PATCHBAY_WEB_PROCESSES": "how many containers of `web` there are, not what each is told",
}


def environment(service: str) -> set[str]:
    return set(OURS[service]["environment"])


def read_by_the_code() -> set[str]:
    sources = [path for package in ("tenants", "dashboard") for path in (ROOT / package).rglob("*.py")]
    return {name for path in sources for name in READ.findall(path.read_text())}


def documented() -> set[str]:
    table = (ROOT / "docs" / "running.md").read_text().partition("## What can be set")[2]
    return {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`([A-Z_]+_[A-Z_]+)`", row)
    }


def test_every_setting_that_the_code_or_the_docs_know_can_be_set():
    passed = set().union(*(environment(name) for name in OURS))
    assert read_by_the_code() >= {"PATCHBAY_URL", "PATCHBAY_SMTP_HOST", "DATABASE_URL", "CACHE_URL"}
    assert (read_by_the_code() | documented()) - passed == set(LOCAL) & (read_by_the_code() | documented())
    assert passed - read_by_the_code() <= {"DATABASE_ADMIN_URL", "DATABASE_OWNER_URL"}, "nobody reads these"


def test_each_service_has_the_log_ins_and_keys_that_are_its_own():
    alone = {
        "DATABASE_ADMIN_URL": {"roles"},
        "DATABASE_OWNER_URL": {"roles", "migrate", "backup"},
        "DATABASE_AUDITOR_URL": {"roles", "web"},
        "PATCHBAY_AUDIT_KEY": {"signer"},
        "PATCHBAY_AUDIT_MAIL": {"signer"},
    }
    for name, services in alone.items():
        assert {one for one in OURS if name in environment(one)} == services, name
    common = environment("worker")
    for service in set(OURS) - {"roles"}:
        assert environment(service) >= common, service
    folders = {name: one["volumes"] for name, one in OURS.items() if "volumes" in one}
    assert {name for name, volumes in folders.items() if any(one.endswith(":/audit") for one in volumes)} == {"signer"}
    assert {name for name, volumes in folders.items() if any(one.endswith(":/audit:ro") for one in volumes)} == {
        "web",
        "backup",
    }


def test_what_is_not_set_is_not_passed_on_as_an_empty_word():
    """`${NAME:-}` would: a number that is empty stops the start."""
    text = Path(ROOT / "deploy" / "compose.yaml").read_text()
    assert re.findall(r"\$\{[A-Z_]+:-\}", text) == []


def test_every_queue_has_a_service_that_serves_it():
    from dashboard.celery import app

    served = re.findall(r"-Q (\S+)", " ".join(str(one.get("command", "")) for one in OURS.values()))
    assert {"interactive", "requests", "audit"} <= set(served), "each by a service of its own"
    assert sorted(queue for group in served for queue in group.split(",")) == sorted(
        queue.name for queue in app.conf.task_queues
    )
