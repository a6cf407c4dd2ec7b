"""What docstrings cite is in the repository: the sections of docs/voicedock-api.md, and pages of docs/."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FACTS = (ROOT / "docs" / "voicedock-api.md").read_text()
SECTIONS = set(re.findall(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", FACTS, re.M))
FOLDERS = ("tenants", "dashboard", "templates", "tests")
TEXTS = {
    path: path.read_text()
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".html") and "vendor" not in path.parts
}


def test_each_section_that_is_cited_is_there():
    assert len(SECTIONS) > 50
    assert {
        f"{path.relative_to(ROOT)}: §{section}"
        for path, text in TEXTS.items()
        for section in re.findall(r"§ ?(\d+(?:\.\d+)?)", text)
        if section not in SECTIONS
    } == set()


def test_each_page_that_is_cited_is_there():
    pages = {path.name for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]}
    assert {
        f"{path.relative_to(ROOT)}: {page}"
        for path, text in TEXTS.items()
        for page in re.findall(r"([\w-]+\.md)\b", text)
        if page not in pages
    } == set()


DOCS = {
    path: path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if path.name != "CHANGELOG.md"
}
NAMED = re.compile(r"`((?:tenants|dashboard|tests)(?:[./]\w+)+)(?:\(\))?`")


def resolves(name: str) -> bool:
    """Whether a name like `dashboard.calls.queries.board` or `dashboard/calls/queries.py` is a module or in one."""
    if (ROOT / name).exists():
        return True
    path = ROOT
    parts = re.split(r"[./]", name.removesuffix(".py"))
    for n, part in enumerate(parts):
        if (path / part).is_dir():
            path /= part
            continue
        module, inside = (path / f"{part}.py", parts[n + 1 :])
        if not module.exists():
            module, inside = path / "__init__.py", parts[n:]
        source = module.read_text() if module.exists() else ""
        return module.exists() and all(re.search(rf"\b{re.escape(word)}\b", source) for word in inside)
    return True


def test_each_module_that_is_named_is_there():
    assert {
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in {**TEXTS, **DOCS}.items()
        for name in NAMED.findall(text)
        if not resolves(name)
    } == set()


def test_a_name_that_is_not_there_is_found():
    assert resolves("dashboard.calls.queries") and resolves("dashboard/calls/queries.py")
    assert resolves("tenants.isolation.scope.for_tenant") and resolves("dashboard.calls.models.Call")
    assert not resolves("dashboard.home.views") and not resolves("dashboard.calls.queries.wall")
    assert not resolves("dashboard/calls/steering.py")


def test_each_fact_has_its_tag():
    """The tags that are explained are those that are used."""
    explained = set(re.findall(r"^\| \[([\w-]+)\] \|", FACTS, re.M))
    assert explained == {"page", "sdk", "sdk-v1", "docs", "docs-old", "inferred"}
    assert all(FACTS.count(f"[{tag}") > 1 for tag in explained)
