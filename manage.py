#!/usr/bin/env python3
"""The one tool: `up`, `test`, `reset`, `promises`, `bench`, `pictures` and every Django command.

It sets itself up on a bare machine: only the standard library is imported until the packages are there. See
docs/running.md.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
PYTEST = VENV / "bin" / "pytest"
STAMP = VENV / "patchbay-stamp"
WITH_TESTS = ("test", "promises", "bench", "pictures")
OURS = ("up", "reset", *WITH_TESTS)
NEITHER = (
    "Python here can make no environment: neither uv, pip nor ensurepip is there.\n"
    "On Debian and Ubuntu: apt-get install python3-venv"
)


def stamps():
    """What the environment is made of, by kind: `dev` holds all of `run` and the tools of the tests."""
    names = ("requirements.lock", "requirements-local.lock", "requirements-dev.lock")
    *run, dev = [hashlib.sha256((HERE / name).read_bytes()).hexdigest() for name in names]
    return {"run": " ".join(["run", *run]), "dev": " ".join(["dev", *run, dev])}


def ready(kind):
    """True when this very interpreter has the packages; outside of an environment of ours that is for its owner."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        return fresh(kind)
    return bool(importlib.util.find_spec("django") and importlib.util.find_spec("psycopg"))


def fresh(kind):
    """True when `.venv` has what the locks say; `uv sync` may have taken the tools of the tests out of it since."""
    known = stamps()
    good = {known["dev"]} if kind == "dev" else set(known.values())
    has_tools = kind != "dev" or PYTEST.exists()
    return has_tools and PYTHON.exists() and STAMP.exists() and STAMP.read_text() in good


def prepare(kind):
    """Make or renew `.venv`: uv installs exactly what the lock says, every file checked by its hash.

    An environment that has the tools of the tests, such as one that `uv sync` made, keeps them.
    """
    if PYTEST.exists():
        kind = "dev"
    locks = ["requirements-dev.lock"] if kind == "dev" else ["requirements.lock", "requirements-local.lock"]
    own = VENV / "tool" / "bin" / "uv"
    uv = shutil.which("uv") or str(own)
    pip = bring_pip() if uv == str(own) and not own.exists() else None
    base = getattr(sys, "_base_executable", None) or sys.executable
    if not PYTHON.exists():
        say("Making .venv")
        run(base, "-m", "venv", "--without-pip", "--clear", str(VENV))
    STAMP.unlink(missing_ok=True)
    if pip:
        say("Bringing uv")
        if "ensurepip" in pip:
            run(str(PYTHON), "-m", "ensurepip")
            pip = [str(PYTHON), "-m", "pip"]
        run(*pip, "install", "--quiet", "--disable-pip-version-check", "--no-warn-script-location",
            "--root-user-action=ignore", "--upgrade", "--target", str(VENV / "tool"), "uv>=0.9")  # fmt: skip
    say("Installing packages")
    run(uv, "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes",
        *[str(HERE / lock) for lock in locks])  # fmt: skip
    STAMP.write_text(stamps()[kind])


def bring_pip():
    """The pip that can bring uv: this interpreter's own, or the one ensurepip puts into `.venv`."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return ["ensurepip"]
    sys.exit(NEITHER)


def run(*command):
    quiet = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_LINK_MODE="copy", PIP_REQUIRE_VIRTUALENV="0")
    done = subprocess.run(
        command, env=quiet, cwd=str(HERE), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.exit("{}\nThis failed: {}".format(done.stdout.strip(), " ".join(command)))


def say(words):
    print(words + " …", flush=True)


def main(arguments):
    if sys.version_info < (3, 11):
        sys.exit("Patchbay needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info[:2]))
    command = arguments[0] if arguments else "help"
    kind = "dev" if command in WITH_TESTS else "run"
    if not ready(kind):
        if not fresh(kind):
            prepare(kind)
        os.execv(str(PYTHON), [str(PYTHON), str(HERE / "manage.py"), *arguments])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    if command in OURS:
        from dashboard.devserver import commands

        return commands.run(command, arguments[1:])
    from dashboard.devserver import django_command

    return django_command.run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
