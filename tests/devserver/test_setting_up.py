"""manage.py on a machine that has nothing: what it makes, what it leaves alone, what it says."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import manage
from dashboard.devserver import setup_steps


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh clone: its locks and no environment. Commands are written down instead of run."""
    for name in ("requirements.lock", "requirements-local.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(manage, "HERE", tmp_path)
    monkeypatch.setattr(manage, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(manage, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(manage, "PYTEST", tmp_path / ".venv" / "bin" / "pytest")
    monkeypatch.setattr(manage, "STAMP", tmp_path / ".venv" / "patchbay-stamp")
    return tmp_path


@pytest.fixture
def ran(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ran: list[str] = []

    def run(*command: str) -> None:
        ran.append(" ".join(command).replace(str(checkout), ""))
        if "venv" in command:
            (checkout / ".venv" / "bin").mkdir(parents=True)
            manage.PYTHON.touch()
        if "requirements-dev.lock" in command[-1]:
            manage.PYTEST.touch()

    monkeypatch.setattr(manage, "run", run)
    return ran


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has these modules and these programs, nothing else."""

    def has(*modules: str, programs: tuple[str, ...] = ()) -> None:
        monkeypatch.setattr(manage.importlib.util, "find_spec", lambda name: name in modules or None)
        monkeypatch.setattr(manage.shutil, "which", lambda name: f"/usr/bin/{name}" if name in programs else None)

    return has


def test_uv_of_the_machine_is_used(checkout, ran, machine):
    machine("venv", programs=("uv",))
    manage.prepare("run")
    assert ran[0].endswith("-m venv --without-pip --clear /.venv")
    assert ran[1:] == [
        "/usr/bin/uv pip sync --quiet --python /.venv/bin/python --require-hashes "
        "/requirements.lock /requirements-local.lock"
    ]
    assert manage.fresh("run")
    assert not manage.fresh("dev")


def test_pip_of_the_machine_brings_uv(checkout, ran, machine):
    machine("venv", "pip")
    manage.prepare("dev")
    assert ran[1].startswith(f"{sys.executable} -m pip install") and "--target /.venv/tool uv" in ran[1]
    assert ran[2].startswith("/.venv/tool/bin/uv pip sync") and ran[2].endswith("/requirements-dev.lock")
    assert manage.fresh("dev") and manage.fresh("run")


def test_ensurepip_brings_pip_which_brings_uv(checkout, ran, machine):
    machine("venv", "ensurepip")
    manage.prepare("run")
    assert ran[1:3] == ["/.venv/bin/python -m ensurepip", ran[2]] and ran[2].startswith("/.venv/bin/python -m pip ")


def test_a_bare_debian_reads_what_to_install_before_anything_is_made(checkout, ran, machine):
    machine("venv")
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        manage.prepare("run")
    assert ran == []
    assert not manage.VENV.exists()


def test_a_changed_lock_is_noticed(checkout, ran, machine):
    machine("venv", programs=("uv",))
    manage.prepare("dev")
    (checkout / "requirements.lock").write_text("newer")
    assert not manage.fresh("dev") and not manage.fresh("run")
    manage.prepare("run")
    assert len(ran) == 3, "the environment is renewed, not made again"
    assert manage.fresh("run")


def test_the_tools_of_the_tests_stay_whoever_installed_them(checkout, ran, machine):
    machine("venv", programs=("uv",))
    manage.prepare("dev")
    (checkout / ".venv" / "bin" / "pytest").touch()
    (checkout / "requirements-local.lock").write_text("newer")
    assert not manage.fresh("run")
    manage.prepare("run")
    assert ran[-1].endswith("/requirements-dev.lock") and manage.fresh("dev")
    manage.STAMP.unlink()  # as `uv sync` leaves it
    manage.prepare("run")
    assert ran[-1].endswith("/requirements-dev.lock") and manage.fresh("dev") and manage.fresh("run")


def test_tools_that_uv_took_out_are_brought_back(checkout, ran, machine):
    """`uv sync --no-default-groups` takes them, and leaves our stamp."""
    machine("venv", programs=("uv",))
    manage.prepare("dev")
    manage.PYTEST.unlink()
    assert manage.fresh("run") and not manage.fresh("dev")
    manage.prepare("dev")
    assert manage.fresh("dev")


def test_a_broken_install_leaves_no_stamp(checkout, machine, monkeypatch):
    machine("venv", programs=("uv",))
    manage.PYTHON.parent.mkdir(parents=True)
    manage.PYTHON.touch()
    manage.STAMP.write_text("old")
    monkeypatch.setattr(manage, "run", lambda *command: sys.exit("no network"))
    with pytest.raises(SystemExit, match="no network"):
        manage.prepare("run")
    assert not manage.STAMP.exists()


def test_where_django_is_there_already_nothing_is_made(checkout, ran, machine):
    machine("django", "psycopg")
    assert manage.ready("run") and manage.ready("dev")


def test_our_own_environment_is_ready_when_its_stamp_fits(checkout, ran, machine, monkeypatch):
    machine("venv", "django", "psycopg", programs=("uv",))
    monkeypatch.setattr(sys, "prefix", str(manage.VENV))
    assert not manage.ready("run")
    manage.prepare("run")
    assert manage.ready("run") and not manage.ready("dev")


def test_it_can_be_read_by_an_old_python_to_say_so():
    text = Path(manage.__file__).read_text()
    for too_new in ("match ", ":=", "| None"):
        assert too_new not in text
    output = subprocess.run(
        [sys.executable, "-c", "import sys; sys.version_info = (3, 9, 2); import manage; manage.main(['up'])"],
        cwd=Path(manage.__file__).parent,
        capture_output=True,
        text=True,
    )
    assert output.stderr == "Patchbay needs Python 3.11 or newer; this is 3.9.\n"


def test_up_and_the_keys_are_there_before_django_is_set_up():
    for module in ("dashboard.devserver.up", "dashboard.devserver.reset", "tenants.signing_keys"):
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}, sys; sys.exit('tenants.models' in sys.modules)"],
            cwd=Path(manage.__file__).parent,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (module, done.stderr)


def test_what_the_steps_depend_on_is_there():
    assert setup_steps.demo() != setup_steps.demo("another address")
    assert setup_steps.migrations() != setup_steps.migrations("another address")
