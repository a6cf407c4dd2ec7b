"""What no webhook told: calls alive now and calls that are over, found by asking."""

from datetime import timedelta

from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.calls.updates import sync
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants.isolation import scope

LISTS = ["GET /calls", "GET /calls"]


def states():
    with scope.for_system("look"):
        return dict(Call.objects.values_list("remote_id", "state"))


def again(kind):
    state = SyncState.objects.get(kind=kind)
    return round((state.due_at - timezone.now()).total_seconds())


def test_live_calls_are_found_and_followed_every_three_seconds(agency, receive_call, new_requests):
    sync.live(agency.connection)
    assert again(Kind.LIVE_CALLS) == 15
    remote_id = receive_call()
    new_requests()
    sync.live(agency.connection)
    assert states() == {remote_id: "in-progress"}
    assert again(Kind.LIVE_CALLS) == 3
    assert new_requests() == LISTS


def test_a_live_call_that_no_list_shows_is_read_by_itself(agency, receive_call, end_remote_call, new_requests):
    remote_id = receive_call()
    sync.live(agency.connection)
    end_remote_call(remote_id)
    new_requests()
    sync.live(agency.connection)
    assert states() == {remote_id: "ended"}
    assert len(new_requests()) == 3
    sync.live(agency.connection)
    assert len(new_requests()) == 2
    assert again(Kind.LIVE_CALLS) == 15


def test_several_missing_are_looked_for_in_one_page(agency, receive_call, end_remote_call, new_requests):
    remote_ids = [receive_call() for _ in range(5)]
    sync.live(agency.connection)
    for remote_id in remote_ids:
        end_remote_call(remote_id)
    new_requests()
    sync.live(agency.connection)
    assert new_requests() == [*LISTS, "GET /calls"]
    assert set(states().values()) == {"ended"}


def test_a_live_call_that_voicedock_forgot_does_not_stop_the_look(agency, receive_call, sandbox):
    remote_id, other = receive_call(), receive_call()
    sync.live(agency.connection)
    del sandbox.state.calls[remote_id], sandbox.state.calls_with_plan[remote_id]
    sync.live(agency.connection)
    assert states()[other] == "in-progress"
    with scope.for_system("look"):
        assert SyncRun.objects.filter(kind=Kind.LIVE_CALLS, outcome="failed").count() == 0


def test_finished_calls_stop_at_the_first_page_without_news(
    agency, receive_call, end_remote_call, new_requests, monkeypatch
):
    monkeypatch.setattr(sync, "PAGE", 3)
    for _ in range(10):
        end_remote_call(receive_call())
    sync.finished(agency.connection)
    assert len(states()) == 10
    sync.finished(agency.connection)
    new_requests()
    sync.finished(agency.connection)
    assert new_requests() == ["GET /calls"]
    end_remote_call(receive_call())
    new_requests()
    sync.finished(agency.connection)
    assert len(states()) == 11
    assert new_requests() == ["GET /calls"] * 2


def test_history_is_brought_over_in_pieces_and_goes_on_where_it_stopped(
    agency, receive_call, end_remote_call, monkeypatch
):
    for name, size in (("PAGE", 2), ("HISTORY_PAGE", 3), ("HISTORY_PAGES", 1), ("DEEP_PAGES", 1)):
        monkeypatch.setattr(sync, name, size)
    newest = [receive_call() for _ in range(12)]
    for remote_id in newest:
        end_remote_call(remote_id)
    monkeypatch.setattr(sync, "_apply_page", _only_history(sync._apply_page))
    marks = []
    for _ in range(5):
        sync.finished(agency.connection)
        marks.append(SyncState.objects.get(kind=Kind.CALLS).cursor["history"])
    assert marks == [{"offset": 3 * n, "done": n >= 4} for n in (1, 2, 3, 4, 4)]
    assert len(states()) == 12


def _only_history(hear):
    """Pages of the present bring nothing, so that what arrives is the history's doing."""
    return lambda run, page: hear(run, page) if page.size == 3 else (0, set())


def test_a_late_report_on_an_older_page_is_found_in_time(agency, receive_call, end_remote_call, sandbox, monkeypatch):
    monkeypatch.setattr(sync, "PAGE", 2)
    first = receive_call()
    end_remote_call(first)
    for _ in range(4):
        end_remote_call(receive_call())
    sync.finished(agency.connection)
    sync.finished(agency.connection)
    with scope.for_system("look"):
        before = Call.objects.get(remote_id=first).remote_updated_at
    sandbox.state.calls[first].summary = "Late."
    sandbox.state.calls[first].updated_at += 1000
    SyncState.objects.filter(kind=Kind.CALLS).update(
        cursor={
            "history": {"offset": 0, "done": True},
            "deep_at": (timezone.now() - sync.DEEP_EVERY - timedelta(seconds=1)).isoformat(),
        }
    )
    sync.finished(agency.connection)
    with scope.for_system("look"):
        assert Call.objects.get(remote_id=first).remote_updated_at > before
