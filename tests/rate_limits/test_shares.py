"""The rules of one connection's minute, against a clock of our own."""

import random
import uuid
from collections import Counter, deque
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.rate_limits import shares
from dashboard.rate_limits.models import Priority
from dashboard.rate_limits.shares import Request, decide

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


class Minute:
    """A connection whose spends are kept here instead of in the database."""

    def __init__(self, **rules):
        self.now, self.rules = NOON, rules
        self.window: deque[Request] = deque()
        self.log: list[Request] = []

    def spend(self, priority, tenant=None, call=None):
        while self.window and self.window[0].at <= self.now - shares.WINDOW:
            self.window.popleft()
        wish = Request(self.now, priority, tenant, call)
        wait = decide(self.window, wish, **self.rules)
        if wait is None:
            self.window.append(wish)
            self.log.append(wish)
        return wait

    def flood(self, priority, tenant=None):
        """As many as get through in this very instant."""
        count = 0
        while self.spend(priority, tenant) is None:
            count += 1
        return count


def test_each_lane_stops_where_the_next_more_urgent_one_begins():
    minute = Minute()
    assert minute.flood(Priority.LEADS) == 56
    minute.now += timedelta(seconds=61)
    found = [minute.flood(priority) for priority in reversed(Priority)]
    assert found == [50, 10, 0, 6, 6, 12, 6, 6], "the first ten readings of people count as reading lists"


def test_sending_people_goes_on_slowly_while_the_syncs_use_their_share():
    """Where the lists of many campaigns are read, a campaign that is being sent must not wait for ever."""
    minute = Minute()
    assert minute.flood(Priority.REST) == 60 and minute.spend(Priority.BULK)
    minute.now += timedelta(seconds=61)
    assert [minute.spend(Priority.REST) for _ in range(52)] == [None] * 52
    assert minute.flood(Priority.BULK) == 8
    minute.now += timedelta(seconds=61)
    assert [minute.spend(Priority.REST) for _ in range(30)] == [None] * 30
    assert minute.flood(Priority.BULK) == 20 and minute.flood(Priority.REST) == 10


def test_people_of_campaigns_are_read_while_a_history_is_imported():
    """An import takes the share of lists for hours; what came of a call is not kept from view so long."""
    minute = Minute()
    assert minute.flood(Priority.REST) == 60 and minute.spend(Priority.LEADS)
    minute.now += timedelta(seconds=61)
    read = 0
    for _ in range(60):
        minute.now += timedelta(seconds=1)
        read += minute.spend(Priority.LEADS) is None
        minute.flood(Priority.REST)
    assert read >= 1


@pytest.mark.parametrize("per_minute", [20, 50, 100, 300])
def test_another_allowance_scales_every_lane(per_minute):
    minute = Minute(per_minute=per_minute)
    assert sum(minute.flood(priority) for priority in reversed(Priority)) == per_minute * 96 // 100
    assert minute.log[-1].priority == Priority.END


def test_a_refusal_says_when_it_is_worth_asking_again():
    minute = Minute()
    minute.flood(Priority.REST)
    minute.now += timedelta(seconds=20)
    wait = minute.spend(Priority.REST)
    assert wait.seconds == pytest.approx(40.5)
    minute.now += timedelta(seconds=wait.seconds - 0.1)
    assert minute.spend(Priority.REST)
    minute.now += timedelta(seconds=0.1)
    assert minute.spend(Priority.REST) is None


def test_ten_commands_a_minute_for_a_call_and_two_kept_to_end_it():
    minute, call = Minute(), uuid.uuid4()
    assert [minute.spend(Priority.CONTROL, 1, call) for _ in range(8)] == [None] * 8
    assert "the last 2 are kept" in minute.spend(Priority.CONTROL, 1, call).message
    assert shares.command_quota(minute.window, call, minute.now) == shares.CommandQuota(
        used=8, limit=10, kept=2, free=0, back_in=61
    )
    assert [minute.spend(Priority.END, 1, call) for _ in range(2)] == [None] * 2
    assert minute.spend(Priority.END, 1, call).seconds == pytest.approx(60.5)
    assert minute.spend(Priority.CONTROL, 1, uuid.uuid4()) is None


def test_background_rests_after_a_429_and_people_do_not():
    minute = Minute(resting_until=NOON + timedelta(seconds=30))
    assert minute.spend(Priority.REST).seconds == 30
    assert minute.spend(Priority.RECONCILE)
    assert minute.spend(Priority.PLACE) is None


def test_a_greedy_client_leaves_the_others_their_part():
    minute = Minute(sharing={1, 2, 3})
    minute.flood(Priority.REST), minute.flood(Priority.LIVE), minute.flood(Priority.RECONCILE)
    assert minute.flood(Priority.PLACE, 1) == 4
    assert minute.spend(Priority.PLACE, 1).message.startswith("This connection is shared")
    assert minute.flood(Priority.PLACE, 2) == 4
    assert minute.flood(Priority.PLACE, 3) == 4
    assert minute.flood(Priority.CONTROL, 1) == 2
    assert [minute.flood(Priority.END, tenant) for tenant in (1, 2)] == [8, 2]


def test_alone_or_in_a_quiet_minute_a_client_may_have_nearly_everything():
    assert Minute(sharing={1}).flood(Priority.PLACE, 1) == 84
    assert Minute(sharing={1, 2}).flood(Priority.PLACE, 1) == 78


@pytest.mark.parametrize("seed", range(3))
def test_window_invariant_for_hours_under_every_load(seed):
    """P7 in the abstract: no 60 s hold more than 96, no call more than ten commands, nobody starves."""
    chance = random.Random(seed)
    minute, calls = Minute(sharing={1, 2, 3}), [uuid.uuid4() for _ in range(4)]
    starved = 0
    for _ in range(40_000):
        minute.now += timedelta(seconds=chance.choice([0, 0.01, 0.3, 0.5, 2]))
        priority = chance.choice([Priority.REST] * 6 + [Priority.LIVE] * 3 + list(Priority))
        tenant = chance.choice([1, 1, 1, 2, 3]) if priority in shares.PEOPLE else None
        call = chance.choice(calls) if priority in shares.COMMANDS else None
        refused = minute.spend(priority, tenant, call)
        if refused and priority == Priority.PLACE and len(minute.window) <= 72:
            starved += 1
    assert most(minute.log) <= 96
    assert max(most([one for one in minute.log if one.call == call]) for call in calls) <= 10
    assert starved == 0
    assert min(Counter(one.priority for one in minute.log).values()) > 0


def test_under_saturation_the_allowance_is_used_and_end_calls_never_wait():
    """Each class asks for far more than there is, but for two end-calls a minute, which always go at once."""
    minute, waited = Minute(), 0
    for tick in range(36_000):
        minute.now = NOON + timedelta(seconds=tick / 10)
        if tick % 300 == 0:
            waited += minute.spend(Priority.END, 1, uuid.uuid4()) is not None
        for priority in list(Priority)[1:]:
            minute.spend(priority)
    assert waited == 0
    assert most(minute.log) <= 96
    assert len(minute.log) / 60 >= 88  # end's own six are kept free


def most(log):
    """The most in any 60 s."""
    window, record = deque(), 0
    for one in log:
        window.append(one.at)
        while window[0] <= one.at - timedelta(seconds=60):
            window.popleft()
        record = max(record, len(window))
    return record


@pytest.mark.parametrize("per_minute", [20, 37, 50, 100, 300])
def test_other_clients_only_matter_where_they_are_asked_for(per_minute):
    """Whoever shares the connection, the decision is the same wherever `depends_on_others` says so."""
    chance, differs = random.Random(20264), 0
    for _ in range(2000):
        tenants = list(range(1, chance.randint(2, 9)))
        count = chance.randint(0, per_minute)
        window = [
            Request(NOON, chance.choice(list(Priority)), chance.choice([None, *tenants[:2]])) for _ in range(count)
        ]
        wish = Request(NOON, chance.choice(list(Priority)), chance.choice([None, *tenants]))
        with_others = decide(window, wish, per_minute=per_minute, sharing=tenants)
        alone = decide(window, wish, per_minute=per_minute)
        if not shares.depends_on_others(window, wish, per_minute):
            assert with_others == alone
        differs += with_others != alone
    assert differs
