"""docs/sandbox.md: its examples run, and its tables are complete."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx

from dashboard.sandbox import admin_api, faults, options, scenario_files
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8800"


def blocks(kind=""):
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.M | re.S)


def rows(heading):
    """The first cells of the table under a heading, with the texts in backticks."""
    part = re.split(r"^#+ ", TEXT.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]
    cells = [line.split("|") for line in part.splitlines() if line.startswith("|")][2:]
    return [(re.findall(r"`([^`]+)`", cell[1]), cell[2]) for cell in cells]


def named(heading):
    return {name for names, _ in rows(heading) for name in names}


def test_the_commands_work():
    """The start, and then each question to it, on a port of its own."""
    (start,) = [block for block in blocks() if block.startswith("python -m")]
    command = [sys.executable if word == "python" else word.replace("8800", "0") for word in shlex.split(start)]
    process = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    try:
        ready = process.stdout.readline().strip()
        address = re.search(r"http://127.0.0.1:\d+", ready)[0]
        assert f"`{ready.replace(address, ADDRESS)}`" in TEXT
        commands = [line for block in blocks() for line in block.splitlines() if line.startswith("curl ")]
        assert len(commands) >= 2
        for line in commands:
            assert curl(line.replace(ADDRESS, address)).is_success, line
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def curl(line):
    """The part of curl that the examples use."""
    words, head, body, url = iter(shlex.split(line)[1:]), {}, None, ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            head[name] = value
        elif word == "-d":
            body = next(words)
        else:
            url = word
    return httpx.request("POST" if body else "GET", url, headers=head, content=body, trust_env=False)


def test_the_scenario_can_be_played():
    (text,) = blocks("toml")
    scenario = scenario_files.read(text, admin_api.is_route)
    assert (len(scenario.steps), len(scenario.people)) == (1, 1)
    faults.Faults("x").add(scenario.steps[0].body)


def test_the_shipped_scenarios_are_named():
    line = next(line for line in TEXT.splitlines() if line.startswith("| `--scenario"))
    assert set(re.findall(r"`([a-z-]+)`", line.split("|")[2])) == set(scenario_files.shipped_names())


def test_the_command_line_options_are_complete():
    shown = subprocess.run(
        [sys.executable, "-m", "dashboard.sandbox", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert {name.split()[0] for name in named("## Start it alone")} == set(re.findall(r"--[a-z]+", shown.stdout)) - {
        "--help"
    }


def test_the_options_are_complete_with_their_values():
    choices = {name: set(map(str, values)) for name, values in options.CHOICES.items()}
    for names, values in rows("## Options"):
        for name in names:
            assert hasattr(options.Options(), name), name
            documented = re.sub(r"\([^)]*\)", "", values)
            if name in choices:
                assert choices[name] - {""} <= set(re.findall(r"[\w-]+", documented)), name
    assert set(vars(options.Options())) == named("## Options")


def test_the_faults_are_complete():
    documented = named("### Faults") - {"400", "504", "seconds"}
    assert documented == set(faults.KINDS + faults.WEBHOOK_KINDS)


def test_the_controls_are_complete():
    documented = set()
    for names, words in rows("## Controls"):
        for name in [*names, *re.findall(r"`(POST [^`]+)`", words)]:
            methods, _, path = name.partition(" ")
            base = "/_sandbox/organizations" if path.startswith("…") else ""
            if path:
                whole = (base + path.removeprefix("…")).replace("{id}", "x")
                documented |= {(method, whole) for method in methods.split("/")}
    for method, path in documented:
        assert admin_api.is_route(method, path.removeprefix("/_sandbox").lstrip("/")), (method, path)
    missing = {
        (method, pattern)
        for method, pattern, _ in admin_api.ROUTES
        if not any(method == known and re.fullmatch(pattern, path) for known, path in documented)
    }
    assert missing == {("GET", "/_sandbox/options"), ("POST", "/_sandbox/options")}, "listed under Options"
