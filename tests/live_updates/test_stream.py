"""`/events/`: who may listen, to what, and for how long."""

import asyncio
import json
from functools import partial

import pytest
from django.conf import settings
from django.db import connection as database

from dashboard.clients import suspension
from dashboard.live_updates import feed, publish, stream
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import Membership, Tenant
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


class Browser:
    """One open stream."""

    def __init__(self, client, query="", **headers):
        cookie = (
            f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}" if client else ""
        )
        sent = {"host": "patchbay.test", "cookie": cookie} | {k.replace("_", "-"): v for k, v in headers.items()}
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/events/",
            "query_string": query.encode("latin-1"),
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        }
        self.answers: asyncio.Queue = asyncio.Queue()
        self.leave = asyncio.Event()

    async def __aenter__(self):
        self.task = asyncio.create_task(stream.app(self.scope, self._receive, self.answers.put))
        start = await self._next()
        self.status, self.headers = start["status"], dict(start["headers"])
        self.first = (await self._next()).get("body", b"").decode()
        return self

    async def __aexit__(self, *_):
        self.leave.set()
        await asyncio.wait_for(self.task, PATIENCE)

    async def block(self):
        """The next block of lines, or None at the end of the stream."""
        answer = await self._next()
        return answer["body"].decode() if answer.get("more_body") else None

    async def change(self):
        block = await self.block()
        return json.loads(next(line[6:] for line in block.splitlines() if line.startswith("data: ")))

    async def _next(self):
        return await asyncio.wait_for(self.answers.get(), PATIENCE)

    async def _receive(self):
        await self.leave.wait()
        return {"type": "http.disconnect"}


def play(story):
    async def whole():
        try:
            return await story()
        finally:
            await feed.shutdown()

    return asyncio.run(whole())


async def in_thread(work, *args):
    def done():
        try:
            return work(*args)
        finally:
            database.close()

    return await asyncio.to_thread(done)


def note(tenant, ref, kind="call"):
    with scope.for_system("a change"):
        publish.row_changed(kind, ref, tenant=tenant, version=2)


async def settled():
    while feed.current_feed().polled_at is None:
        await asyncio.sleep(0.01)


def test_a_member_hears_of_its_own_client_and_of_no_other(bloom, harbor, make_member, sign_in):
    client = sign_in(make_member(bloom, Role.VIEWER))

    async def story():
        async with Browser(client) as browser:
            await settled()
            for tenant, ref in ((harbor.tenant, "theirs"), (None, "nobody's"), (bloom.tenant, "ours")):
                await in_thread(note, tenant, ref)
            return browser.status, browser.headers, browser.first, await browser.change()

    status, headers, first, change = play(story)
    assert status == 200
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-accel-buffering"] == b"no"
    assert first.startswith("retry: 2000\nid: ")
    assert change == {"kind": "call", "ref": "ours", "version": 2}


def test_staff_hear_of_everything_and_of_one_client_when_they_ask_so(bloom, harbor, support, sign_in):
    client = sign_in(support)

    async def story():
        async with Browser(client) as every, Browser(client, "c=harbor-logistics") as one:
            await settled()
            await in_thread(note, bloom.tenant, "bloom")
            heard = [(await every.change())["ref"]]
            await in_thread(note, harbor.tenant, "harbor")
            return [*heard, (await every.change())["ref"], (await one.change())["ref"]]

    assert play(story) == ["bloom", "harbor", "harbor"]


def test_finance_does_not_hear_of_calls(bloom, make_staff):
    assert stream.audience_for(make_staff(StaffRole.FINANCE)).kinds == {"connection", "inventory"}


@pytest.mark.parametrize("who", ["nobody", "a stranger", "an auditor", "another client's member"])
def test_who_has_nothing_to_hear_is_refused(bloom, harbor, make_member, make_user, auditor, sign_in, who):
    client = {
        "nobody": lambda: None,
        "a stranger": lambda: sign_in(make_user("Stranger")),
        "an auditor": lambda: sign_in(auditor),
        "another client's member": lambda: sign_in(make_member(harbor, Role.OWNER)),
    }[who]()

    async def story():
        async with Browser(client, "c=bloom-dental") as browser:
            return browser.status

    assert play(story) == (401 if who == "nobody" else 404)


@pytest.mark.parametrize("query", ["c=%00", "c=\xff", "c=../x", "c=" + "a" * 500])
def test_what_names_no_client_is_not_looked_for(bloom, make_member, sign_in, query):
    client = sign_in(make_member(bloom, Role.OWNER))

    async def story():
        async with Browser(client, query) as browser:
            return browser.status

    assert play(story) == 404


@pytest.mark.parametrize("headers", [{"origin": "https://evil.test"}, {"sec_fetch_site": "cross-site"}])
def test_no_other_site_may_listen(bloom, make_member, sign_in, headers):
    client = sign_in(make_member(bloom, Role.OWNER))

    async def story():
        async with Browser(client, **headers) as browser:
            return browser.status

    assert play(story) == 403


@pytest.mark.parametrize("what", ["session", "membership", "person", "client"])
def test_what_was_revoked_stops_within_seconds(bloom, make_member, sign_in, monkeypatch, what):
    monkeypatch.setattr(stream, "RECHECK_INTERVAL", 0.2)
    user = make_member(bloom, Role.OWNER)
    client = sign_in(user)

    def revoke():
        if what == "session":
            client.session.flush()
        elif what == "person":
            type(user).objects.filter(pk=user.pk).update(is_active=False)
        else:
            with scope.for_system("revoke"):
                if what == "membership":
                    Membership.objects.filter(user=user).delete()
                else:
                    Tenant.objects.filter(pk=bloom.tenant.pk).update(status=Tenant.Status.CLOSED)

    async def story():
        async with Browser(client) as browser:
            await in_thread(revoke)
            return await browser.block(), await browser.block()

    assert play(story) == ("event: bye\ndata: {}\n\n", None)


@pytest.mark.parametrize("what", ["membership", "closed"])
def test_what_was_revoked_here_stops_at_once(bloom, harbor, make_member, sign_in, admin, monkeypatch, what):
    """Long before the stream asks by itself; and nobody else's stream stops."""
    monkeypatch.setattr(stream, "RECHECK_INTERVAL", 3600.0)
    user, owner = make_member(bloom, Role.OPERATOR), make_member(bloom, Role.OWNER)
    client, bystander, owner_browser = sign_in(user), sign_in(make_member(harbor, Role.OWNER)), sign_in(owner)

    def revoke():
        if what == "membership":
            with scope.for_tenant(bloom.tenant):
                pk = Membership.objects.get(user=user).pk
            assert owner_browser.post(f"/c/bloom-dental/team/{pk}/remove/").status_code == 302
        else:
            suspension.close(bloom.tenant, by=admin, reason="unpaid")

    async def story():
        async with Browser(client) as browser, Browser(bystander) as other:
            await settled()
            await in_thread(revoke)
            last = await browser.block()
            while last and not last.startswith("event: bye"):
                last = await browser.block()
            await in_thread(note, harbor.tenant, "goes on")
            return last, (await other.change())["ref"]

    assert play(story) == ("event: bye\ndata: {}\n\n", "goes on")


def test_people_of_a_suspended_client_hear_of_it_of_news_and_of_its_reopening(bloom, make_member, sign_in, admin):
    client = sign_in(make_member(bloom, Role.OPERATOR))

    async def story():
        heard = []
        async with Browser(client) as browser:
            await settled()
            await in_thread(partial(suspension.suspend, bloom.tenant, by=admin, reason="unpaid"))
            heard.append((await browser.change())["kind"])
            await in_thread(note, bloom.tenant, "still comes")
            heard.append((await browser.change())["ref"])
            await in_thread(partial(suspension.reopen, bloom.tenant, by=admin, reason="paid"))
            heard.append((await browser.change())["kind"])
        return heard

    assert play(story) == ["client", "still comes", "client"]


def test_after_a_reconnect_everything_is_asked_for(bloom, make_member, sign_in):
    client = sign_in(make_member(bloom, Role.OWNER))

    async def story():
        async with Browser(client, last_event_id="812") as browser:
            return await browser.block()

    assert play(story).startswith("event: refresh\nid: ")


def test_a_quiet_stream_says_that_it_is_still_there(bloom, make_member, sign_in, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT", 0.1)
    client = sign_in(make_member(bloom, Role.OWNER))

    async def story():
        async with Browser(client) as browser:
            return await browser.block()

    assert play(story) == ": still here\n\n"


def test_a_stop_ends_every_stream_at_once_and_says_no_bye(bloom, make_member, sign_in):
    """A bye would send the pages to polling; without it browsers come back to the next process."""
    client = sign_in(make_member(bloom, Role.OWNER))

    async def story():
        async with Browser(client) as one, Browser(client) as two:
            feed.close()
            return await one.block(), await two.block()

    assert play(story) == (None, None)


def test_a_session_has_twelve_streams_and_the_oldest_is_closed(bloom, make_member, sign_in):
    client, other = (sign_in(make_member(bloom, role)) for role in (Role.OWNER, Role.VIEWER))

    async def story():
        browsers = [Browser(client) for _ in range(stream.MOST_PER_SESSION)]
        for browser in browsers:
            await browser.__aenter__()
        async with Browser(other) as elsewhere, Browser(client) as newest:
            assert await browsers[0].block() == "event: bye\ndata: {}\n\n"
            assert await browsers[0].block() is None
            await settled()
            await in_thread(note, bloom.tenant, "news")
            heard = [(await one.change())["ref"] for one in (*browsers[1:], elsewhere, newest)]
        for browser in browsers:
            await browser.__aexit__()
        return heard, stream._streams_by_session

    heard, left = play(story)
    assert stream.MOST_PER_SESSION == 12 and heard == ["news"] * 13
    assert left == {}


def test_two_hundred_streams_hold_no_connection_and_lose_nothing(bloom, make_member, sign_in, superuser):
    people = [sign_in(make_member(bloom, Role.OWNER)) for _ in range(20)]

    async def story():
        browsers = [Browser(people[nth % 20]) for nth in range(200)]
        await asyncio.gather(*(browser.__aenter__() for browser in browsers))
        await settled()
        connections = await in_thread(_connections)
        await in_thread(note, bloom.tenant, "news")
        heard = await asyncio.gather(*(browser.change() for browser in browsers))
        await asyncio.gather(*(browser.__aexit__() for browser in browsers))
        return connections, {change["ref"] for change in heard}, len(feed.current_feed().listeners)

    connections, heard, left = play(story)
    assert connections <= 3  # the feed's, the test's two; none of a stream
    assert (heard, left) == ({"news"}, 0)


def _connections():
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_behind_a_plain_wsgi_server_there_is_no_stream(bloom, make_member, sign_in):
    assert sign_in(make_member(bloom, Role.OWNER)).get("/events/").status_code == 404
