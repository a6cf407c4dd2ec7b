"""Words that only screen readers read do not widen a button."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
BUTTON = re.compile(r'<(a|button)\b[^>]*class="[^"]*\b(?:button|chip)\b[^"]*".*?</\1>', re.S)
SPLIT = re.compile(r'^\s*[^\s<>][^<>\n]*<span class="hidden">[^\n]*</span>\s*\n', re.M)


def test_hidden_words_do_not_split_the_words_of_a_button_into_two_parts():
    """Between the parts of a button is a gap, and white space behind hidden words would be a part."""
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        for button in BUTTON.finditer(path.read_text()):
            wrong += [f"{path.name}: {found[0].strip()}" for found in SPLIT.finditer(button[0])]
    assert wrong == []
