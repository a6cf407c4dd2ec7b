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


def test_each_fact_has_its_tag():
    """The tags that are explained are those that are used."""
    explained = set(re.findall(r"^\| \[([\w-]+)\] \|", FACTS, re.M))
    assert explained == {"page", "sdk", "sdk-v1", "docs", "docs-old", "inferred"}
    assert all(FACTS.count(f"[{tag}") > 1 for tag in explained)
