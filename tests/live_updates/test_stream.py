"""`/events/`: who may listen, to what, and for how long."""

import asyncio
import json
from functools import partial

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.utils import timezone

from dashboard.clients import suspension
from dashboard.live_updates import access, feed, publish, sessions, stream, writing
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import Membership, StaffGrant, StaffMember, Tenant, User
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
        while not (found := [line[6:] for line in (await self.block()).splitlines() if line.startswith("data: ")]):
            pass  # a sign of life
        return json.loads(found[0])

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
    assert access.audience_for(make_staff(StaffRole.FINANCE)).kinds == {"connection", "inventory"}


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


REVOKED = {  # of a member, then of support
    "session": lambda user, client: client.session.flush(),
    "expiry": lambda user, client: Session.objects.update(expire_date=timezone.now()),
    "person": lambda user, client: User.objects.filter(pk=user.pk).update(is_active=False),
    "password": lambda user, client: User.objects.filter(pk=user.pk).update(password="another"),
    "membership": lambda user, client: Membership.objects.filter(user=user).delete(),
    "client": lambda user, client: Tenant.objects.update(status=Tenant.Status.CLOSED),
    "without a second step": lambda user, client: Tenant.objects.update(requires_second_step=True),
    "the staff": lambda user, client: StaffMember.objects.filter(user=user).delete(),
    "all clients": lambda user, client: StaffMember.objects.filter(user=user).update(sees_all=False),
    "the granted one": lambda user, client: StaffGrant.objects.filter(staff__user=user).delete(),
}


@pytest.mark.parametrize("what", REVOKED)
def test_what_was_revoked_stops_within_seconds(bloom, make_member, support, sign_in, monkeypatch, what):
    monkeypatch.setattr(sessions, "RECHECK_INTERVAL", 0.2)
    user = support if list(REVOKED).index(what) > 6 else make_member(bloom, Role.OWNER)
    client = sign_in(user)
    if what == "the granted one":
        with scope.for_system("grant"):
            StaffMember.objects.filter(user=user).update(sees_all=False)
            StaffGrant.objects.create(staff_id=user.pk, tenant=bloom.tenant)

    def revoke():
        with scope.for_system("revoke"):
            REVOKED[what](user, client)

    async def story():
        async with Browser(client) as browser:
            await in_thread(revoke)
            return await browser.block(), await browser.block()

    assert play(story) == ("event: bye\ndata: {}\n\n", None)


@pytest.mark.parametrize("what", ["membership", "closed"])
def test_what_was_revoked_here_stops_at_once(bloom, harbor, make_member, sign_in, admin, monkeypatch, what):
    """Long before the stream asks by itself; and nobody else's stream stops."""
    monkeypatch.setattr(sessions, "RECHECK_INTERVAL", 3600.0)
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


def test_nothing_is_read_again_while_nothing_changes(bloom, make_member, sign_in, monkeypatch):
    monkeypatch.setattr(sessions, "RECHECK_INTERVAL", 0.1)
    client, asked, compared = sign_in(make_member(bloom, Role.OWNER)), [], []
    read, marks = access.read, access.marks
    monkeypatch.setattr(access, "read", lambda request: (asked.append(request), read(request))[1])

    async def counted(connection, people):
        compared.append(people)
        return await marks(connection, people)

    monkeypatch.setattr(access, "marks", counted)

    async def story():
        async with Browser(client), Browser(client):
            async with asyncio.timeout(PATIENCE):
                while len(compared) < 5:
                    await asyncio.sleep(0.01)

    play(story)
    assert len(asked) == 2 and all(len(people) == 1 for people in compared), "one comparison for both tabs"


def test_a_new_tab_hides_no_change_from_an_older_one(bloom, harbor, make_member, sign_in, monkeypatch):
    monkeypatch.setattr(sessions, "RECHECK_INTERVAL", 0.2)
    user = make_member(bloom, Role.OWNER)
    with scope.for_system("a member of two clients"):
        Membership.objects.create(user=user, tenant=harbor.tenant, role=Role.VIEWER)
    client = sign_in(user)

    def leave_harbor():
        with scope.for_system("revoke"):
            Membership.objects.filter(user=user, tenant=harbor.tenant).delete()

    async def story():
        async with Browser(client):
            (listener,) = feed.current_feed().listeners
            before = listener.audience.tenants
            await in_thread(leave_harbor)
            async with Browser(client), asyncio.timeout(PATIENCE):
                while listener.audience.tenants == before:
                    await asyncio.sleep(0.01)
            return before, listener.audience.tenants

    assert play(story) == ({bloom.tenant.pk, harbor.tenant.pk}, {bloom.tenant.pk})


class SlowBrowser(Browser):
    """Takes nothing while `takes` is not set."""

    async def __aenter__(self):
        self.takes = asyncio.Event()
        self.takes.set()
        self.task = asyncio.create_task(stream.app(self.scope, self._receive, self._take))
        self.status = (await self._next())["status"]
        await self._next()
        self.takes.clear()
        return self

    async def _take(self, message):
        await self.takes.wait()
        self.answers.put_nowait(message)


def test_a_slow_browser_keeps_nobody_waiting_and_asks_for_everything_later(bloom, make_member, sign_in, monkeypatch):
    monkeypatch.setattr(writing, "HEARTBEAT", 0.2)
    monkeypatch.setattr(writing, "STUCK", 10_000)
    slow_client, client = (sign_in(make_member(bloom, role)) for role in (Role.OWNER, Role.VIEWER))

    async def story():
        async with SlowBrowser(slow_client) as slow, Browser(client) as other:
            await settled()
            await in_thread(note, bloom.tenant, "news")
            heard = await other.block()
            while not heard.startswith("id: "):
                heard = await other.block()
            nothing_yet = slow.answers.empty()
            slow.takes.set()
            return heard, nothing_yet, await slow.block()

    heard, nothing_yet, later = play(story)
    assert '"ref": "news"' in heard and nothing_yet and later.startswith("event: refresh")


def test_a_browser_that_takes_nothing_for_long_is_left(bloom, make_member, sign_in, monkeypatch):
    monkeypatch.setattr(writing, "HEARTBEAT", 0.1)
    client = sign_in(make_member(bloom, Role.OWNER))

    async def story():
        async with SlowBrowser(client) as slow:
            await asyncio.wait_for(slow.task, PATIENCE)
            return slow.answers.empty(), len(feed.current_feed().listeners)

    assert play(story) == (True, 0)


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
    monkeypatch.setattr(writing, "HEARTBEAT", 0.1)
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
        browsers = [Browser(client) for _ in range(sessions.MOST_PER_SESSION)]
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
        (writer,) = stream._writers.values()
        return heard, writer.sessions.by_key

    heard, left = play(story)
    assert sessions.MOST_PER_SESSION == 12 and heard == ["news"] * 13
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
