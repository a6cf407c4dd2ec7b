"""Webhooks through the web process: stored before they are answered, many by one commit, each refused alone."""

import asyncio
import itertools
import json
import signal
import time

import httpx
import psycopg
import pytest

from dashboard.sync.models import Kind, SyncState
from dashboard.voicedock import webhooks
from dashboard.webhooks import ingest as ingests
from dashboard.webhooks import writer as writers
from dashboard.webhooks.ingest import PREFIX, Ingest
from dashboard.webhooks.models import Delivery, Rejection
from dashboard.webhooks.writer import Writer
from tenants.isolation import scope
from tenants.models import Connection, ConnectionSecret
from tests.web import server
from tests.web.asgi import Request, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(agency):
    """The address of a connection and its secret."""
    with scope.for_system("a test signs"):
        row = ConnectionSecret.objects.get(connection=agency.connection)
        secret = row.new_webhook_secret()
        row.save()
    return agency.connection.webhook_token, secret


def body(number=1, **more):
    call = {"id": f"call-_{number}", "type": "inbound_phone_call", "status": "in-progress"}
    return json.dumps({"message": {"type": "status-update", "call": call} | more}).encode()


def signed(endpoint, raw, *, at=None, **headers):
    token, secret = endpoint
    stamp = str(int(time.time() if at is None else at))
    signature = "sha256=" + webhooks.sign(secret, stamp, raw)
    names = {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": signature} | headers
    return post(f"{PREFIX}{token}/", raw, **names)


def sent(ingest, *requests, stop=True):
    """The statuses of these requests, sent together."""

    async def story():
        async def one(request):
            await ingest(request.scope, (await request.incoming.get())["body"], request.send)
            return request.status

        try:
            return await asyncio.gather(*(one(request) for request in requests))
        finally:
            if stop:
                await ingest.stop()

    return asyncio.run(story())


def stored():
    with scope.for_system("look"):
        return list(Delivery.objects.order_by("id"))


def rejected():
    with scope.for_system("look"):
        return {row.reason: row.times for row in Rejection.objects.all()}


def test_one_is_answered_after_it_is_stored(endpoint):
    request = signed(endpoint, body())
    assert sent(Ingest(), request) == [200]
    assert (request.body, request.answered["content-type"]) == (b"{}", "application/json")
    (row,) = stored()
    assert (row.outcome, row.attempts, row.times, row.event, row.call_id_sent) == (
        *("waiting", 0, 1, "status-update"),
        "call-_1",
    )
    assert row.payload["status"] == "in-progress" and row.signed_at is not None


def test_every_answer_is_that_of_the_view(endpoint, client):
    """The same requests to both, with a body of its own for each."""
    token, secret = endpoint
    cases = [
        (endpoint, lambda n: body(n), {}),
        (endpoint, lambda n: b"[]", {}),
        (endpoint, lambda n: b"", {}),
        ((token, "guessed"), lambda n: body(n), {}),
        (("nobody", secret), lambda n: body(n), {}),
        (endpoint, lambda n: body(n), {"X-Webhook-Signature": ""}),
        (endpoint, lambda n: body(n), {"X-Webhook-Timestamp": "-1"}),
        (endpoint, lambda n: body(n), {"X-Webhook-Signature": "sha256=" + "0" * 64}),
    ]
    for nth, (address, make, headers) in enumerate(cases):
        ours, views = signed(address, make(nth), **headers), signed(address, make(nth + 100), **headers)
        sent(Ingest(), ours)
        answer = client.post(views.path, make(nth + 100), content_type="application/json", headers=views.headers)
        assert (ours.status, ours.body) == (answer.status_code, answer.content), (nth, headers)
        assert ours.answered["content-type"] == answer.headers["Content-Type"]
        for name in ("Cache-Control", "X-Content-Type-Options"):
            assert ours.answered[name.lower()] == answer.headers[name]


def test_forged_ones_are_counted_and_nothing_of_them_is_kept(endpoint):
    token, _ = endpoint
    forged = [signed((token, "guessed"), body(n)) for n in range(20)]
    assert sent(Ingest(), *forged, signed(endpoint, body())) == [401] * 20 + [200]
    assert len(stored()) == 1
    assert rejected() == {"forged": 20}


def test_stale_ones_are_stored_not_applied_and_the_list_is_asked(endpoint, agency):
    SyncState.objects.update_or_create(
        connection=agency.connection, kind=Kind.CALLS, defaults={"due_at": "2999-01-01T00:00Z"}
    )
    late = [signed(endpoint, body(), at=time.time() + seconds) for seconds in (-301, 302)]
    assert sent(Ingest(), *late) == [200, 200]
    assert [(row.outcome, row.times) for row in stored()] == [("set-aside", 2)]
    assert rejected() == {"stale": 2}
    assert SyncState.objects.get(kind=Kind.CALLS).due_at.year < 2999
    assert sent(Ingest(), signed(endpoint, body())) == [200]
    assert [(row.outcome, row.times, row.error) for row in stored()] == [("waiting", 3, "")]


def test_what_is_sent_again_is_one_row_with_its_count(endpoint):
    requests = [signed(endpoint, body(n)) for _ in range(3) for n in range(100)]
    assert sent(Ingest(), *requests) == [200] * 300
    assert sent(Ingest(), *(signed(endpoint, body(n)) for n in range(90))) == [200] * 90
    rows = stored()
    assert len(rows) == 100
    assert sorted(row.times for row in rows) == [3] * 10 + [4] * 90
    assert [row.call_id_sent for row in rows] == [f"call-_{n}" for n in range(100)], "in the order of arrival"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def with_clock(clock):
    writer = Writer()
    writer.endpoints._clock = clock
    return Ingest(writer)


@pytest.mark.parametrize("revoked", ["token", "secret"])
def test_a_revoked_token_or_secret_is_dead_within_ten_seconds(endpoint, agency, revoked):
    clock = Clock()
    ingest = with_clock(clock)
    assert sent(ingest, signed(endpoint, body(1))) == [200]
    with scope.for_system("revoke"):
        if revoked == "token":
            Connection.objects.filter(pk=agency.connection.pk).update(webhook_token="another")
        else:
            ConnectionSecret.objects.filter(pk=agency.connection.pk).update(sealed_webhook_secret="")
    clock.now += 10
    assert sent(ingest, signed(endpoint, body(2))) == [404 if revoked == "token" else 401]
    assert len(stored()) == 1


def test_a_new_secret_is_good_at_once(endpoint, agency):
    clock = Clock()
    ingest = with_clock(clock)
    assert sent(ingest, signed(endpoint, body(1))) == [200]
    with scope.for_system("rotate"):
        row = ConnectionSecret.objects.get(connection=agency.connection)
        new = row.new_webhook_secret()
        row.save()
    clock.now += 0.1
    assert sent(ingest, signed((endpoint[0], new), body(2)), signed(endpoint, body(3))) == [200, 200]


def test_a_secret_that_cannot_be_opened_stops_no_other_connection(endpoint, bloom_organization):
    with scope.for_system("a key was lost"):
        other = bloom_organization.connection
        ConnectionSecret.objects.filter(connection=other).update(sealed_webhook_secret="of another key")
    requests = [signed((other.webhook_token, "x"), body(1)), signed(endpoint, body(2))]
    assert sent(Ingest(), *requests) == [401, 200]


def test_guessed_tokens_push_no_real_one_out_and_take_bounded_memory(endpoint, monkeypatch):
    monkeypatch.setattr("dashboard.webhooks.endpoints.MOST_UNKNOWN", 5)
    ingest = Ingest(Writer())
    assert sent(ingest, signed(endpoint, body())) == [200]
    assert sent(ingest, *(signed((f"guess{n}", "x"), body()) for n in range(30))) == [404] * 30
    assert len(ingest.writer.endpoints) <= 31 and ingest.writer.endpoints.get(endpoint[0])
    assert sent(ingest, *(signed((f"more{n}", "x"), body()) for n in range(3))) == [404] * 3
    assert len(ingest.writer.endpoints) <= 9
    assert sent(ingest, signed(("a/b", "x"), body()), signed(("ü", "x"), body())) == [404, 404]


class Gate:
    """Connections whose statements wait until they are let go; `ran` counts the rows of each that stores."""

    def __init__(self):
        self.open, self.ran = asyncio.Event(), []

    async def connect(self):
        real = await writers.connect()
        execute = real.execute

        async def gated(statement, parameters=None, **more):
            if statement == writers.storage.STORE:
                await self.open.wait()
                self.ran.append(len(parameters[0]))
            return await execute(statement, parameters, **more)

        real.execute = gated
        return real


def test_while_one_commit_runs_the_next_batch_collects(endpoint):
    async def story():
        gate = Gate()
        ingest = Ingest(Writer(gate.connect))
        requests = [signed(endpoint, body(n)) for n in range(60)]
        tasks = [asyncio.create_task(_receive(ingest, requests[0]))]
        while not ingest.writer._bytes:
            await asyncio.sleep(0)
        tasks += [asyncio.create_task(_receive(ingest, request)) for request in requests[1:]]
        while len(ingest.writer._rows) < 59:
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks), "nobody is answered before the commit"
        gate.open.set()
        statuses = await asyncio.gather(*tasks)
        await ingest.stop()
        return statuses, gate.ran

    statuses, ran = asyncio.run(story())
    assert statuses == [200] * 60 and sum(ran) == 60 and len(ran) <= 2
    assert len(stored()) == 60


def test_a_full_queue_is_answered_503_at_once(endpoint, monkeypatch):
    monkeypatch.setattr(writers, "MOST_ROWS", 3)

    async def story():
        gate = Gate()
        ingest = Ingest(Writer(gate.connect))
        first = asyncio.create_task(_receive(ingest, signed(endpoint, body(0))))
        while ingest.writer._rows or not ingest.writer._bytes:
            await asyncio.sleep(0)
        waiting = [asyncio.create_task(_receive(ingest, signed(endpoint, body(n)))) for n in (1, 2, 3)]
        while len(ingest.writer._rows) < 3:
            await asyncio.sleep(0)
        refused = signed(endpoint, body(4))
        await _receive(ingest, refused)
        gate.open.set()
        statuses = await asyncio.gather(first, *waiting)
        await ingest.stop()
        return refused, statuses

    refused, statuses = asyncio.run(story())
    assert (refused.status, refused.answered["retry-after"]) == (503, "5")
    assert statuses == [200] * 4 and len(stored()) == 4


def test_bodies_that_wait_are_bounded_together_whoever_sent_them(endpoint, monkeypatch):
    monkeypatch.setattr(ingests, "MOST_HELD", 3 * len(body(0)))

    async def story():
        gate = Gate()
        ingest = Ingest(Writer(gate.connect))
        tasks = [asyncio.create_task(_receive(ingest, signed(endpoint, body(n)))) for n in range(6)]
        while not any(task.done() for task in tasks):
            await asyncio.sleep(0)
        gate.open.set()
        statuses = await asyncio.gather(*tasks)
        last = await _receive(ingest, signed(endpoint, body(9)))
        await ingest.stop()
        return statuses, last

    statuses, last = asyncio.run(story())
    assert sorted(statuses) == [200] * 3 + [503] * 3 and last == 200


async def _receive(ingest, request: Request):
    await ingest(request.scope, (await request.incoming.get())["body"], request.send)
    return request.status


def test_a_row_that_the_database_refuses_stands_alone(endpoint, superuser):
    superuser(
        "CREATE FUNCTION refuse_seven() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.call_id_sent = 'call-_7' THEN RAISE 'no'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER refuse_seven BEFORE INSERT ON webhooks_delivery FOR EACH ROW EXECUTE FUNCTION refuse_seven()",
    )
    try:
        statuses = sent(Ingest(), *(signed(endpoint, body(n)) for n in range(40)))
    finally:
        superuser("DROP FUNCTION refuse_seven CASCADE")
    assert [n for n, status in enumerate(statuses) if status != 200] == [7]
    assert statuses[7] == 500 and len(stored()) == 39


def test_a_connection_that_was_lost_is_made_anew(endpoint, superuser):
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'patchbay webhooks' AND datname = current_database()"
    )

    async def story():
        ingest = Ingest()
        statuses = [await _receive(ingest, signed(endpoint, body(1)))]
        await asyncio.to_thread(superuser, kill)
        statuses.append(await _receive(ingest, signed(endpoint, body(2))))
        await ingest.stop()
        return statuses

    assert asyncio.run(story()) == [200, 200]
    assert len(stored()) == 2


def test_a_database_that_is_away_is_answered_503(endpoint, monkeypatch):
    monkeypatch.setattr(writers, "PATIENCE", 0.0)

    async def away():
        raise psycopg.OperationalError("no server")

    request = signed(endpoint, body())
    assert sent(Ingest(Writer(away)), request) == [503]
    assert request.answered["retry-after"] == "5" and stored() == []


def test_what_waits_at_the_stop_is_stored(endpoint):
    async def story():
        ingest = Ingest()
        tasks = [asyncio.create_task(_receive(ingest, signed(endpoint, body(n)))) for n in range(30)]
        while len(ingest.writer._rows) < 30 and not any(task.done() for task in tasks):
            await asyncio.sleep(0)
        await ingest.stop()
        return await asyncio.gather(*tasks)

    assert asyncio.run(story()) == [200] * 30
    assert len(stored()) == 30


@pytest.fixture
def web():
    with server.started() as one:
        yield one.wait()


async def _post_until_it_ends(web, endpoint, first, *, answered, enough):
    """Post one body after the other, noting those that were answered 200, until the server takes no more."""
    async with httpx.AsyncClient(base_url=web.url, trust_env=False, timeout=30) as browser:
        for number in itertools.count(first, 1000):
            request = signed(endpoint, body(number))
            headers = {**request.headers, "Host": "127.0.0.1"}
            try:
                answer = await browser.post(request.path, content=body(number), headers=headers)
            except httpx.HTTPError:
                return
            assert answer.status_code == 200
            answered.add(f"call-_{number}")
            if len(answered) >= 150:
                enough.set()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_answered_is_stored_however_the_web_process_ends(web, endpoint, how):
    async def story():
        answered, enough = set(), asyncio.Event()
        senders = [
            asyncio.create_task(_post_until_it_ends(web, endpoint, n, answered=answered, enough=enough))
            for n in range(12)
        ]
        await enough.wait()
        web.process.send_signal(how)
        await asyncio.gather(*senders)
        return answered

    answered = asyncio.run(story())
    web.process.wait(40)
    kept = {row.call_id_sent for row in stored()}
    assert len(answered) >= 150 and answered <= kept
    if how == signal.SIGTERM:
        assert answered == kept, "nothing is stored and not answered"


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(web, endpoint):
    token, _ = endpoint
    large = b"x" * (512 * 1024 + 1)
    answer = httpx.post(f"{web.url}{PREFIX}{token}/", content=large, trust_env=False, timeout=30)
    assert answer.status_code == 413
    assert httpx.get(f"{web.url}{PREFIX}{token}/", trust_env=False, timeout=30).status_code == 405
    assert stored() == []
