"""What the real processes write: secrets sent through each of them are in none of their logs."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading

import httpx

from dashboard.devserver.paths import ROOT

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[(debug|info|warning|error|critical)\s*\] ")
PATIENCE = 60  # seconds, for a machine that is slow


def manage(patchbay, *arguments, **env):
    """A command against the Patchbay that is up."""
    given = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**given, "PATCHBAY_DATA": str(patchbay.places.data), **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def log_of(patchbay, name):
    return (patchbay.places.logs / f"{name}.log").read_text()


def wait_for(patchbay, name, words):
    pause = threading.Event()
    for _ in range(PATIENCE * 10):
        if words in log_of(patchbay, name):
            return
        pause.wait(0.1)
    raise AssertionError(f"{words!r} is not in the log of {name}:\n{log_of(patchbay, name)[-2000:]}")


def test_no_secret_is_in_the_output_of_any_process(patchbay):
    key, hidden = f"fl_{secrets.token_hex(10)}", f"needle{secrets.token_hex(10)}"
    with httpx.Client(base_url=patchbay.url, trust_env=False, timeout=30, follow_redirects=True) as web:
        for address in (
            f"/invitation/{hidden}/?token={hidden}",
            f"/invitatoin/{hidden}/",
            f"/c/{key}/calls/?q={hidden}",
        ):
            web.get(address)
        web.post(f"/hooks/voicedock/{hidden}/", content=json.dumps({"api_key": hidden}))
        web.get(f"/accounts/password/reset/key/1-{hidden}/")
        web.post("/accounts/login/", data={"login": "owner@bloom.test", "password": hidden})
    code = f"from dashboard.calls.tasks import send_call; send_call.delay('token={hidden} {key}')"
    command = manage(patchbay, "shell", "-c", code)
    assert command.returncode == 0, command.stderr
    wait_for(
        patchbay, "requests", "badly formed hexadecimal UUID string"
    )  # it failed on what it was given, and said so
    wait_for(patchbay, "web", "/hooks/voicedock/[secret]")
    names = ("web", "worker", "requests", "interactive", "beat", "demo", "migrate")
    everything = {name: log_of(patchbay, name) for name in names}
    everything |= {"the command": command.stdout + command.stderr, "up": "".join(patchbay.output)}
    assert [name for name, text in everything.items() if key in text or hidden in text] == []


def test_each_line_of_web_has_its_moment_in_utc(patchbay):
    lines = [line for line in log_of(patchbay, "web").splitlines() if "patchbay.access" in line]
    assert lines and all(LINE.match(line) for line in lines)


def test_beat_says_nothing_of_what_it_starts(patchbay):
    assert "Sending due task" not in log_of(patchbay, "beat")
    assert len(log_of(patchbay, "beat").splitlines()) < 30


def test_the_standard_output_of_a_command_is_its_own(patchbay):
    """`dumpdata` reads tables outside of any scope, which is logged as an error, elsewhere."""
    done = manage(patchbay, "dumpdata", "calls", "tenants.connection", PATCHBAY_LOG="json")
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    lines = [json.loads(line) for line in done.stderr.splitlines() if line]
    assert "unscoped_query" in {line["event"] for line in lines}
    assert all(line["time"].endswith("Z") and line["level"] for line in lines)
