"""Texts on screens, in mails, errors and audit sentences use one plain word for one thing.

Read are the text and the quoted arguments of templates, and the strings of Python that people can see.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_plain_words import ROOT

REPLACED = {  # what texts do not say, and what they say instead; letters as at the start of a sentence count too
    r"(?:the|its) house\b": "company",
    r"how it calls|what it is told": "call settings, instructions",
    r"(?:never|last) here\b": "never signed in, last seen",
    r"\b(?:re)?seal(?:ed|s|ing)?\b": "encrypted",
    r"^(?:looks|last looks|resting|ails|well|standing)$": "sync runs, rate-limited, error, healthy, account status",
    r"last whole look|look at everything now|looks fail|(?:next|last) look\b": "sync",
    r"being brought over": "importing",
    r"reports? to us|how voicedock reports|take the others over": "webhooks",
    r"its share$": "waiting for rate limit",
    r"\bof nobody\b": "unassigned",
    r"\bstay outside\b|\bput this aside\b": "cancel, dismiss",
    r"keys are for whoever": "confirm your identity",
    r"this line goes nowhere|not open to you": "page not found, no access to this page",
    r"let them go so": "apply",
    r"second steps?\b": "two-factor authentication",
    r"reading room|auditors.{1,2}pages": "audit console",
    r"\bif you like\b": "optional",
    r"who do you call|from which line|which assistant speaks|^first words\b": "number to call, call from, assistant",
    r"it says first|another first sentence": "opening sentence",
    r"(?:provider|model) of the hearing|\bits hearing\b": "speech recognition",
    r"^left to voicedock": "default",
    r"^where to\?": "choose a client",
    r"^what has happened": "timeline",
    r"newest first": "left out",
    r"let(?:s)? support act|pass of support|support a pass|on the pass of": "support access",
    r"\b(?:un)?dedicat(?:e|es|ed|ing|ions?)\b(?!\.csv)": "assign",
}
PATTERN = re.compile("|".join(f"({pattern})" for pattern in REPLACED), re.I)
UNSEEN_CALLS = {
    "for_system",
    "opens_scope",
    "RuntimeError",
    "ValueError",
    "AssertionError",
    "TypeError",
}  # faults of ours
UNSEEN_PARTS = {"migrations", "devserver", "sandbox", "isolation", "__pycache__"}
ALLOWED = {
    ("templates/calls/_board.html", "Newest first"),  # how the calls are sorted, which one may change
    ("tenants/accounts/mfa_seeds.py", "second step"),  # binds a secret to its place
    ("tenants/models/__init__.py", "Dedication"),  # names of classes
    ("tenants/models/dedications.py", "Dedication"),
}


def of_template(source: str) -> Iterator[tuple[int, str]]:
    """Text between tags, what is written in attributes for people, and quoted arguments that are sentences."""
    blank = re.compile(r"\{#.*?#\}|\{% *comment.*?endcomment *%\}|<!--.*?-->", re.S)
    unread = re.compile(r"\b(?:class|id|href|for|name|style|d|hx-[a-z-]+)=\"[^\"]*\"")
    for pattern in (blank, unread):
        source = pattern.sub(lambda found: "\n" * found[0].count("\n"), source)
    for found in re.finditer(r">([^<>{}]+)<|[%}]\}([^<>{}]+)(?=[<{])|(?:\"|')([^\"'<>{}]+)(?:\"|')", source):
        piece = " ".join((found[1] or found[2] or found[3]).split())
        if piece and (found[3] is None or is_sentence(piece)):
            yield source.count("\n", 0, found.start()) + 1, piece


def of_mail(source: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(re.sub(r"\{[{%].*?[}%]\}", " ", source).splitlines(), 1)


def of_script(source: str) -> Iterator[tuple[int, str]]:
    source = re.sub(r"^\s*//.*$", "", source, flags=re.M)
    for found in re.finditer(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`", source):
        piece = found[1] or found[2] or found[3] or ""
        if is_sentence(piece):
            yield source.count("\n", 0, found.start()) + 1, piece


def of_python(source: str) -> Iterator[tuple[int, str]]:
    """Strings that are sentences or labels; neither docstrings nor what only engineers meet."""
    unseen: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):  # what surrounds a node comes before it
        for part in _unseen_parts(node):
            unseen |= {*ast.walk(part)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in unseen:
            yield from [(node.lineno, node.value)] if is_sentence(node.value) else []


def _unseen_parts(node: ast.AST) -> list[ast.AST]:
    """A docstring; what a call of `UNSEEN_CALLS` is given; the `help_text` of a model's field."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if not isinstance(node, ast.Call):
        return []
    if _name(node.func).lstrip("_") in UNSEEN_CALLS:
        return [*node.args]
    is_model_field = isinstance(node.func, ast.Attribute) and _name(node.func.value) == "models"
    return [keyword for keyword in node.keywords if is_model_field and keyword.arg == "help_text"]


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_sentence(piece: str) -> bool:
    """Words with spaces, or one with a capital letter: no name of a class, an address, an attribute or SQL."""
    return bool(re.search(r"[A-Za-z]", piece)) and (
        " " in piece.strip() or bool(re.fullmatch(r"[A-Z][a-z]+[.?!]?", piece))
    ) and not re.search(r"\bSELECT\b|\bFROM\b|\bGRANT\b|^[.#\[]|hx-|__", piece)  # fmt: skip


READERS = {".html": of_template, ".txt": of_mail, ".js": of_script, ".py": of_python}


def files() -> Iterator[Path]:
    for part in ("templates", "static/js", "dashboard", "tenants"):
        for path in sorted((ROOT / part).rglob("*")):
            if path.suffix in READERS and not UNSEEN_PARTS & {*path.parts}:
                yield path


def found_in(source: str, suffix: str) -> list[tuple[int, str, str]]:
    """Line, text and what to write instead."""
    matches = ((line, piece, PATTERN.search(piece)) for line, piece in READERS[suffix](source))
    instead = [*REPLACED.values()]
    return [(line, piece, instead[match.lastindex - 1]) for line, piece, match in matches if match and match.lastindex]


def test_texts_use_the_plain_words():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {piece[:100]!r}: {instead}"
        for path in files()
        for line, piece, instead in found_in(path.read_text(), path.suffix)
        if (path.relative_to(ROOT).as_posix(), piece) not in ALLOWED
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("suffix", "source"),
    [
        (".html", "<h2>Looks</h2>"),
        (".html", "<p>{{ name }} is dedicated to <b>{{ client }}</b></p>"),
        (".html", '{% state_mark "connecting" "Waited for its share" %}'),
        (".html", '<input placeholder="if you like">'),
        (".txt", "A second step is asked for."),
        (".py", 'messages.success(request, f"{count} assistants report to us.")'),
        (".py", 'LABELS = {"of": "Of nobody"}'),
        (".py", 'field = CharField(help_text="An app, if you like")'),
        (".js", 'say("Put this aside")'),
    ],
)
def test_a_replaced_text_is_found(suffix, source):
    assert found_in(source, suffix)


@pytest.mark.parametrize(
    ("suffix", "source"),
    [
        (".html", "{# Of nobody #}<p class=\"of nobody\">Unassigned</p>{% url 'number-dedicate' one.pk %}"),
        (".html", "<p>It looks well</p>"),
        (".py", '"""How VoiceDock reports."""\nwith scope.for_system("who holds what is dedicated"):\n    ...'),
        (".py", 'field = models.CharField(help_text="The dedications it was started under.")'),
        (".js", '// dedicated\nfind(".dedicated")'),
    ],
)
def test_what_no_person_sees_may_say_it(suffix, source):
    assert not found_in(source, suffix)
