"""Where a local Patchbay keeps its things: the data folder, its secrets, its ports."""

import base64
import hashlib
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICES = ("postgres", "valkey", "sandbox")


@dataclass(frozen=True)
class Places:
    """One data folder. It is 0711 for root, whose PostgreSQL runs as another user below it; else 0700."""

    data: Path

    @classmethod
    def of_environment(cls) -> "Places":
        return cls(Path(os.environ.get("PATCHBAY_DATA") or ROOT / ".patchbay").resolve())

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def static(self) -> Path:
        """Style sheets, scripts, fonts and icons as browsers get them."""
        return self.data / "static"

    @property
    def name(self) -> str:
        """Short and stable, different for each data folder of the machine."""
        return hashlib.sha256(str(self.data).encode()).hexdigest()[:12]

    def make(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.logs, self.run):
            folder.mkdir(mode=0o700, exist_ok=True)

    def secrets(self) -> dict[str, str]:
        """Made once and kept, readable by their owner only."""
        return self._kept(
            "secrets.json",
            {
                "secret_key": "local-" + secrets.token_urlsafe(48),
                "audit_key": base64.b64encode(secrets.token_bytes(32)).decode(),
                "field_keys": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                **{name: secrets.token_urlsafe(24) for name in ("postgres", "owner", "app", "auditor", "valkey")},
            },
        )

    def ports(self) -> dict[str, int]:
        """The last ports of the services, so that addresses stay the same from one start to the next."""
        return self._kept("ports.json", {name: free_port() for name in SERVICES})

    def renew_busy_ports(self) -> dict[str, int]:
        """Ports on which a start can listen now; call it when nothing of ours runs."""
        ports = {name: port if is_free(port) else free_port() for name, port in self.ports().items()}
        write_private(self.data / "ports.json", json.dumps(ports))
        return ports

    def _kept(self, name: str, first: dict) -> dict:
        """What was kept, and what came to be kept since."""
        path = self.data / name
        try:
            kept = json.loads(path.read_text()) if path.exists() else {}
        except ValueError:
            raise SystemExit(f"{path} cannot be read. Put it back from a copy, or `manage.py reset`.") from None
        if first.keys() - kept.keys():
            kept = first | kept
            write_private(path, json.dumps(kept))
        return kept


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, 0600."""
    draft = path.with_name(path.name + ".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    if listening := listen(port):
        listening.close()
    return listening is not None


def listen(port: int) -> socket.socket | None:
    """A socket that takes connections on this port; None where another process does."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError:
        listening.close()
        return None
    return listening
