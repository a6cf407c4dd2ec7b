"""`manage.py up` and `reset`, where they say no."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.devserver import demo_logins, environment, setup_steps, up
from dashboard.devserver.lock import Lock
from dashboard.devserver.paths import ROOT, Places, free_port, is_free
from dashboard.overview import demo_data


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(tmp_path / "data")
    places.make()
    return places


@pytest.fixture
def manage(places: Places) -> Callable[..., subprocess.CompletedProcess]:
    def run(*arguments: str, typed: str = "", **env: str) -> subprocess.CompletedProcess:
        given = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**given, "PATCHBAY_DATA": str(places.data), **env},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def up_elsewhere(places: Places) -> Iterator[Lock]:
    lock = Lock(places)
    assert lock.take()
    lock.write("http://127.0.0.1:8000/")
    yield lock
    lock.release()


def test_a_busy_port_is_reported_with_the_way_out(manage):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = manage("up", PORT=str(port))
    assert result.returncode == 1
    assert result.stderr == f"Port {port} is busy. Choose another one: PORT={port + 1} python3 manage.py up\n"


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "8000.5"])
def test_a_port_that_is_none(manage, port):
    result = manage("up", PORT=port)
    assert result.returncode == 1
    assert "it must be a number from 1 to 65535" in result.stderr


def test_a_second_one_is_refused(manage, up_elsewhere):
    result = manage("up", PORT=str(free_port()))
    assert result.returncode == 1
    assert result.stderr == "Patchbay is already up: http://127.0.0.1:8000/. Stop that one first.\n"


def test_reset_is_refused_while_it_runs(manage, up_elsewhere, places):
    result = manage("reset", "--yes")
    assert result.returncode == 1
    assert "Patchbay is up. Stop it first" in result.stderr
    assert places.logs.exists()


@pytest.mark.parametrize(("typed", "left"), [("n\n", True), ("\n", True), ("", True), ("y\n", False)])
def test_reset_asks(manage, places, typed, left):
    (places.data / "sandbox.json").write_text("{}")
    result = manage("reset", typed=typed)
    assert "(y/N)" in result.stdout
    assert (places.data / "sandbox.json").exists() is left
    assert result.returncode == (1 if left else 0)


def test_reset_does_not_ask_with_yes(manage, places):
    (places.data / "sandbox.json").write_text("{}")
    assert manage("reset", "--yes").returncode == 0
    assert list(places.data.iterdir()) == []


def test_secrets_are_made_once_and_for_their_owner_only(places):
    first = places.secrets()
    assert places.secrets() == first
    assert len(set(first.values())) == len(first)
    assert (places.data / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_ports_are_kept_until_somebody_else_has_them(places):
    first = places.ports()
    assert places.renew_busy_ports() == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first["valkey"]))
        other.listen()
        assert not is_free(first["valkey"])
        now = places.renew_busy_ports()
    assert now["valkey"] != first["valkey"]
    assert now["postgres"] == first["postgres"]
    assert places.ports() == now


def test_what_is_given_is_not_started_and_not_changed(places):
    given = {"DATABASE_URL": "postgresql://app@db/x", "DATABASE_OWNER_URL": "postgresql://owner@db/x", "PATH": "/bin"}
    made = environment.local(places, web_port=8000, given=given)
    assert environment.embedded(given) == {"valkey", "sandbox"}
    assert made["DATABASE_URL"] == given["DATABASE_URL"]
    assert environment.owner(places, given) == {"DATABASE_OWNER_URL": "postgresql://owner@db/x"}
    assert "DATABASE_OWNER_URL" not in made, "only migrations have the owner's log-in"


def test_a_real_voicedock_gets_no_sandbox_page(places):
    made = environment.local(places, web_port=8000, given={"VOICEDOCK_API_URL": "https://voicedock.test/api/v1"})
    assert "PATCHBAY_SANDBOX_URL" not in made


def test_a_database_without_its_owner_is_reported(places):
    with pytest.raises(SystemExit, match="DATABASE_OWNER_URL is not"):
        environment.owner(places, {"DATABASE_URL": "postgresql://app@db/x"})


def test_the_sign_ins_are_those_of_the_demo():
    people = [*demo_data.STAFF, demo_data.AUDITOR, *(who for client in demo_data.CLIENTS for who, _ in client.people)]
    assert {email for email, _ in demo_logins.PEOPLE} == {person.email for person in people}
    assert demo_logins.PASSWORD == demo_data.PASSWORD
    assert all(email in demo_logins.table() for email, _ in demo_logins.PEOPLE)


@pytest.mark.parametrize("half", ["", "{", '{"pid": 12'])
def test_half_a_note_does_not_stop_reset(manage, places, half):
    (places.run / "web.pid").write_text(half)
    result = manage("reset", "--yes")
    assert (result.returncode, result.stderr) == (0, "")
    assert list(places.data.iterdir()) == []


def test_secrets_that_cannot_be_read_are_reported_and_never_made_anew(places):
    places.secrets()
    (places.data / "secrets.json").write_text('{"secret_key": "lo')
    with pytest.raises(SystemExit, match=r"secrets\.json cannot be read"):
        places.secrets()


def test_a_full_disk_is_reported_in_words(places, monkeypatch, capsys):
    def full(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("PATCHBAY_DATA", str(places.data))
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setattr(Places, "renew_busy_ports", full)
    assert up.run([]) == 1
    assert "The disk is full, so nothing can be written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("step", "watched"),
    [
        (setup_steps.migrations, {"0001_initial.py", "call_leaves.sql", "audit_link.sql", "row_security.py"}),
        (setup_steps.demo, {"demo.py", "demo_data.py"}),
        (setup_steps.static_files, {"tokens.css", "htmx.min.js", "static_bundles.py"}),
    ],
)
def test_a_step_is_taken_again_when_what_it_depends_on_has_changed(step, watched, monkeypatch):
    read = []
    monkeypatch.setattr(setup_steps, "fingerprint", lambda files, *more: read.extend(files) or "")
    step("an address")
    assert watched <= {path.name for path in read}
    assert [path for path in read if not path.exists()] == []
