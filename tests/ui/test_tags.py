"""The other tags draw what they promise, and escape what people wrote."""

from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from dashboard.ui import filters


def drawn(markup, **context):
    return Template(markup).render(Context(context))


def test_progress_is_drawn_in_percent_and_shown_in_figures():
    html = drawn("{% progress 1204 86 3 2100 %}")
    assert 'aria-label="1,204 completed, 86 failed, 3 calling, 807 pending"' in html
    assert '<rect class="failed" x="57.33%" width="4.10%" height="100%"/>' in html
    assert "style=" not in html


def test_progress_never_leaves_its_bar():
    html = drawn("{% progress 900 300 0 1000 legend=False %}{% progress 0 0 0 0 legend=False %}")
    assert 'class="failed" x="90.00%" width="10.00%"' in html


def test_a_jack_shows_the_call_and_leads_to_it():
    call = SimpleNamespace(state="in-progress", counterpart="+31205550173", alarm="", tenant=None, pk=1)
    html = drawn("{% line_status c %}", c=call)
    assert 'class="line-status line-status--live"' in html and "+31 20 555 0173, in progress" in html
    call.current_alarm, call.alarm_words = "end-not-confirmed", "End call is not confirmed"
    assert "line-status--person" in drawn("{% line_status c %}", c=call)
    assert drawn("{% line_status %}") == '<span class="line-status line-status--free"></span>'


def test_a_face_is_two_letters():
    assert ">MJ<" in drawn('{% avatar "Mara Jansen" True %}') and "avatar--staff" in drawn(
        '{% avatar "Mara Jansen" True %}'
    )
    assert ">OB<" in drawn('{% avatar "owner@bloom" %}')
    assert "<i" in drawn("{% avatar n %}", n="")


@pytest.mark.parametrize("family", ["pipeline", "openai-realtime", "something-new"])
def test_a_family_explains_itself(family):
    pytest.importorskip("dashboard.voicedock.capabilities")
    html = drawn("{% family_badge f 'c1' %}", f=family)
    assert 'popovertarget="family-c1"' in html and '<div popover id="family-c1"><p>' in html
    assert "<button" not in drawn("{% family_badge f plain=True %}", f=family)


class Lines(forms.Form):
    line = forms.ChoiceField(choices=[("a", "Amsterdam line"), ("b", "Reception")], help_text="Yours only.")
    day = forms.DateField(required=False)
    asked = forms.BooleanField(required=False, label="Asked <us>")
    kind = forms.ChoiceField(choices=[("x", "One"), ("y", "Two")], widget=forms.RadioSelect)


def test_a_field_tells_its_hint_or_its_error_in_the_same_place():
    fresh = drawn("{% field f.line %}", f=Lines())
    assert (
        'aria-describedby="id_line_description"' in fresh
        and '<small id="id_line_description">Yours only.</small>' in fresh
    )
    wrong = drawn("{% field f.line %}", f=Lines({"line": "nobody's"}))
    assert 'aria-invalid="true"' in wrong and '<p class="error" id="id_line_description">' in wrong
    assert "Yours only." not in wrong and 'href="/static/icons/sprite.svg#alert"' in wrong


def test_a_field_with_an_id_of_its_own_keeps_its_label_and_its_hint():
    html = drawn('{% field f.line id="pick" %}', f=Lines())
    assert '<label for="pick">' in html and 'id="pick"' in html
    assert 'aria-describedby="pick_description"' in html and '<small id="pick_description">' in html


def test_a_field_takes_other_words_and_attributes():
    html = drawn('{% field f.day label="From" hint="At midnight." placeholder="today" data_draft="d" %}', f=Lines())
    assert ">From <small>(optional)</small></label>" in html
    assert 'placeholder="today"' in html and 'data-draft="d"' in html and "At midnight." in html


def test_checks_and_choices_have_their_own_shape():
    check = drawn("{% field f.asked %}", f=Lines())
    assert '<label class="check"><input' in check and "Asked &lt;us&gt;" in check
    choice = drawn("{% field f.kind %}", f=Lines({}))
    assert choice.startswith('<fieldset class="field" aria-describedby="id_kind_description"><legend>Kind</legend>')
    assert choice.count('type="radio"') == 2 and '<p class="error" id="id_kind_description">' in choice


def test_what_is_wrong_with_the_whole_form_is_shown_above_it():
    form = Lines({})
    form.add_error(None, "Nothing was <dialed>.")
    assert 'role="alert"' in drawn("{% form_errors f %}", f=form)
    assert "Nothing was &lt;dialed&gt;." in drawn("{% form_errors f %}", f=form)
    assert drawn("{% form_errors f %}{% form_errors none %}", f=Lines()) == ""


class Search(forms.Form):
    q = forms.CharField(required=False, label="Number or name")
    line = forms.MultipleChoiceField(required=False, choices=[("1", "Amsterdam line"), ("2", "Reception")])
    since = forms.DateField(required=False, label="Since")
    missed = forms.BooleanField(required=False, label="Not reached")


def test_each_filter_is_a_chip_that_can_be_taken_off():
    request = RequestFactory().get("/calls/", {"q": "31", "line": ["1", "2"], "since": "2026-11-19", "before": "x"})
    bar = filters.bar(request, Search(request.GET), label="Filter calls")
    assert [chip.words for chip in bar.chips] == ["Amsterdam line, Reception", "Since 19 Nov 2026"]
    assert bar.chips[0].url == "/calls/?q=31&since=2026-11-19"  # and the list starts from its beginning
    assert bar.clear_url == "/calls/"
    html = drawn('{% include "components/_filters.html" %}', filters=bar)
    assert 'value="31"' in html and html.count("remove this filter") == 2 and "Clear all" in html


def test_no_filter_no_chip():
    request = RequestFactory().get("/calls/", {"since": "nonsense"})
    bar = filters.bar(request, Search(request.GET), label="Filter calls")
    assert bar.chips == [] and bar.clear_url == ""


@pytest.mark.parametrize(
    ("sentence", "within"),
    [
        ("Every day 9:00 to 17:30, Amsterdam time", "every day 9:00 to 17:30, Amsterdam time"),
        ("UTC", "UTC"),
        ("", ""),
    ],
)
def test_names_keep_their_capitals_within_a_sentence(sentence, within):
    assert Template("{{ sentence|decapitalize }}").render(Context({"sentence": sentence})) == within
