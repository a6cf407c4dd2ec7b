"""What came of a call: read from its analysis, else from its state, and stored with the call."""

from pathlib import Path

import pytest
from django.conf import settings

from dashboard.calls import labels, outcomes, queries
from dashboard.calls.models import Call, CallReport, Receipt
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call


@pytest.mark.parametrize(
    ("analysis", "slug"),
    [
        ({"outcome": "booked", "day": "Monday"}, "booked"),
        ({"Outcome": " Call back "}, "call_back"),
        ({"result": "appointment_booked"}, "booked"),
        ({"call_outcome": "Viewing-Booked"}, "viewing_booked"),
        ({"outcome": "declined", "do_not_call": True}, "do_not_call"),
        ({"outcome": "declined", "do_not_call": "true"}, "declined"),
        ({"outcome": "", "disposition": "sold"}, "sold"),
        ({"outcome": ["booked"]}, ""),
        ({"outcome": None}, ""),
        ({"intent": "booked"}, ""),
        ({"outcome": "x" * 300}, "x" * 40),
        ({"outcome": "<b>Éénmalig</b>"}, "b_éénmalig_b"),
        ("booked", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_an_analysis_is_read_by_the_usual_names(analysis, slug):
    assert outcomes.from_analysis(analysis) == slug


@pytest.mark.parametrize(
    ("slug", "label", "tone"),
    [
        ("booked", "Booked", "good"),
        ("call_back", "Call back", "todo"),
        ("viewing_booked", "Viewing booked", "good"),
        ("not_confirmed", "Not confirmed", ""),
        ("unpaid", "Unpaid", ""),
        ("disinterested", "Disinterested", ""),
        ("unconfirmed", "Unconfirmed", ""),
        ("un_confirmed", "Un confirmed", ""),
        ("unsent_invoice_paid", "Unsent invoice paid", ""),
        ("disagreed", "Disagreed", ""),
        ("no_appointment", "No appointment", ""),
        ("never_received", "Never received", ""),
        ("wasn_t_booked", "Wasn t booked", ""),
        ("appointment_cancelled", "Appointment cancelled", ""),
        ("absent", "Absent", ""),
        ("line_removed", "Line removed", ""),
        ("consent_missing", "Consent missing", ""),
        ("discussed_and_booked", "Discussed and booked", "good"),
        ("unit_sold", "Unit sold", "good"),
        ("booked_november", "Booked november", "good"),
        ("notified_and_agreed", "Notified and agreed", "good"),
        ("united_pharmacy_confirmed", "United pharmacy confirmed", "good"),
        ("two_appointments", "Two appointments", "good"),
        ("viewing_rescheduled", "Viewing rescheduled", "good"),
        ("something_else", "Something else", ""),
        ("no_outcome", "No outcome", ""),
    ],
)
def test_an_outcome_has_words_and_a_tone(slug, label, tone):
    assert (outcomes.read(slug).label, outcomes.read(slug).tone) == (label, tone)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"state": "in-progress", "analysis_outcome": "booked"}, ""),
        ({"state": "ended", "analysis_outcome": "booked"}, "booked"),
        ({"state": "ended", "analysis_outcome": "booked", "machine_source": "summary"}, "voicemail"),
        ({"state": "ended"}, "no_outcome"),
        ({"state": "ended-with-error"}, "failed"),
        ({"state": "transferred", "analysis_outcome": "answered"}, "transferred"),
        ({"state": "failed"}, "not_reached"),
        ({"state": "insufficient-credits"}, "no_credit"),
        ({"state": "rejected"}, "refused"),
    ],
)
def test_the_database_says_what_came_of_a_call(bloom, facts, outcome):
    call = make_call(bloom, **facts)
    with scope.for_system("read an outcome"):
        assert Call.objects.get(pk=call.pk).outcome == outcome


def test_the_analysis_that_voicedock_reports_is_the_outcome(operator):
    operator.control_sandbox("outcomes", destination="+31612340042", outcome="conversation")
    call = operator.place()
    operator.sandbox.clock.advance(400)
    operator.read_calls()
    operator.sandbox.clock.advance(60)
    operator.read_calls()
    call = operator.reload(call)
    with scope.for_system("read a report"):
        reported = outcomes.from_analysis(call.report.analysis)
    assert reported and call.finished and call.outcome == call.analysis_outcome == reported


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("end_reason", "effect", "words"),
    [
        ("assistant_ended", "confirmed", "ended by Sanne Visser"),
        ("user_hangup", "confirmed", "person hung up"),
        ("assistant_ended", "", "assistant hung up"),
        ("some_new_reason", "", "some new reason"),
    ],
)
def test_a_call_says_who_ended_it(bloom, make_member, end_reason, effect, words):
    from tenants.access.permissions import Role

    sanne = make_member(bloom, Role.OPERATOR, name="Sanne Visser")
    call = make_call(bloom, state="ended", end_reason=end_reason)
    with scope.for_tenant(bloom.tenant):
        Receipt.objects.create(
            tenant=bloom.tenant, call=call, token=call.pk, command="end-call", asked_by=sanne,
            outcome="accepted", effect=effect,
        )  # fmt: skip
        read = queries.of_tenant(bloom.tenant).get(pk=call.pk)
    assert labels.ending(read) == words
    assert words in labels.state(read).lower().replace("sanne visser", "Sanne Visser")


@pytest.mark.django_db
def test_a_list_reads_the_summary_and_no_transcript(bloom, django_assert_num_queries):
    call = make_call(bloom, state="ended")
    with scope.for_tenant(bloom.tenant):
        CallReport.objects.create(call=call, tenant=bloom.tenant, summary="She comes on Monday.", messages=[{"a": 1}])
        with django_assert_num_queries(1):
            read = queries.with_summary(queries.of_tenant(bloom.tenant)).get()
            assert read.report.summary == "She comes on Monday."
        assert "messages" in read.report.get_deferred_fields()


@pytest.mark.parametrize(
    ("slug", "bar"), [("booked", "good"), ("call_back", "todo"), ("failed", "wrong"), ("x", "plain")]
)
def test_every_ranking_colours_an_outcome_alike(slug, bar):
    assert outcomes.read(slug).bar == bar
    assert f".ranks .{bar} {{" in (Path(settings.BASE_DIR) / "static/css/components.css").read_text()
