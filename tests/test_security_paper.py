"""docs/security.md tells the truth: each test it names exists, and each chapter of the standard is answered."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAPER = (ROOT / "docs" / "security.md").read_text()
CHAPTERS = 17  # of OWASP ASVS 5.0


def test_every_test_that_the_paper_names_exists():
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", PAPER))
    assert len(named) > 60
    assert named - there == set()


def test_every_path_that_the_paper_names_exists():
    named = re.findall(r"`((?:tests|tenants|dashboard|docs|deploy)/[\w./-]*)`", PAPER)
    assert named and [path for path in named if not (ROOT / path).exists()] == []


def test_every_chapter_is_answered():
    answered = {
        int(number) for heading in re.findall(r"^### (.*)", PAPER, re.M) for number in re.findall(r"V(\d+)", heading)
    }
    assert answered == set(range(1, CHAPTERS + 1))
