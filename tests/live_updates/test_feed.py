"""The changes feed: nothing lost, nothing twice, nobody waits for a stranger's transaction."""

import asyncio
import random
from contextlib import asynccontextmanager

import psycopg
import pytest
from django.db import connection as database

from dashboard.live_updates import feed, publish
from dashboard.live_updates.feed import ChangeReader
from dashboard.live_updates.listeners import BACKLOG, Audience, ChangeEvent, Listener, Listeners
from tenants.isolation import scope
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)
WRITE = (
    "INSERT INTO live_updates_change (tenant_id, kind, ref, version, at, xid) "
    "VALUES (NULL, 'call', %s, 1, now(), pg_current_xact_id())"
)


@asynccontextmanager
async def writer():
    where = database.settings_dict
    connection = await psycopg.AsyncConnection.connect(
        dbname=where["NAME"],
        user=where["USER"],
        password=where["PASSWORD"] or None,
        host=where["HOST"] or None,
        port=where["PORT"] or None,
        autocommit=True,
    )
    await scope.all_tenants(connection)
    await connection.set_autocommit(False)
    async with connection:
        yield connection


async def news_for(listener):
    async with asyncio.timeout(PATIENCE):
        while not listener.has_news:
            await asyncio.sleep(0.01)


def test_a_row_that_commits_late_is_delivered_and_none_twice():
    async def story():
        reader = ChangeReader()
        async with await feed.connect() as eyes, writer() as slow, writer() as quick:
            await reader.poll(eyes)
            await slow.execute(WRITE, ["late"])
            for ref in ("one", "two"):
                await quick.execute(WRITE, [ref])
                await quick.commit()
            heard = [[event.ref for event in await reader.poll(eyes)]]
            heard.append([event.ref for event in await reader.poll(eyes)])
            await slow.commit()
            heard.append([event.ref for event in await reader.poll(eyes)])
            heard.append([event.ref for event in await reader.poll(eyes)])
            async with asyncio.timeout(30):
                while reader.sent:  # remembered while a transaction anywhere on this server is older
                    assert await reader.poll(eyes) == []
            return heard

    assert asyncio.run(story()) == [["one", "two"], [], ["late"], []]


def test_knock_out_by_id_alone_the_late_row_is_lost():
    """The test above can see: whoever asks for ids above the last one misses it."""

    async def story():
        async with await feed.connect() as eyes, writer() as slow, writer() as quick:
            await slow.execute(WRITE, ["late"])
            await quick.execute(WRITE, ["one"])
            await quick.commit()
            last = (await (await eyes.execute("SELECT max(id) FROM live_updates_change")).fetchone())[0]
            await slow.commit()
            return (
                await (await eyes.execute("SELECT count(*) FROM live_updates_change WHERE id > %s", [last])).fetchone()
            )[0]

    assert asyncio.run(story()) == 0


def test_the_feed_cannot_write():
    async def story():
        async with await feed.connect() as eyes:
            await eyes.execute(WRITE, ["mine"])

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        asyncio.run(story())


def test_what_verbs_note_reaches_a_listener_at_once(bloom):
    async def story():
        ours = feed.Feed()
        ours.start()
        listener = Listener(Audience(frozenset({bloom.tenant.pk})))
        ours.listen(listener)
        while ours.polled_at is None:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(_note, bloom.tenant)
        await news_for(listener)
        await ours.stop()
        return listener.take()

    assert asyncio.run(story()) == (False, [ChangeEvent(bloom.tenant.pk, "call", "7", 3)])


def test_a_broken_connection_is_made_anew_and_everybody_asks_again(superuser):
    async def story():
        ours = feed.Feed()
        ours.start()
        while ours.polled_at is None:
            await asyncio.sleep(0.01)
        listener = Listener(Audience(None))
        ours.listen(listener)
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'patchbay feed' AND datname = current_database()"
        )
        await asyncio.to_thread(superuser, kill)
        await news_for(listener)
        await ours.stop()
        return listener.take()

    assert asyncio.run(story()) == (True, [])


def test_a_listener_hears_only_its_own():
    listener = Listener(Audience(frozenset({1})))
    listener.deliver(
        [ChangeEvent(1, "call", "a", 1), ChangeEvent(2, "call", "b", 1), ChangeEvent(None, "call", "c", 1)]
    )
    assert listener.take() == (False, [ChangeEvent(1, "call", "a", 1)])
    finance = Listener(Audience(None, frozenset({"connection"})))
    finance.deliver([ChangeEvent(1, "call", "a", 1), ChangeEvent(None, "connection", "4", 0)])
    assert finance.take() == (False, [ChangeEvent(None, "connection", "4", 0)])


def test_a_change_finds_whom_it_concerns_as_if_all_were_asked():
    chance = random.Random(7)
    audiences = [
        Audience(
            chance.choice([None, *(frozenset(chance.sample(range(9), chance.randint(1, 4))) for _ in range(5))]),
            chance.choice([None, None, frozenset({"connection"})]),
            chance.randint(1, 5),
        )
        for _ in range(80)
    ]
    kept, index = [Listener(audience) for audience in audiences[:60]], Listeners()
    for listener in kept:
        index.add(listener)
    for listener, audience in zip(kept[:20], audiences[60:], strict=True):
        index.change_audience(listener, audience)
    for listener in kept[40:]:
        index.discard(listener)
    del kept[40:]
    events = [ChangeEvent(tenant, kind, "a", 1) for tenant in (None, *range(10)) for kind in ("call", "connection")]
    events += [ChangeEvent(tenant, "access", ref, 0) for tenant in (None, 3) for ref in ("everybody", "person-2")]
    for event in events:
        found = {listener for listener in index.concerned(event) if listener.audience.covers(event)}
        assert found == {listener for listener in kept if listener.audience.covers(event)}, event
    for listener in kept:
        index.discard(listener)
    assert not (len(index) or index._by_tenant or index._by_person or index._unlimited), "nothing stays behind"


def test_many_changes_of_one_row_are_sent_once_and_too_many_rows_as_one_event():
    listener = Listener(Audience(None))
    listener.deliver([ChangeEvent(1, "call", "a", version) for version in range(1000)])
    assert listener.take() == (False, [ChangeEvent(1, "call", "a", 999)])
    listener.deliver([ChangeEvent(1, "call", str(n), 1) for n in range(BACKLOG + 1)])
    assert listener.take() == (True, [])


def test_a_newcomer_hears_what_changed_while_its_page_was_on_the_way():
    ours = feed.Feed()
    ours.deliver([ChangeEvent(1, "call", "a", 2), ChangeEvent(2, "call", "b", 1)])
    newcomer = Listener(Audience(frozenset({1})))
    ours.listen(newcomer)
    assert newcomer.take() == (False, [ChangeEvent(1, "call", "a", 2)])


def test_old_rows_are_forgotten(superuser):
    _note(None)
    superuser("UPDATE live_updates_change SET at = now() - interval '11 minutes'")
    _note(None)
    assert publish.prune() == 1


def _note(tenant):
    try:
        with scope.for_system("a change"):
            publish.row_changed("call", 7, tenant=tenant, version=3)
    finally:
        database.close()
