"""The pictures of README.md and docs/ are those that `manage.py pictures` takes, and small."""

from __future__ import annotations

import re

from dashboard.devserver.paths import ROOT
from tests import pictures
from tests.pictures import FOLDER, HEIGHT, PICTURES, SCHEMES, WIDTH

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MOST = 250 * 1024  # bytes


def taken():
    return {pictures.file_of(name, scheme) for name in PICTURES for scheme in SCHEMES}


def test_the_documents_show_every_picture_that_the_command_takes_and_no_other():
    shown = set()
    for document in DOCUMENTS:
        for path in re.findall(r"""(?:\]\(|src=|srcset=)"?([^")\s]+\.(?:png|jpg|webp))""", document.read_text()):
            shown.add((document.parent / path).resolve())
    assert shown == taken() == set(FOLDER.iterdir())


def test_every_picture_has_the_same_size_and_is_small():
    for path in taken():
        head = path.read_bytes()[:24]
        assert head.startswith(b"\x89PNG"), path
        assert (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) == (WIDTH, HEIGHT), path
        assert path.stat().st_size < MOST, path
