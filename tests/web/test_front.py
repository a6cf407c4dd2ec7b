"""Each kind of request has threads of its own: held here by an application that waits until it is let go."""

import asyncio
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.conf import settings

from dashboard.rate_limits import limiter, waiting
from dashboard.web import application as front
from dashboard.web import readiness, request_bodies, responses, shutdown, upload_permission
from dashboard.web.application import Front
from dashboard.web.request_kinds import Kind, ends_a_call, route_of
from dashboard.web.thread_pools import CONNECTIONS, SIZES, Pools, Size
from tenants.access.permissions import Permission, Role
from tests.web.asgi import FORM, Request, get, post

CALL = "/c/bloom/calls/0b0b1b6e-1111-4222-8333-444444444444/command/"
SAY, END = b"type=say&words=Hello", b"type=end-call"
SMALL = {
    Kind.PAGE: Size(threads=2, most=4, at_work=2),
    Kind.COMMAND: Size(threads=3, most=3, at_work=1, may_wait=True, share=2),
    Kind.ENDING: Size(threads=2, most=2, at_work=1, may_wait=True, share=2),
    Kind.EXPORT: Size(threads=1, most=1, at_work=1),
}


class Hanging:
    """A WSGI application whose commands wait for VoiceDock, which answers when `answer` is set."""

    def __init__(self):
        self.answer, self.lock, self.waiting, self.asked = threading.Event(), threading.Lock(), 0, 0

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        words = b"page"
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == CALL:
            words = self.ask() if waiting.allowed() else b"not asked"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [words + b" " + body[:8]]

    def ask(self):
        waiting.begin()
        with self.lock:
            self.asked += 1
        assert self.answer.wait(10)
        waiting.end()
        return b"asked"


@pytest.fixture
def hanging():
    application = Hanging()
    yield application
    application.answer.set()


async def no_events(scope, receive, send):
    await responses.text(scope, send, 404, "")


async def webhooks(scope, body, send):
    await responses.json(scope, send, 200, {})


def front_of(application, sizes=None):
    return Front(application, no_events, webhooks, Pools(application, sizes or SMALL))


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come to pass")


def start(served, *requests):
    return [asyncio.create_task(request.go(served)) for request in requests]


def test_hung_commands_leave_pages_webhooks_exports_and_health_alone(hanging, monkeypatch):
    monkeypatch.setattr(readiness, "ask", lambda: (200, {"database": "ok"}))
    other = CALL.replace("bloom", "harbor")

    async def story():
        served = front_of(hanging)
        hung = start(served, post(CALL, SAY), post(CALL, SAY), post(CALL, END), post(CALL, END))
        await until(lambda: hanging.asked == 4)
        assert not any(task.done() for task in hung)
        free = [get("/"), get("/c/bloom/calls/export.csv"), post("/hooks/voicedock/x/", b"{}"), get("/healthz")]
        for request in [*free, get("/readyz"), post(other, SAY)]:
            assert (await request.go(served)).status == 200
        hanging.answer.set()
        return [(await task).body for task in hung]

    assert asyncio.run(story()) == [b"asked type=say", b"asked type=say", b"asked type=end", b"asked type=end"]


def test_a_command_without_a_thread_is_answered_without_asking(hanging):
    async def story():
        served = front_of(hanging)
        hung = start(served, post(CALL, SAY), post(CALL, SAY))
        await until(lambda: hanging.asked == 2)
        answer = await post(CALL, SAY).go(served)
        hanging.answer.set()
        await asyncio.gather(*hung)
        return answer.body

    assert asyncio.run(story()) == b"not asked type=say"


def test_one_client_leaves_a_thread_to_the_others(hanging):
    """Its own limit is below that of the pool: the third command of `bloom` is not asked, that of `harbor` is."""
    pools = Pools(hanging, SMALL)
    mine = pools.of[Kind.COMMAND]
    mine.inside, mine.clients["bloom"] = 2, 2
    assert not mine.has_capacity("bloom") and mine.has_capacity("harbor")
    assert pools.choose(route_of("POST", CALL), ends=False) is pools.of[Kind.PAGE]
    assert pools.choose(route_of("POST", CALL.replace("bloom", "harbor")), ends=False) is mine


def test_ending_has_threads_of_its_own_and_takes_a_commands_when_they_are_used(hanging):
    async def story():
        served = front_of(hanging)
        hung = start(served, post(CALL, END), post(CALL, END))
        await until(lambda: hanging.asked == 2)
        third = start(served, post(CALL, END))
        await until(lambda: hanging.asked == 3)
        assert [pool.inside for pool in served.pools.of.values()] == [0, 1, 2, 0]
        hanging.answer.set()
        await asyncio.gather(*hung, *third)

    asyncio.run(story())


def test_who_waits_for_voicedock_is_not_at_work():
    """One place at work, many threads: all of them get to ask, and the place is free while they wait."""
    application = Hanging()

    async def story():
        served = front_of(application, {**SMALL, Kind.COMMAND: Size(8, 8, at_work=1, may_wait=True)})
        hung = start(served, *(post(CALL, SAY) for _ in range(8)))
        await until(lambda: application.asked == 8)
        free = served.pools.of[Kind.COMMAND]._at_work
        assert free.acquire(blocking=False)
        free.release()
        application.answer.set()
        await asyncio.gather(*hung)

    asyncio.run(story())


def test_a_full_pool_refuses_in_words():
    async def story():
        application = Hanging()
        served = front_of(application, {**SMALL, Kind.EXPORT: Size(1, 0, at_work=1)})
        return await get("/c/bloom/calls/export.csv").go(served)

    request = asyncio.run(story())
    assert request.status == 503 and request.answered["retry-after"]
    assert "Nothing was done" in request.body.decode()


def test_a_slow_body_holds_no_thread(hanging):
    async def story():
        served = front_of(hanging, SIZES)
        slow = [Request("POST", "/leave/", headers={"Content-Type": FORM, "Content-Length": "9"}) for _ in range(40)]
        tasks = start(served, *slow)
        for request in slow:
            request.feed(b"a=1", more=True)
        assert (await get("/").go(served)).status == 200
        assert [pool.inside for pool in served.pools.of.values()] == [0, 0, 0, 0, 0]
        for request in slow:
            request.feed(b"&bcd=2")
        return {(await task).body for task in tasks}

    assert asyncio.run(story()) == {b"page a=1&bcd="}


@pytest.mark.parametrize(
    ("headers", "chunks", "status"),
    [
        ({"Content-Length": str(20 * 1024 * 1024)}, [], 413),
        ({"Content-Length": "many"}, [], 400),
        ({"Transfer-Encoding": "chunked"}, [b"x" * 200_000, b"x" * 200_000], 413),
        ({"Content-Length": "10"}, [b"x"], 408),
    ],
)
def test_what_is_too_large_or_too_slow_is_refused_before_a_thread_is_taken(monkeypatch, headers, chunks, status):
    monkeypatch.setattr(request_bodies, "DRAIN_WITHIN", 0.01)
    monkeypatch.setattr(front, "route_of", lambda *asked: replace(route_of(*asked), within=0.05))

    async def story():
        request = Request("POST", "/leave/", headers=headers)
        for chunk in chunks:
            request.feed(chunk, more=True)
        return await request.go(front_of(lambda *_: pytest.fail("a thread was taken")))

    request = asyncio.run(story())
    assert request.status == status and request.answered["connection"] == "close"
    assert "Nothing was done" in request.body.decode()


PEOPLE = "/c/bloom/campaigns/drafts/1/people/"


@pytest.mark.parametrize("session", ["", "nobody"])
def test_a_file_is_read_only_from_whoever_may_send_one(monkeypatch, session):
    seen, cookie = [], f"{settings.SESSION_COOKIE_NAME}={session}"
    monkeypatch.setattr(request_bodies, "DRAIN_WITHIN", 0.01)
    monkeypatch.setattr(upload_permission, "_may", lambda *given: seen.append(given))

    async def story():
        headers = {
            "Content-Length": str(20 * 1024 * 1024),
            "Cookie": cookie.replace("SESSION", settings.SESSION_COOKIE_NAME),
        }
        return await Request("POST", PEOPLE, headers=headers).go(front_of(lambda *_: pytest.fail("it was read")))

    assert asyncio.run(story()).status == 413
    assert seen == ([("nobody", "bloom", Permission.RUN_CAMPAIGNS)] if session else [])


def test_a_large_file_of_somebody_who_may_send_one_reaches_the_view(hanging, monkeypatch):
    monkeypatch.setattr(upload_permission, "_may", lambda *given: True)
    sizes = SMALL | {Kind.UPLOAD: Size(threads=1, most=1, at_work=1)}

    async def story(path, size):
        monkeypatch.setattr(request_bodies, "DRAIN_WITHIN", 0.01)
        request = Request(
            "POST", path, headers={"Content-Length": str(size), "Cookie": f"{settings.SESSION_COOKIE_NAME}=manager"}
        )
        request.feed(b"x" * min(size, 1024 * 1024))
        return (await request.go(front_of(hanging, sizes))).status

    assert asyncio.run(story(PEOPLE, 1024 * 1024)) == 200
    assert asyncio.run(story("/leave/", 1024 * 1024)) == 413
    assert asyncio.run(story(PEOPLE, 27 * 1024 * 1024)) == 413


def test_who_may_send_files_is_whoever_may_run_campaigns(bloom, harbor, make_member, sign_in, monkeypatch):
    monkeypatch.setattr(upload_permission, "connections", SimpleNamespace(close_all=lambda: None))  # that of the test

    def may(user, slug):
        session_key = sign_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        return upload_permission._may(session_key, slug, Permission.RUN_CAMPAIGNS)

    manager, viewer = make_member(bloom, Role.MANAGER), make_member(bloom, Role.VIEWER)
    assert may(manager, bloom.slug) and not may(viewer, bloom.slug)
    assert not may(manager, harbor.slug)
    assert not upload_permission._may("of nobody", bloom.slug, Permission.RUN_CAMPAIGNS)


def test_what_is_held_of_unfinished_bodies_has_a_limit():
    async def story():
        held = request_bodies.Bodies(most=100)
        request = Request("POST", "/leave/")
        request.feed(b"x" * 101, more=True)
        with pytest.raises(request_bodies.Refused) as refused:
            await held.read(request.incoming.get, {b"content-length": b"200"}, 1000, 1)
        return refused.value.status, held.held

    assert asyncio.run(story()) == (503, 0)


def test_a_sender_who_leaves_takes_no_thread():
    async def story():
        request = Request("POST", "/leave/", headers={"Content-Length": "10"})
        request.feed(b"x", more=True)
        request.leave()
        return await request.go(front_of(lambda *_: pytest.fail("a thread was taken")))

    assert asyncio.run(story()).messages == []


def test_while_it_stops_it_is_not_ready_and_each_answer_is_the_last(hanging, monkeypatch):
    monkeypatch.setattr(shutdown, "_begun", True)

    async def story():
        served = front_of(hanging)
        return await get("/readyz").go(served), await get("/").go(served), await get("/healthz").go(served)

    ready, page, health = asyncio.run(story())
    assert (ready.status, page.status, health.status) == (503, 200, 200)
    assert page.answered["connection"] == health.answered["connection"] == "close"


def test_raw_bytes_in_a_query_and_headers_with_underscores_stop_at_the_front(hanging):
    seen = []

    def application(environ, start_response):
        seen.append((environ["QUERY_STRING"], [name for name in environ if "FORWARDED" in name]))
        return hanging(environ, start_response)

    async def story():
        request = get("/", query=b"q=\xff\x00a%20b&c=d", headers={"X_Forwarded_For": "1.2.3.4"})
        return await request.go(front_of(application))

    assert asyncio.run(story()).status == 200
    assert seen == [("q=%FF%00a%20b&c=d", [])]


def test_kinds_follow_from_the_views():
    kinds = {
        ("GET", "/c/bloom/call/"): Kind.PAGE,
        ("POST", "/c/bloom/call/"): Kind.COMMAND,
        ("POST", CALL): Kind.COMMAND,
        ("POST", "/c/bloom/campaigns/1/start/"): Kind.COMMAND,
        ("POST", "/connections/add/"): Kind.COMMAND,
        ("POST", "/accounts/login/"): Kind.PAGE,
        ("POST", "/hooks/voicedock/x/"): Kind.HOOK,
        ("GET", "/hooks/voicedock/x/"): Kind.PAGE,
        ("GET", "/c/bloom/calls/export.csv"): Kind.EXPORT,
        ("GET", "/clients/bloom/caller-id.csv"): Kind.EXPORT,
        ("GET", "/admin/calls/call/export/"): Kind.EXPORT,
        ("GET", "/admin/calls/call/caller-id/export/"): Kind.EXPORT,
        ("GET", "/nothing/here/"): Kind.PAGE,
    }
    assert {asked: route_of(*asked).kind for asked in kinds} == kinds


@pytest.mark.parametrize(
    ("body", "kind", "ends"),
    [
        (END, FORM, True),
        (SAY, FORM, False),
        (b"type=end-call&type=say", FORM, False),
        (b"type=say&type=end-call", FORM + "; charset=utf-8", True),
        (b"\xff", FORM, False),
        (b"a=1&" * 100 + END, FORM, False),
        (END, "text/plain", False),
    ],
)
def test_what_ends_a_call_is_read_as_the_view_reads_it(body, kind, ends):
    assert ends_a_call(body, kind) is ends


def test_the_database_has_a_connection_for_everybody_at_work():
    assert settings.WEB_CONNECTIONS >= CONNECTIONS
    assert SIZES[Kind.ENDING].may_wait and not SIZES[Kind.PAGE].may_wait


def test_a_pages_thread_never_asks_voicedock():
    budget = object.__new__(limiter._RequestBudget)  # what it holds is not looked at
    with waiting.use_slot(waiting.RequestSlot(may_wait=False)), pytest.raises(limiter.RateLimitExceeded) as busy:
        budget.take()
    assert busy.value.retry_after <= 5 and "wait for VoiceDock" in busy.value.message
