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


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Well, while I wait and before I forget it again: I take blood thinners, is that a problem?", "blood thinner"),
        (
            "The dentist said to stop with it " * 3 + "unless the thinner is one of the new ones for blood",
            "blood thinner",
        ),
        ("https://example.test/a-very-long-address-without-any-space/needle and more", "needle"),
    ],
)
def test_every_word_that_was_found_stands_near_the_beginning(content, text):
    shown = str(excerpts.marked(content, text))
    assert {word for word in text.split() if word in shown.partition("<mark>")[2]} == set(text.split())
    until_last = shown[: shown.rindex("</mark>")].replace("<mark>", "").replace("</mark>", "")
    assert len(until_last) <= excerpts.IN_SIGHT + excerpts.LEAST


def test_words_that_stand_far_apart_are_shown_with_what_is_around_each():
    text = excerpts.marked("blood " + "word " * 40 + "thinner " + "more " * 40, "thinner blood")
    assert text.startswith("<mark>blood</mark> word") and " … " in text
    assert text.index("<mark>thinner</mark>") < 60 and text.endswith("…")


def test_an_excerpt_begins_with_a_whole_word():
    assert excerpts.marked("Whatever it may be that you take, tell me of blood", "blood").startswith(
        "…tell me of <mark>"
    )
