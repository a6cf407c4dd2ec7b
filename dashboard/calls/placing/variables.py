"""Places in a text where a value is filled in for each call: `{{name}}`.

Patchbay fills them in before anything is sent: VoiceDock documents no values for variables in an outbound call
(`docs/voicedock-api.md §5.5`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}")


def names_in(texts: Iterable[str]) -> list[str]:
    """Each name once, in the order in which they stand."""
    return list(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def labels(names: Sequence[str]) -> dict[str, str]:
    """By name, what people read: `due_date` is `Due date`. Where two would look alike, the names stand beside them."""
    found = {name: _label(name) for name in names}
    seen = Counter(label.casefold() for label in found.values())
    return {name: label if seen[label.casefold()] == 1 else f"{label} ({name})" for name, label in found.items()}


def _label(name: str) -> str:
    words = " ".join(name.replace("_", " ").split()) or name
    return f"{words[0].upper()}{words[1:]}"


def fill(text: str, values: Mapping[str, str]) -> str:
    """A variable without a value stays as it is. Filled once: a value is never read as a text with variables."""
    return VARIABLE.sub(lambda found: values.get(found[1]) or found[0], text)
