"""`manage.py promises`: the tests of the promises (docs/architecture.md), by name, knock-outs included."""

from dashboard.running import checks


def run(arguments: list[str]) -> int:
    return checks.pytest(["tests/promises", "-v", "--no-header", *arguments])
