"""Finds the names that a template shows, and whether they stand in markup or in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

NAME = re.compile(
    r"(?:^|\.)(?:name|user|invited_by|given_by|requested_by|asked_by|by|made_by|ended_by|placed_by|assistant"
    r"|assistant_name|business_name|organization_name|holder_name|holder|tenant|client|campaign|person|connection|me"
    r"|visitor|organization|city|sub)$"
)
TOKEN = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}|</?[a-zA-Z][^\s>/{]*|>|\"|'", re.S)
PLAIN_ELEMENTS = {"title", "textarea", "option"}
BAR = re.compile(r"""\|(?=(?:[^"']|"[^"]*"|'[^']*')*$)""")
INITIAL = "slice"  # the first letter alone


def shown(source: str, markup: bool = True) -> Iterator[tuple[str, list[str], bool]]:
    """Each name as (expression, its filters, whether markup may stand there)."""
    in_tag, quote, in_title, element = False, "", False, ""
    for found in TOKEN.finditer(source):
        token = found.group()
        if token.startswith("{%"):
            in_title = token == "{% block title %}" or (in_title and not token.startswith("{% endblock"))
        elif token.startswith("{{"):
            expression, *filters = (part.strip() for part in BAR.split(token[2:-2]))
            if NAME.search(expression):
                plain = in_tag or in_title or bool(element) or not markup
                yield expression, [name.split(":")[0] for name in filters], not plain
        elif token.startswith("<") and not in_tag:
            in_tag, name = True, token.strip("</").lower()
            if name in PLAIN_ELEMENTS:
                element = "" if token.startswith("</") else name
        elif in_tag and token in ('"', "'"):
            quote = "" if quote == token else quote or token
        elif in_tag and token == ">" and not quote:
            in_tag = False


def is_isolated(filters: list[str], in_markup: bool) -> bool:
    return INITIAL in filters or ("bdi" if in_markup else "isolate") in filters
