"""The part of a text that a search shows: around what was found, marked, and escaped."""

import pytest

from dashboard.calls.history import excerpts


@pytest.mark.parametrize(
    ("content", "text", "shown"),
    [
        ("I take blood thinners.", "BLOOD THIN", "I take <mark>blood thinners</mark>."),
        ("A & B <i>", "b", "A &amp; <mark>B</mark> &lt;i&gt;"),
        ("one two one", "one", "<mark>one</mark> two <mark>one</mark>"),
        ("a.b axb", "a.b", "<mark>a.b</mark> axb"),
        ("line\nbreaks  here", "breaks here", "line <mark>breaks here</mark>"),
        ("nothing of it", "else", "nothing of it"),
    ],
)
def test_what_was_found_is_marked(content, text, shown):
    assert excerpts.marked(content, text) == shown


def test_a_long_text_is_shown_around_the_words():
    text = excerpts.marked("word " * 100 + "needle " + "more " * 100, "needle")
    assert text.startswith("…word ") and text.endswith("…") and "<mark>needle</mark>" in text
    assert len(text) < excerpts.LONGEST + 40
