"""A deployment that lacks something does not start, and says what to set."""

import base64
import secrets
import subprocess
import sys
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet

from dashboard import production
from dashboard.devserver import checks
from dashboard.devserver.paths import ROOT

KEY = base64.b64encode(secrets.token_bytes(32)).decode()
WHOLE = {
    "CACHE_URL": "redis://:x@cache:6379/0",
    "PATCHBAY_PROXY": "1",
    "PATCHBAY_PROXY_IPS": "10.0.0.5, 10.1.0.0/16,fd00::/64",
}


def settings(**more):
    facts = {
        "DEMO": False,
        "DEVELOPMENT": False,
        "DEBUG": False,
        "CELERY_BROKER_URL": "redis://:x@broker:6379/0",
        "FIELD_KEYS": [Fernet.generate_key().decode()],
        "AUDIT_KEY": "",
        "AUDIT_PUBLIC_KEYS": [KEY],
    }
    return SimpleNamespace(**{**facts, **more})


def problems(environment=WHOLE, **more):
    return list(production.problems(settings(**more), environment, web=True))


def test_a_whole_deployment_starts():
    assert problems() == []
    assert problems(AUDIT_KEY=KEY, AUDIT_PUBLIC_KEYS=[]) == [], "who signs can verify"
    assert problems(CELERY_BROKER_URL="rediss://:x@broker:6379/0?ssl_cert_reqs=CERT_REQUIRED") == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"CELERY_BROKER_URL": "memory://"}, "CELERY_BROKER_URL is not set"),
        ({"CELERY_BROKER_URL": "rediss://:x@broker:6379/0"}, "CELERY_BROKER_URL is rediss:// and would not check"),
        ({"CELERY_BROKER_URL": "rediss://:x@broker/0?ssl_cert_reqs=CERT_NONE"}, "CELERY_BROKER_URL is rediss://"),
        ({"FIELD_KEYS": [Fernet.generate_key().decode(), "short"]}, "PATCHBAY_FIELD_KEYS: key 2"),
        ({"AUDIT_PUBLIC_KEYS": []}, "PATCHBAY_AUDIT_PUBLIC_KEYS is not set"),
        ({"AUDIT_PUBLIC_KEYS": [KEY, KEY[:-8]]}, "PATCHBAY_AUDIT_PUBLIC_KEYS holds a key"),
        ({"AUDIT_KEY": "not base64!"}, "PATCHBAY_AUDIT_KEY is not 32 bytes"),
        ({"DEVELOPMENT": True}, "The development mode is on"),
        ({"DEBUG": True}, "The development mode is on"),
    ],
)
def test_what_is_missing_is_named_with_what_to_set(more, words):
    (sentence,) = problems(**more)
    assert sentence.startswith(words)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CACHE_URL", "", "CACHE_URL is not set"),
        ("CACHE_URL", "memory://", "CACHE_URL is not set"),
        ("PATCHBAY_PROXY", "", "PATCHBAY_PROXY is not 1"),
        ("PATCHBAY_PROXY_IPS", "", "PATCHBAY_PROXY_IPS is not set"),
        ("PATCHBAY_PROXY_IPS", "*", "PATCHBAY_PROXY_IPS: * is not"),
        ("PATCHBAY_PROXY_IPS", "0.0.0.0/0", "PATCHBAY_PROXY_IPS: 0.0.0.0/0 is not"),
        ("PATCHBAY_PROXY_IPS", "proxy", "PATCHBAY_PROXY_IPS: proxy is not"),
    ],
)
def test_the_environment_too(name, value, words):
    (sentence,) = problems({**WHOLE, name: value})
    assert sentence.startswith(words)


def test_workers_need_no_proxies_and_the_demo_needs_nothing():
    nothing = {"CACHE_URL": "redis://x"}
    assert list(production.problems(settings(), nothing)) == []
    assert list(production.problems(settings(DEMO=True, FIELD_KEYS=["x"]), {}, web=True)) == []


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "dashboard.web.server", "--port", "1"],
        ["-m", "celery", "-A", "dashboard.celery", "worker", "-Q", "bulk", "-c", "1"],
        ["-m", "celery", "-A", "dashboard.celery", "beat", "--schedule", "SCHEDULE", "--pidfile="],
    ],
)
def test_each_process_ends_with_the_sentence(command, tmp_path):
    command = [str(tmp_path / "beat") if word == "SCHEDULE" else word for word in command]
    environment = checks.production() | {"PYTHONPATH": str(ROOT), "PATCHBAY_AUDIT_PUBLIC_KEYS": "", "CACHE_URL": ""}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "CACHE_URL is not set: give the cache's address" in done.stderr
    assert "PATCHBAY_AUDIT_PUBLIC_KEYS is not set" in done.stderr
