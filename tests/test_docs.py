"""README.md, CONTRIBUTING.md and docs/ agree with the code: layers, paths, names, numbers, commands, links."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import get_commands

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls import models
from dashboard.calls.updates import lost_calls
from dashboard.celery import app as celery
from dashboard.devserver import commands
from dashboard.live_updates import feed, sessions
from dashboard.sync import runs, unreadable_items
from dashboard.web import request_kinds, server, thread_pools
from dashboard.webhooks import deliveries, views

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "deploy" / "README.md"])
PAGES.remove(ROOT / "CHANGELOG.md")  # it tells of earlier trees
TEXTS = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
ARCHITECTURE = TEXTS["docs/architecture.md"]
FLOWING = " ".join(ARCHITECTURE.split())
OF_THE_READER = "deploy/.env"  # whoever deploys writes it
TOP = ("tenants", "dashboard", "templates", "static", "tests", "docs", "deploy")


def layers_of_the_contract() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return contracts[0]["layers"]


def test_the_layers_are_those_of_the_contract():
    (block,) = re.findall(r"```layers\n(.*?)```", ARCHITECTURE, re.S)
    assert block.splitlines() == layers_of_the_contract()


def test_the_picture_shows_the_layers_of_the_contract():
    """Each row by its attribute, and by what can be read in it."""
    svg = "{http://www.w3.org/2000/svg}"
    rows = ElementTree.parse(ROOT / "docs" / "layers.svg").findall(f"{svg}g")
    assert [row.get("data-layer") for row in rows] == layers_of_the_contract()
    shown = [re.split(r"\s+·\s+", row.find(f"{svg}text").text) for row in rows]
    assert shown == [layer.replace("dashboard.", "").split(" : ") for layer in layers_of_the_contract()]


def test_the_picture_can_be_read_in_light_and_dark():
    source = (ROOT / "docs" / "layers.svg").read_text()
    assert "@media (prefers-color-scheme: dark)" in source and "<title" in source
    assert source.count(".page {") == 2 and '<rect class="page"' in source, (
        "a background of its own: the page around it may be in the other one"
    )


def test_the_map_names_every_app_and_package():
    packages = {path.parent for package in ("tenants", "dashboard") for path in (ROOT / package).glob("*/__init__.py")}
    packages |= {path.parent for path in (ROOT / "dashboard" / "calls").glob("*/__init__.py")}
    named = {f"{path.relative_to(ROOT)}/" for path in packages if path.name != "migrations"} - {"dashboard/calls/"}
    assert len(named) > 25 and {path for path in named if f"| `{path}` |" not in ARCHITECTURE} == set()


def test_the_map_names_every_module_beside_the_packages():
    modules = {
        str(path.relative_to(ROOT)) for folder in ("tenants", "dashboard") for path in (ROOT / folder).glob("*.py")
    }
    small = {
        "apps",
        "forms",
        "middleware",
        "local_time",
        "form_fields",
        "replaced_migrations",
        "__init__",
    }
    heavy = {path for path in modules if Path(path).stem not in small and len((ROOT / path).read_text()) > 1500}
    assert {path for path in heavy if f"`{path}`" not in ARCHITECTURE} == set()


def code_in(text: str) -> Iterator[str]:
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))


@pytest.mark.parametrize("document", TEXTS)
def test_every_path_exists(document):
    names = {path.name for folder in (ROOT / top for top in TOP) for path in folder.rglob("*") if path.is_file()}
    names |= {path.name for path in ROOT.iterdir()}
    missing = []
    for code in code_in(TEXTS[document]):
        if re.fullmatch(rf"(?:{'|'.join(TOP)})/[\w./-]*", code):
            missing += [code] if not (ROOT / code).exists() and code != OF_THE_READER else []
        elif re.fullmatch(r"[a-z0-9_]+\.(?:py|sql|css|js|md|html|toml|yaml)", code):
            missing += [code] if code not in names | {"function.sql"} else []
        elif re.fullmatch(r"[a-z0-9_/-]+/[a-z0-9_-]+\.(?:py|sql|css|js|md|html)", code):
            missing.append(code)  # not from the root
    assert missing == []


def resolve(name: str) -> object:
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def test_every_dotted_name_resolves():
    pattern = re.compile(r"(?:tenants|dashboard)(?:\.\w+)+")
    named = {
        name
        for text in TEXTS.values()
        for code in code_in(text)
        for name in pattern.findall(code)
        if pattern.fullmatch(code) or code.startswith("python -m")
    }
    assert len(named) > 25
    for name in named:
        resolve(name)


def test_a_name_that_is_not_there_does_not_resolve():
    with pytest.raises(AttributeError):
        resolve("dashboard.calls.placing.sending.no_such_function")
    with pytest.raises(ModuleNotFoundError):
        resolve("dashboards.calls")


@pytest.mark.parametrize("document", TEXTS)
def test_every_command_exists(document):
    known = set(commands.MODULES) | set(get_commands()) | {"COMMAND"}
    assert set(re.findall(r"manage\.py ([a-z]\w+)", TEXTS[document])) - known == set()


def test_every_setting_is_read_somewhere():
    code = [path for top in ("tenants", "dashboard", "deploy", "tests") for path in (ROOT / top).rglob("*.*")]
    read = "\n".join(path.read_text() for path in code if path.suffix in (".py", ".yaml"))
    named = {name for text in TEXTS.values() for name in re.findall(r"\bPATCHBAY_[A-Z_]+\b", text)}
    assert len(named) > 20 and {name for name in named if name not in read} == set()


def test_every_test_that_is_named_exists():
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)", sources, re.M))
    named = {code for text in TEXTS.values() for code in code_in(text) if re.fullmatch(r"test_\w+", code)}
    assert len(named) > 60 and named - defined == set()


def test_every_section_of_the_architecture_names_what_holds_it():
    sections = ARCHITECTURE.split("\n## ")[1:]
    assert [part.splitlines()[0] for part in sections if "Held by" not in part and "The map" not in part] == []


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", TEXTS)
def test_every_link_leads_somewhere(document):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[document]):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    assert broken == []


def rows_below(heading: str) -> dict[str, list[str]]:
    """The first table after this heading, by the code in its first column."""
    section = ARCHITECTURE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_the_queues_are_those_of_celery():
    named = rows_below("Five queues, four kinds of workers")
    assert list(named) == [queue.name for queue in celery.conf.task_queues]
    assert {task["options"]["queue"] for task in SCHEDULE.values()} <= set(named)


def test_the_threads_are_those_of_the_pools():
    sizes = {kind.value: [str(size.threads), str(size.at_work)] for kind, size in thread_pools.SIZES.items()}
    assert {kind: cells[:2] for kind, cells in rows_below("How the web server serves").items()} == sizes


COMMAND = thread_pools.SIZES[request_kinds.Kind.COMMAND]


@pytest.mark.parametrize(
    "sentence",
    [
        f"does not confirm within {models.END_IS_LATE.seconds} s is an alarm",
        f"`dashboard.calls.sweep.run`, every {SCHEDULE['sweep calls']['schedule'].seconds} s",
        f"applies the rest every {SCHEDULE['apply webhooks left behind']['schedule'].seconds} s",
        f"up to {views.MAX_BODY // 1024} KB of raw body",
        f"has {runs.MAX_SECONDS:.0f} s for all its requests, {runs.MAX_SECONDS_LIVE:.0f} s for live calls",
        f"a lease of {runs.LEASE.seconds} s",
        f"up to {request_kinds.FORM // 1024} KB within {request_kinds.FORM_WITHIN:.0f} s",
        f"(webhooks: {request_kinds.HOOK // 1024} KB within {request_kinds.HOOK_WITHIN:.0f} s)",
        f"at most {COMMAND.share} of the {COMMAND.most} command threads",
        f"those in flight have {server.IN_FLIGHT} s",
        f"at most {unreadable_items.MAX_ROWS} rows of a connection",
        f"up to {sessions.MOST_PER_SESSION} for a session",
    ],
)
def test_a_number_is_that_of_the_code(sentence):
    assert sentence in FLOWING


def test_numbers_that_are_written_as_words():
    assert deliveries.MAX_ATTEMPTS == 5 and "after five failures" in FLOWING
    assert feed.POLL_INTERVAL == 0.5 and "and twice a second while somebody listens" in FLOWING
    assert lost_calls.LOST_AFTER.seconds == 120 and "answers 404 for two minutes" in FLOWING
    assert SCHEDULE["publish audit checkpoints"]["schedule"].seconds == 300
    assert "signed heads every five minutes" in FLOWING


@pytest.mark.parametrize("document", TEXTS)
def test_docs_speak_of_the_product_alone(document):
    """No paths of one machine, and one address of the local server (the sandbox alone has another port)."""
    assert not re.findall(r"(?<![\w.])/(?:work|root|home)/", TEXTS[document])
    assert "127.0.0.1:8000" not in TEXTS[document]


def test_the_messages_of_a_failed_start_are_those_of_the_code():
    table = TEXTS["README.md"].split("### When it does not start")[1].split("\n## ")[0]
    sources = [ROOT / "manage.py", ROOT / "tenants" / "replaced_migrations.py"]
    sources += (ROOT / "dashboard" / "devserver").glob("*.py")
    code = re.sub(r'"\n\s+f?"', "", "\n".join(path.read_text() for path in sources))
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    parts = [
        part.strip() for row in rows for message in code_in(row) for part in message.replace("8000", "…").split("…")
    ]
    assert len(rows) > 5 and {part for part in parts if part and part not in code} == set()
