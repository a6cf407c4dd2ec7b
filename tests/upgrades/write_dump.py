"""`python -m tests.upgrades.write_dump v0.2.0`: the database of a version that is tagged, for `test_upgrades.py`.

Run on the tag. It starts a whole Patchbay with its demo in a temporary folder, waits until there are calls, and keeps a
backup of it. The keys that seal what is secret in it are deleted with the folder, so nobody can open that again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from dashboard.devserver.paths import ROOT
from tests import stack

FILES = ("database.dump", "manifest.json")
FILLED = ("calls_call", "calls_callreport", "campaigns_campaign", "campaigns_lead", "tenants_auditentry")
PATIENCE = 180  # seconds


def main(version: str) -> None:
    target = Path(__file__).parent / version
    if target.exists():
        sys.exit(f"{target} exists already: the dump of a version does not change.")
    with stack.folder() as folder, stack.up(folder):
        backup = _backup_with_calls(folder)
        target.mkdir()
        for name in FILES:
            shutil.copy(backup / name, target / name)
            (target / name).chmod(0o644)
    print(f"Written: {target.relative_to(ROOT)}, {sum(file.stat().st_size for file in target.iterdir())} bytes")  # noqa: T201


def _backup_with_calls(folder: Path) -> Path:
    deadline = time.monotonic() + PATIENCE
    for number in range(PATIENCE):
        backup = folder / f"backup-{number}"
        _manage(folder, "backup", str(backup))
        rows = json.loads((backup / "manifest.json").read_text())["rows"]
        if all(rows[table] for table in FILLED) or time.monotonic() > deadline:
            break
        time.sleep(2)
    if missing := [table for table in FILLED if not rows[table]]:
        sys.exit(f"The demo has no rows yet in {', '.join(missing)}.")
    return backup


def _manage(folder: Path, *arguments: str) -> None:
    given = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    subprocess.run(command, env={**given, "PATCHBAY_DATA": str(folder)}, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].startswith("v"):
        sys.exit("Name the version: python -m tests.upgrades.write_dump v0.2.0")
    main(sys.argv[1])
