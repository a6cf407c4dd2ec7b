"""Patchbay's own client, written for VoiceDock, works with the sandbox unchanged: every method, and every refusal."""

import inspect
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
import stamina

from dashboard import voicedock
from dashboard.sandbox import inprocess
from dashboard.voicedock import EndCall, InjectContext, Say, Transfer

BASE = "http://sandbox/api/v1"
PERSON = "+31612340042"
REALTIME = {"llm_config": {"provider": "xai_realtime", "model": "grok-realtime-v1"}}
PIPELINE = {  # what VoiceDock's public page recommends
    "llm_config": {"provider": "openai", "model": "gpt-4o"},
    "stt_config": {"provider": "deepgram", "model": "nova-3-general", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "saar"},
    "metadata": {"our_ref": "job-77"},
}


@pytest.fixture(autouse=True)
def _no_waits():
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def speak(sandbox):
    """A client with this key."""
    clients = []

    def speak(key):
        clients.append(voicedock.Client(key, base_url=BASE, transport=inprocess.Transport(sandbox), timeout=8))
        return clients[-1]

    yield speak
    for one in clients:
        one.close()


@pytest.fixture
def client(speak):
    return speak("sandbox-bloom")


def test_organizations_and_their_children(client, speak):
    agency = speak("sandbox-agency").organization(include_children=True)
    child = client.organization()
    assert (child.parent_id, child.name) == (agency.id, "Bloom Dental")
    assert child.minutes_balance == agency.minutes_balance > Decimal(0)
    assert [child.id for child in agency.children] == [child.id] and child.active_numbers == 3
    made = speak("sandbox-agency").create_organization("Dentist South", parent_id=agency.id)
    assert made.api_key not in repr(made)
    assert speak(made.api_key).organization().id == made.id
    assert speak(made.api_key).numbers() == []


def test_health_needs_no_good_key(speak):
    assert speak("fl_nobody").health().ok


def test_numbers_and_assistants(client):
    numbers, assistants = client.numbers(), client.assistants()
    assert {number.phone_number for number in numbers} == {"+31205550142", "+31205550150", "+31205550158"}
    assert {assistant.id for assistant in assistants} >= {number.agent_id for number in numbers if number.agent_id}
    changed = client.update_assistant(assistants[0].id, webhook_url="https://us.example/in", webhook_secret="s" * 20)
    assert (changed.webhook_url, changed.has_webhook_secret) == ("https://us.example/in", True)
    assert client.assistant(changed.id) == changed
    cleared = client.update_assistant(changed.id, webhook_url=None, webhook_secret=None)
    assert (cleared.webhook_url, cleared.has_webhook_secret) == (None, False)
    assert cleared.name == changed.name


@pytest.mark.parametrize("mode", ["reference", "hybrid", "pipeline", "realtime"])
def test_a_call_in_each_mode_is_placed_transcribed_and_paid_for(sandbox, client, ids, mode):
    saved = {"assistant_id": ids.assistant["Recall NL"]}
    chosen = {
        "reference": saved,
        "hybrid": saved | {"assistant_override": {"metadata": {"our_ref": "job-77"}}},
        "pipeline": {"assistant": PIPELINE},
        "realtime": {"assistant": REALTIME},
    }[mode]
    number = ids.number["+31205550142"]
    before = sandbox.clock.wall_time()
    placed = client.place_call(number_id=number, destination=PERSON, first_message="Good day.", **chosen)
    assert placed.status == "dialing"
    sandbox.advance(8)
    live = client.calls(status="in-progress", limit=5).items
    assert [call.id for call in live] == [placed.call_id]
    assert (live[0].caller_phone, live[0].number_id, live[0].direction) == (PERSON, number, "outbound")
    sandbox.advance(900)
    done = client.call(placed.call_id)
    assert done.status == "ended" and done.summary and done.messages[0] == ("assistant", "Good day.")
    start = datetime.fromtimestamp(before, UTC)
    used = client.usage(limit=10, start=start, end=start + timedelta(hours=1))
    assert [record.seconds for record in used.page.items] == [done.duration_seconds]
    assert client.calls(end=start - timedelta(seconds=1)).total == 0


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        (InjectContext("Order 4417.", trigger_response=True), None),
        (Say("One moment.", end_after=True), "ended"),
        (EndCall("Goodbye."), "ended"),
        (Transfer("+12025550188", "One moment."), "transferred"),
        (Transfer("SIP:desk@example.com"), "transferred"),
    ],
)
def test_every_command_is_accepted_and_has_its_effect(sandbox, client, bloom, place, command, ends):
    call = place(bloom)
    assert client.control_call(call, command).message
    sandbox.advance(15)
    assert client.call(call).status == (ends or "in-progress")
    if ends:
        with pytest.raises(voicedock.NotActive):
            client.control_call(call, EndCall())


def test_a_campaign_from_draft_to_its_end(client, ids):
    made = client.create_campaign(
        name="Recall",
        assistant_id=ids.assistant["Recall NL"],
        starts=time(9),
        ends=time(17, 30),
        timezone="Europe/Amsterdam",
        template="Call {{name}}.",
        leads=[(PERSON, {"name": "Eva"}), ("+31612340043", {"name": "Wim"})],
    )
    assert (made.status, made.total_leads, made.starts, made.ends) == ("draft", 2, time(9), time(17, 30))
    assert [campaign.id for campaign in client.campaigns()] == [made.id]
    changed = client.update_campaign(made.id, status="scheduled", ends=time(18), template=None)
    assert (changed.status, changed.ends, changed.template) == ("scheduled", time(18), None)
    third = client.add_lead(made.id, "+31612340044", {"name": "Noor"})
    assert [lead.phone_number for lead in client.leads(made.id)] == [PERSON, "+31612340043", "+31612340044"]
    client.remove_lead(made.id, third.id)
    assert client.campaign(made.id).total_leads == 2
    assert client.update_campaign(made.id, status="cancelled").status == "cancelled"
    client.delete_campaign(made.id)
    with pytest.raises(voicedock.NotFound):
        client.campaign(made.id)


@pytest.mark.parametrize("shape", ["A", "B"])
def test_each_refusal_is_the_error_it_should_be(sandbox, client, speak, ids, shape):
    sandbox.state.options.error_shape = shape
    number, agent = ids.number["+31205550142"], ids.assistant["Recall NL"]
    with pytest.raises(voicedock.BadKey):
        speak("fl_nobody").numbers()
    with pytest.raises(voicedock.NotFound):
        client.call("call-_+31205550142_none")
    with pytest.raises(voicedock.Refused) as refused:
        client.update_assistant(agent, llm_config={"provider": "openai", "model": "gpt-9"})
    assert "llm_config.model" in f"{refused.value.param} {refused.value.details}"
    sandbox.state.payer(client.organization().id).minutes_balance = 0.0
    with pytest.raises(voicedock.NoCredit):
        client.place_call(number_id=number, destination=PERSON, assistant_id=agent)
    sandbox.state.options.requests_per_minute = 0
    with pytest.raises(voicedock.RateLimited) as limited:
        client.place_call(number_id=number, destination=PERSON, assistant_id=agent)
    assert 1 <= limited.value.retry_after <= 60
    assert client.limits.remaining == 0 and sandbox.state.calls == {}


def test_every_response_has_the_rate_limits(client):
    client.numbers()
    assert (client.limits.limit, client.limits.remaining) == (100, 99)


def test_no_method_was_forgotten():
    """What this file calls, against what the client offers."""
    offered = {name for name, _ in inspect.getmembers(voicedock.Client, inspect.isfunction) if not name.startswith("_")}
    called = inspect.getsource(inspect.getmodule(test_no_method_was_forgotten))
    assert {name for name in offered if f".{name}(" not in called} == set()
