"""Names, comments, docstrings and docs use the standard terms of the field, no metaphors.

Texts on screens and data are not read; names of attributes in scripts and templates are.
"""

import ast
import io
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORDS = {
    "door": r"door(?:keeper)?s?",
    "house": r"houses?",
    "room": r"rooms?",
    "shelf": r"shel(?:f|ves)",
    "bell": r"bells?",
    "lever": r"levers?",
    "wall": r"walls?",
    "purse": r"purses?",
    "furniture": r"furnitures?|furnish(?:es|ed|ing)?",
    "desk": r"desks?",
    "town": r"towns?",
    "deed": r"deeds?",
}
IN_NAMES = {"told": r"told", "said": r"said"}  # in sentences they are words like others
PLAIN = re.compile(
    r"room_name|wall[ _-]?(?:clocks?|times?)|room (?:for|within|above|below|left)|front desk|in-house", re.I
)
PARTS = ("tenants", "dashboard", "templates", "static/js", "docs", "tests")


def counted(sentences: str, names: str = "") -> Counter[str]:
    """How often each word occurs, as a word of its own or as a part of a name; a name counts once for each place."""
    return _counts(WORDS, f"{sentences}\n{names}") + _counts(IN_NAMES, names)


def _counts(words: dict[str, str], text: str) -> Counter[str]:
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]", " ", PLAIN.sub("", text))
    return Counter({word: len(re.findall(rf"\b(?:{pattern})\b", split, re.I)) for word, pattern in words.items()})


def of_python(source: str) -> Counter[str]:
    """Names and comments are tokens, docstrings the first expressions of their bodies."""
    names, comments = [], []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments.append(token.string)
        elif token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            names.append(token.string)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, documented))
    docstrings = [ast.get_docstring(node) or "" for node in nodes]
    return counted("\n".join(comments + docstrings), "\n".join(names))


def of_template(source: str) -> Counter[str]:
    comments = re.findall(r"\{#(.*?)#\}|\{%-? *comment.*?%\}(.*?)\{% *endcomment *%\}|<!--(.*?)-->", source, re.S)
    attributes = re.findall(r"\bdata-[a-z-]+", source)
    return counted("\n".join("".join(groups) for groups in comments), "\n".join(attributes))


def of_script(source: str) -> Counter[str]:
    """Comments are sentences; strings with a space are texts, all else is names."""
    pieces = re.findall(r"(//[^\n]*|/\*.*?\*/)|(\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`)|([\w$-]+)", source, re.S)
    comments = [comment for comment, _, _ in pieces if comment]
    return counted("\n".join(comments), "\n".join(name or text for _, text, name in pieces if " " not in text))


def files(part: str) -> Iterator[Path]:
    of_the_root = ROOT.glob("*.md") if part == "docs" else ()
    for path in sorted([*(ROOT / part).rglob("*"), *of_the_root]):
        if (
            path.suffix in (".py", ".html", ".txt", ".js", ".md")
            and not {"vendor", "CHANGELOG.md"} & {*path.parts}
            and path != Path(__file__)
        ):
            yield path


def found_in(path: Path) -> Counter[str]:
    source = path.read_text()
    if path.suffix == ".py":
        return of_python(source)
    if path.suffix == ".js":
        return of_script(source)
    return counted(source) if path.suffix == ".md" else of_template(source)


def worst(part: str, word: str) -> str:
    counts = {str(path.relative_to(ROOT)): found_in(path)[word] for path in files(part)}
    return ", ".join(f"{path} {count}" for path, count in Counter(counts).most_common(8) if count)


@pytest.mark.parametrize("part", PARTS)
def test_there_are_no_metaphors(part):
    found = +sum((found_in(path) for path in files(part)), Counter[str]())
    assert not found, "\n".join(f"{word}: {count} times, in {worst(part, word)}" for word, count in found.items())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def open_door(): ...", {"door": 1}),
        ("class DoorBell: ...", {"door": 1, "bell": 1}),
        ("x = 1  # behind the wall", {"wall": 1}),
        ('"""Rings the bells."""', {"bell": 1}),
        ("wall_time = 'a door'  # by the wall clock", {}),
        ("household = Bellevue = outdoors", {}),
        ("told = 1  # told so", {"told": 1}),
        ("# leaves room for one more", {}),
    ],
)
def test_a_metaphor_is_found_where_it_is_one(source, expected):
    assert +of_python(source) == expected


def test_comments_of_templates_are_read_and_their_texts_are_not():
    source = "{# the house #}<p>House {% comment %}a door{% endcomment %}</p><!-- lever -->"
    assert +of_template(source) == {"house": 1, "door": 1, "lever": 1}


def test_scripts_are_read_without_their_texts():
    source = """const SAID = "You told us"; // the desk\nconst { name } = form.querySelector('[data-door]');"""
    assert +of_script(source) == {"said": 1, "desk": 1, "door": 1}
    assert +of_template('<p data-reason-said title="said">said</p>') == {"said": 1}
