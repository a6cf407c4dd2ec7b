"""`manage.py reset`: forget everything a local Patchbay has kept, after asking."""

import shutil
import sys

from dashboard.devserver import processes
from dashboard.devserver.lock import Lock
from dashboard.devserver.paths import Places
from dashboard.devserver.postgres import READABLE


def run(arguments: list[str]) -> int:
    if set(arguments) - {"--yes"}:
        sys.exit("`reset` knows one option: --yes")
    places = Places.of_environment()
    if not places.data.exists():
        print(f"Nothing to forget: {places.data} is not there.")
        return 0
    places.make()
    lock = Lock(places)
    if not lock.take():
        sys.exit("Patchbay is up. Stop it first (Ctrl-C where it runs), then reset.")
    if "--yes" not in arguments and not _agreed(f"Forget all data in {places.data}? (y/N) "):
        print("Nothing was changed.")
        return 1
    processes.clean_up(places.run)
    for path in places.data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(READABLE / places.name, ignore_errors=True)
    lock.release()
    print(f"{places.data} is empty.")
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False
