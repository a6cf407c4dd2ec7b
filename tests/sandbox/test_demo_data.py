"""The demo data set: plausible, with continuing traffic, kept across starts."""

import re
from collections import Counter
from datetime import UTC, datetime

import phonenumbers
import pytest

from dashboard.sandbox import app, conversations, demo_history, fake_people, initial_state, inprocess
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.snapshot import Snapshot

MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def demo():
    return app.make(seed="patchbay", clock=ManualClock(MONDAY_NOON), deliver=lambda *_: None)


def test_some_hundred_past_calls_of_every_kind_and_none_in_the_future(demo):
    calls = list(demo.state.calls.values())
    assert 800 <= len(calls) <= 1000
    assert max(call.updated_at for call in calls) <= MONDAY_NOON
    assert min(call.created_at for call in calls) >= MONDAY_NOON - 30 * 86400
    kinds = Counter(call.status for call in calls)
    assert {"ended", "failed", "ended-with-error", "transferred", "in-progress"} <= set(kinds)
    assert {call.direction for call in calls} == {"inbound", "outbound"}
    assert any("voicemail" in (call.summary or "") for call in calls)
    assert {call.business_name for call in calls} == {
        "Bloom Dental", "Harbor Logistics", "Noord Energie", "Alder & Finch Estate", "Casa Lindo", "Veldkamp Makelaars",
    }  # fmt: skip
    hours = [datetime.fromtimestamp(call.created_at, demo_history.OFFICE_ZONE).hour for call in calls]
    assert sum(9 <= hour < 18 for hour in hours) > len(hours) * 0.7
    over = [
        call for call in calls if call.status == "ended" and call.ended_at < MONDAY_NOON - 10
    ]  # the report is later
    assert all(call.messages and call.summary for call in over)


def test_every_number_is_valid_and_nothing_is_left_unfilled(demo):
    numbers = {number.phone_number for number in demo.state.numbers.values()}
    numbers |= {call.counterpart_number for call in demo.state.calls.values()}
    numbers |= {lead.phone_number for leads in demo.state.leads.values() for lead in leads}
    assert [number for number in numbers if not phonenumbers.is_valid_number(phonenumbers.parse(number))] == []
    spoken = " ".join(turn["content"] for call in demo.state.calls.values() for turn in call.messages)
    assert "{" not in spoken


def test_lead_transcript_and_summary_name_the_same_person(demo):
    """Whoever has a number has one name: in each list, in what is spoken, and in the summary."""
    leads = {lead.id: lead for leads in demo.state.leads.values() for lead in leads}
    named = 0
    for call in demo.state.calls.values():
        name = fake_people.name_of(call.counterpart_number)
        if call.lead_id:
            assert leads[call.lead_id].variables["name"] == name
        if call.reported and call.started_at and name in call.summary:
            named += 1
            spoken = " ".join(message["content"] for message in call.messages)
            assert name in spoken or call.end_reason in ("error", "max_duration", "transferred"), call.summary
    assert named > len(demo.state.calls) * 0.7
    for leads in demo.state.leads.values():
        assert len({lead.phone_number for lead in leads}) == len(leads)


def test_the_reference_of_a_lead_is_the_one_that_is_spoken(demo):
    for campaign in demo.state.campaigns.values():
        for lead in demo.state.leads[campaign.id]:
            reading = (demo.state.calls[lead.call_id].analysis or {}).get("reading") if lead.call_id else None
            assert reading in (None, lead.variables["reference"])


def test_a_summary_names_only_what_was_spoken():
    for script in conversations.scripts()["script"]:
        slots = set(re.findall(r"{(\w+)}", script["summary"])) - {"day"}  # a Dutch script names the day in Dutch
        assert slots <= set(re.findall(r"{(\w+)}", script["turns"])), script["summary"]


def test_assistants_say_what_their_campaign_is_about(demo):
    """No meter reading is asked for in a call about tariffs."""
    for call in demo.state.calls.values():
        if call.business_name == "Noord Energie" and call.direction == "outbound" and call.reported:
            other = {"Tariff advisor": "meter reading", "Meter readings": "euros a month"}[call.assistant_name]
            assert other not in (call.summary or "")


def test_each_business_lately_had_a_call_of_every_kind(demo):
    days = 5 * 86400  # a weekend may lie in between
    lately = [call for call in demo.state.calls.values() if call.created_at > MONDAY_NOON - days and call.ended_at]
    for business in {call.business_name for call in lately}:
        own = [call for call in lately if call.business_name == business]
        assert {"ended", "failed", "ended-with-error", "transferred"} <= {call.status for call in own}, business
        assert {"inbound", "outbound"} == {call.direction for call in own}
        assert any(call.end_reason == "max_duration" for call in own)
        assert any("voicemail" in call.summary for call in own if call.summary)


def test_weeks_can_be_compared(demo):
    weeks = Counter(
        (call.business_name, int((MONDAY_NOON - call.created_at) // (7 * 86400))) for call in demo.state.calls.values()
    )
    businesses = {business for business, _ in weeks}
    assert all(weeks[business, week] >= 3 for business in businesses for week in (0, 1))


def test_the_outcome_is_one_that_the_schema_of_its_assistant_names(demo):
    schemas = {
        assistant.name: assistant.settings["analysis_plan"]["structured_data_plan"]["schema"]["properties"]
        for assistant in demo.state.assistants.values()
        if assistant.settings["business_name"]
    }
    found = Counter()
    for call in demo.state.calls.values():
        if outcome := (call.analysis or {}).get("outcome"):
            assert outcome in schemas[call.assistant_name]["outcome"]["enum"]
            found[outcome] += 1
    wanted = {"accepted", "answered", "booked", "call_back", "declined", "do_not_call", "moved", "unfinished"}
    assert wanted <= set(found)


def test_a_completed_campaign_has_results_of_several_kinds(demo):
    for campaign in demo.state.campaigns.values():
        if campaign.status == "completed":
            calls = [demo.state.calls[lead.call_id] for lead in demo.state.leads[campaign.id]]
            assert len({(call.analysis or {}).get("outcome") for call in calls}) >= 4
            assert max(call.ended_at for call in calls) < MONDAY_NOON - 5 * 86400


def test_the_campaign_that_never_pauses_has_a_pace(demo):
    campaign = next(campaign for campaign in demo.state.campaigns.values() if campaign.renews)
    dialed = [lead.last_attempt_at for lead in demo.state.leads[campaign.id] if lead.last_attempt_at]
    assert sum(at > MONDAY_NOON - 3600 for at in dialed) >= 20


def test_a_call_that_is_cut_off_has_no_farewell():
    conversation = conversations.Conversation([("assistant", "Yes?"), ("user", "Bye."), ("assistant", "Bye.")], "")
    conversations.drop_farewell(conversation)
    assert conversation.turns == [("assistant", "Yes?")]


def test_campaigns_of_every_status_in_sizes_that_matter(demo):
    campaigns = demo.state.campaigns.values()
    assert {campaign.status for campaign in campaigns} == {"draft", "scheduled", "paused", "completed", "cancelled"}
    sizes = [len(demo.state.leads[campaign.id]) for campaign in campaigns]
    assert (min(sizes), max(sizes)) == (40, 1500)
    assert len({campaign.org_id for campaign in campaigns}) == 2


def test_each_called_lead_has_its_calls(demo):
    by_lead = Counter(call.lead_id for call in demo.state.calls.values() if call.lead_id)
    dealt = [lead for leads in demo.state.leads.values() for lead in leads if lead.attempts]
    assert len(dealt) > 150 and {"completed", "failed", "skipped"} <= {lead.status for lead in dealt}
    for lead in dealt:
        call = demo.state.calls[lead.call_id]
        assert (call.counterpart_number, call.created_at) == (lead.phone_number, lead.last_attempt_at)
        assert by_lead[lead.id] == lead.attempts
        assert lead.status != "completed" or call.started_at
    finished = [campaign.id for campaign in demo.state.campaigns.values() if campaign.status == "completed"]
    assert all(lead.attempts for key in finished for lead in demo.state.leads[key])


def test_the_length_of_a_call_fits_its_words(demo):
    for call in demo.state.calls.values():
        if call.end_reason in ("user_hangup", "assistant_ended") and len(call.messages) > 2:
            words = sum(conversations.speaking_seconds(message["content"]) for message in call.messages)
            assert words * 0.9 <= call.seconds <= (words + 2 * len(call.messages)) * 1.3 + 3, call.id


def test_traffic_continues_for_an_hour_and_a_campaign_progresses(demo):
    live, started = [], _progress(demo)
    for _ in range(120):
        demo.advance(30)
        live.append(len(demo.state.live_calls()))
    assert min(live) >= 2 and max(live) <= 9
    assert 3 <= sum(live) / len(live) <= 6
    assert _progress(demo) > started
    assert len({call.org_id for call in demo.state.calls.values() if call.created_at > MONDAY_NOON}) == 2


def test_a_finished_round_the_clock_campaign_gets_a_new_list(demo):
    campaign = next(campaign for campaign in demo.state.campaigns.values() if campaign.renews)
    for lead in demo.state.leads[campaign.id]:
        lead.status = "completed" if lead.status != "calling" else lead.status
    demo.advance(900)
    assert campaign.status == "completed"
    again = [campaign for campaign in demo.state.campaigns.values() if campaign.renews]
    assert [campaign.status for campaign in again] == ["scheduled"] and again[0].id != campaign.id


def test_some_numbers_and_assistants_are_not_assigned(demo):
    free = [number for number in demo.state.numbers.values() if number.business_name is None]
    used = {call.number_id for call in demo.state.calls.values()}
    assert len(free) >= 5 and not {number.id for number in free} & used
    assert (
        len([assistant for assistant in demo.state.assistants.values() if assistant.settings["business_name"] is None])
        >= 5
    )


def test_a_snapshot_keeps_everything_and_calls_go_on(tmp_path):
    clock = ManualClock(MONDAY_NOON)
    before = app.make(seed=1, clock=clock, deliver=lambda *_: None)
    with inprocess.client(before, "sandbox-bloom") as client:
        assistant = client.get("/assistants").json()["assistants"][0]["id"]
        client.patch(f"/assistants/{assistant}", json={"webhook_url": "https://patchbay.test/in"})
    file = Snapshot(tmp_path / "state.jsonl")
    file.write(file.dump(before.state))
    before.advance(20)
    file.write(file.dump(before.state))
    live = [call.id for call in before.state.live_calls()]
    assert file.path.stat().st_mode & 0o777 == 0o600  # it holds keys

    kept, ahead = Snapshot(tmp_path / "state.jsonl").load()
    assert ahead == 0.0
    for kind in ("organizations", "keys", "numbers", "assistants", "calls", "campaigns", "leads", "options", "serial"):
        assert getattr(kept, kind) == getattr(before.state, kind)
    clock.advance(7200)
    initial_state.resume(kept, clock.now())
    assert live and all(not kept.calls[call_id].live for call_id in live)
    assert kept.assistants[assistant].settings["webhook_url"] == "https://patchbay.test/in"


def test_an_unreadable_snapshot_is_renamed(tmp_path):
    (tmp_path / "state.jsonl").write_text('{"format": 1\n')
    assert Snapshot(tmp_path / "state.jsonl").load() is None
    assert (tmp_path / "state.jsonl.unreadable").exists()


def _progress(sandbox):
    campaign = next(campaign for campaign in sandbox.state.campaigns.values() if campaign.renews)
    return sum(lead.status == "completed" for lead in sandbox.state.leads[campaign.id])
