"""A Django command, against the local Patchbay when nobody has named another database."""

import os
import sys

from dashboard.devserver import environment, up
from dashboard.devserver.lock import Lock
from dashboard.devserver.paths import Places

AS_OWNER = ("migrate", "flush", "backup", "restore", "demo")  # the demo gives its clients a past
OURS = """\
Patchbay's own commands (docs/running.md):
  up        start everything and print the address
  test      lint, types, contracts, settings and all tests; arguments go to pytest
  promises  the tests of the promises
  bench     how fast it starts, answers and stops
  reset     forget all local data, after asking
"""


def run(arguments: list[str]) -> int:
    if arguments in ([], ["help"], ["--help"]):
        print(OURS)
    places = Places.of_environment()
    if not os.environ.get("DATABASE_URL") and (places.data / "secrets.json").exists():
        os.environ.update(_of_the_local_one(places, arguments[:1]))
    from django.core.management import execute_from_command_line

    import dashboard.celery  # noqa: F401  a command may enqueue: tasks must know the broker

    execute_from_command_line([sys.argv[0], *arguments])
    return 0


def _of_the_local_one(places: Places, command: list[str]) -> dict[str, str]:
    """The environment `up` gives to its own; the owner's log-in only to commands that change tables."""
    lock = Lock(places)
    address = lock.read()  # of the one that runs, or ran last
    lock.release()
    port = int(address.rstrip("/").rpartition(":")[2]) if address else up.asked_port()
    found = environment.local(places, web_port=port)
    return found | environment.owner(places) if command and command[0] in AS_OWNER else found
