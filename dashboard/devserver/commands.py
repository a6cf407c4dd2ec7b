"""The commands that are ours, by name; each is imported only when it is asked for."""

from importlib import import_module

MODULES = {
    "up": "up",
    "reset": "reset",
    "test": "checks",
    "promises": "promises",
    "bench": "bench",
    "pictures": "pictures",
}


def run(name: str, arguments: list[str]) -> int:
    """The exit code."""
    return import_module(f"dashboard.devserver.{MODULES[name]}").run(arguments)
