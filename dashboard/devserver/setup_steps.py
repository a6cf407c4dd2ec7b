"""Steps that are taken again only when what they depend on has changed: migrations, the demo's rows, static files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from dashboard.devserver.paths import ROOT, Places, write_private


def migrations(*more: str) -> str:
    """Changes with any migration, policy or right, and with the versions of the packages."""
    ours = [
        path
        for package in ("tenants", "dashboard")
        for pattern in ("*.py", "sql/**/*.sql")
        for path in ROOT.glob(f"{package}/**/migrations/{pattern}")
    ]
    rights = ROOT.glob("tenants/isolation/*.py")
    return fingerprint([*ours, *rights, ROOT / "requirements.lock"], *more)


def demo(*more: str) -> str:
    """Changes with the demo itself and with the addresses it hooks up."""
    overview = ROOT / "dashboard" / "overview"
    return fingerprint([overview / "management" / "commands" / "demo.py", overview / "demo_data.py"], *more)


def static_files(*more: str) -> str:
    """Changes with any of them, with what puts them together, and with the packages that bring some."""
    ours = [path for path in (ROOT / "static").rglob("*") if path.is_file()]
    return fingerprint([*ours, ROOT / "dashboard" / "ui" / "static_bundles.py", ROOT / "requirements.lock"], *more)


def fingerprint(files: Iterable[Path], *more: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for word in more:
        digest.update(b"\0" + word.encode())
    return digest.hexdigest()


def taken(places: Places, step: str, mark: str) -> bool:
    path = places.data / f"{step}.done"
    return path.exists() and path.read_text() == mark


def take(places: Places, step: str, mark: str) -> None:
    write_private(places.data / f"{step}.done", mark)
