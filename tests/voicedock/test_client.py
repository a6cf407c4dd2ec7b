"""Each method asks the right thing, once, in the words VoiceDock uses today."""

import json
from datetime import UTC, datetime, time

import httpx
import pytest

from dashboard import voicedock
from dashboard.voicedock import EndCall, InjectContext, Say, Transfer

CALL = "call-_+12025550123_Qx7"
ENCODED = "call-_%2B12025550123_Qx7"
ORGANIZATION = {"id": "o1", "name": "Agency"}
CAMPAIGN = {"campaign": {"id": "c1"}}
LEAD = {"id": "l1", "phone_number": "+31612345678"}
NINE, FIVE = time(9), time(17, 30)
SINCE = datetime(2026, 10, 1, 9, tzinfo=UTC)
PLACED = {"success": True, "call_id": "call-outbound-Zk3", "status": "dialing"}
SENT = {"success": True, "message": "Command sent successfully"}

METHODS = [
    (lambda c: c.organization(), "GET /organizations", None, ORGANIZATION),
    (lambda c: c.organization(include_children=True), "GET /organizations?include_children=true", None, ORGANIZATION),
    (
        lambda c: c.create_organization(" Dentist ", parent_id="o1"),
        "POST /organizations",
        {"name": "Dentist", "parent_org_id": "o1"},
        (201, ORGANIZATION),
    ),
    (lambda c: c.create_organization("Dentist"), "POST /organizations", {"name": "Dentist"}, (201, ORGANIZATION)),
    (lambda c: c.numbers(), "GET /numbers", None, {"numbers": []}),
    (lambda c: c.assistants(), "GET /assistants", None, {"assistants": []}),
    (lambda c: c.assistant("a/1"), "GET /assistants/a%2F1", None, {"assistant": {"id": "a/1"}}),
    (
        lambda c: c.update_assistant("a1", webhook_url=None, webhook_events=["status-update"]),
        "PATCH /assistants/a1",
        {"webhook_url": None, "webhook_events": ["status-update"]},
        {"assistant": {"id": "a1"}},
    ),
    (lambda c: c.calls(), "GET /calls?limit=100&offset=0", None, {"calls": []}),
    (
        lambda c: c.calls(limit=5, offset=10, status="in-progress", start=SINCE, end=SINCE),
        "GET /calls?limit=5&offset=10&status=in-progress"
        "&start_date=2026-10-01T09%3A00%3A00.000Z&end_date=2026-10-01T09%3A00%3A00.000Z",
        None,
        {"calls": []},
    ),
    (lambda c: c.call(CALL), f"GET /calls/{ENCODED}", None, {"id": CALL}),
    (
        lambda c: c.place_call(number_id="n1", destination="+31612345678", assistant_id="a1"),
        "POST /calls/outbound",
        {"destination": "+31612345678", "number_id": "n1", "assistant_id": "a1"},
        (201, PLACED),
    ),
    (
        lambda c: c.control_call(CALL, InjectContext("Order 4417", trigger_response=True)),
        f"POST /calls/{ENCODED}/control",
        {"type": "inject-context", "content": "Order 4417", "trigger_response": True},
        SENT,
    ),
    (
        lambda c: c.control_call(CALL, Say(" One moment. ")),
        f"POST /calls/{ENCODED}/control",
        {"type": "say", "content": "One moment.", "end_after": False},
        SENT,
    ),
    (lambda c: c.control_call(CALL, EndCall()), f"POST /calls/{ENCODED}/control", {"type": "end-call"}, SENT),
    (
        lambda c: c.control_call(CALL, EndCall("Goodbye.")),
        f"POST /calls/{ENCODED}/control",
        {"type": "end-call", "message": "Goodbye."},
        SENT,
    ),
    (
        lambda c: c.control_call(CALL, Transfer("+12025550188", "One moment.")),
        f"POST /calls/{ENCODED}/control",
        {"type": "transfer", "destination": "+12025550188", "message": "One moment."},
        SENT,
    ),
    (
        lambda c: c.control_call(CALL, Transfer("sip:desk@example.test")),
        f"POST /calls/{ENCODED}/control",
        {"type": "transfer", "destination": "sip:desk@example.test"},
        SENT,
    ),
    (lambda c: c.campaigns(), "GET /campaigns", None, {"campaigns": []}),
    (lambda c: c.campaign("c1"), "GET /campaigns/c1", None, CAMPAIGN),
    (
        lambda c: c.create_campaign(
            name="Recall",
            assistant_id="a1",
            starts=NINE,
            ends=FIVE,
            timezone="Europe/Amsterdam",
            template="Call {{name}}.",
            leads=[("+31612345678", {"name": "Ada", "visits": 3}), ("+31612345679", {})],
        ),
        "POST /campaigns",
        {
            "name": "Recall",
            "agent_id": "a1",
            "schedule_start_time": "09:00:00",
            "schedule_end_time": "17:30:00",
            "timezone": "Europe/Amsterdam",
            "system_message_template": "Call {{name}}.",
            "leads": [
                {"phone_number": "+31612345678", "variables": {"name": "Ada", "visits": "3"}},
                {"phone_number": "+31612345679"},
            ],
        },
        (201, CAMPAIGN),
    ),
    (
        lambda c: c.update_campaign("c1", status="scheduled", starts=NINE, template=None),
        "PATCH /campaigns/c1",
        {"status": "scheduled", "schedule_start_time": "09:00:00", "system_message_template": None},
        CAMPAIGN,
    ),
    (lambda c: c.delete_campaign("c1"), "DELETE /campaigns/c1", None, {"success": True}),
    (lambda c: c.delete_campaign("c1"), "DELETE /campaigns/c1", None, httpx.Response(204)),
    (lambda c: c.leads("c1"), "GET /campaigns/c1/leads", None, {"leads": []}),
    (
        lambda c: c.add_lead("c1", "+31612345678", {"name": "Ada"}),
        "POST /campaigns/c1/leads",
        {"phone_number": "+31612345678", "variables": {"name": "Ada"}},
        (201, {"lead": LEAD}),
    ),
    (lambda c: c.remove_lead("c1", "l1"), "DELETE /campaigns/c1/leads/l1", None, {"success": True}),
    (lambda c: c.usage(limit=1), "GET /usage?limit=1&offset=0", None, {"logs": [], "summary": {}}),
    (lambda c: c.health(), "GET /health", None, {"status": "ok"}),
]


@pytest.mark.parametrize(("ask", "asked", "body", "answer"), METHODS)
def test_each_method_asks_one_thing(client, vendor, ask, asked, body, answer):
    vendor.answer(answer)
    ask(client)
    assert vendor.asked == [asked]
    assert vendor.bodies == [body]


def test_every_method_is_tried_above():
    public = {name for name in vars(voicedock.Client) if not name.startswith("_")} - {"close", "limits"}
    tried = {name for ask, *_ in METHODS for name in ask.__code__.co_names}
    assert public <= tried


def test_a_request_carries_key_and_name_and_health_no_key(client, vendor):
    vendor.answer({"numbers": []}, {"status": "ok"})
    client.numbers()
    client.health()
    first, second = vendor.requests
    assert first.headers["Authorization"] == "Bearer opaque-canary"
    assert first.headers["User-Agent"].startswith("patchbay/")
    assert "Authorization" not in second.headers


def test_the_key_shows_nowhere(client):
    assert "canary" not in repr(client) + str(client) + repr(vars(client)) + repr(vars(client._exchange))


@pytest.mark.parametrize("id", ["", ".", "..", None, 7, "\ud800"])
def test_an_id_that_is_none_is_not_sent(client, vendor, id):
    for ask in (client.call, client.assistant, client.campaign, client.leads, client.delete_campaign):
        with pytest.raises(voicedock.Invalid):
            ask(id)
    assert vendor.asked == []


@pytest.mark.parametrize(
    ("id", "path"), [("a b", "a%20b"), ("../x", "..%2Fx"), ("50%", "50%25"), ("a?b#c", "a%3Fb%23c"), ("é", "%C3%A9")]
)
def test_ids_are_percent_encoded(client, vendor, id, path):
    vendor.answer({"id": "x"})
    client.call(id)
    assert vendor.asked == [f"GET /calls/{path}"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.calls(limit=1001),
        lambda c: c.calls(limit=0),
        lambda c: c.usage(offset=-1),
        lambda c: c.calls(start=datetime(2026, 1, 1)),
        lambda c: c.update_assistant("a1"),
        lambda c: c.update_assistant("a1", metadata={"at": object()}),
        lambda c: c.update_assistant("a1", name="\ud800"),
        lambda c: c.update_campaign("c1"),
        lambda c: c.update_campaign("c1", status="completed"),
        lambda c: c.update_campaign("c1", agent_id="a2"),
        lambda c: c.create_organization(" "),
        lambda c: c.create_campaign(name="", assistant_id="a", starts=NINE, ends=FIVE, timezone="UTC"),
        lambda c: c.create_campaign(name="A", assistant_id="a", starts="9", ends=FIVE, timezone="UTC"),
        lambda c: c.add_lead("c1", "0612345678"),
        lambda c: c.control_call(CALL, Say("  ")),
        lambda c: c.control_call(CALL, InjectContext("")),
        lambda c: c.control_call(CALL, Transfer("the desk")),
    ],
)
def test_what_cannot_be_meant_is_not_sent(client, vendor, ask):
    with pytest.raises(voicedock.Invalid) as error:
        ask(client)
    assert vendor.asked == []
    assert error.value.sent is False
    assert error.value.message.endswith(".")


@pytest.mark.parametrize("key", ["", "with space", "ключ", "line\nbreak"])
def test_a_key_that_no_header_can_hold_is_reported_as_that(vendor, key):
    client = voicedock.Client(key, base_url="https://v.test", transport=httpx.MockTransport(vendor))
    with client, pytest.raises(voicedock.Invalid, match="Paste it again"):
        client.numbers()
    assert vendor.asked == []


def test_pages_say_whether_there_is_more(client, vendor):
    calls = [{"id": f"call-{n}"} for n in range(2)]
    vendor.answer({"calls": calls, "pagination": {"total": 5, "limit": 2, "offset": 2}})
    page = client.calls(limit=2, offset=2)
    assert ([call.id for call in page.items], page.total, page.limit, page.offset) == (["call-0", "call-1"], 5, 2, 2)
    assert page.more
    vendor.answer({"calls": calls, "pagination": {"total": 4, "limit": 2, "offset": 2}})
    assert not client.calls(limit=2, offset=2).more
    vendor.answer({"calls": [], "pagination": {"total": 9, "limit": 2, "offset": 2}})
    assert not client.calls(limit=2, offset=2).more
    vendor.answer({"calls": calls})
    assert client.calls().total == 2


def test_the_last_limit_is_kept(client, vendor):
    assert client.limits is None
    headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "1700000000"}
    vendor.answer(httpx.Response(200, json={"numbers": []}, headers=headers), {"numbers": []})
    client.numbers()
    client.numbers()
    expected = voicedock.RateLimit(100, 7, datetime.fromtimestamp(1700000000, UTC))
    assert client.limits == expected
    vendor.answer(httpx.Response(200, json={"numbers": []}, headers={"X-RateLimit-Remaining": "soon"}))
    client.numbers()
    assert client.limits == expected


def test_a_new_organizations_key_is_given_once_and_not_shown(client, vendor):
    vendor.answer((201, ORGANIZATION | {"api_key": "fl_new"}))
    made = client.create_organization("Dentist")
    assert made.api_key == "fl_new"
    assert "fl_new" not in repr(made)


@pytest.mark.parametrize("answer", [(503, {"status": "degraded"}), (500, "<html>"), {"status": "degraded"}, []])
def test_anything_but_a_plain_yes_is_degraded(client, vendor, answer):
    vendor.answer(answer)
    assert not client.health().ok


@pytest.mark.parametrize("answer", [{}, {"numbers": None}, {"numbers": {}}, {"calls": []}])
def test_a_list_that_is_missing_is_not_an_empty_one(client, vendor, answer):
    """Else everything we know would be marked as gone."""
    vendor.answer(answer)
    with pytest.raises(voicedock.Malformed):
        client.numbers()


def test_deprecated_names_are_never_sent():
    """`agent_id` lives on in campaigns alone (`§6.1`)."""
    for _, asked, body, _ in METHODS:
        if "campaigns" not in asked:
            assert not {'"agent_id"', '"agent"', '"agent_config"'} & set(json.dumps(body).replace(":", " ").split())
            assert "/agents" not in asked and "/account" not in asked
