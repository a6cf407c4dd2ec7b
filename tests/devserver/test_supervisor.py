"""Children start in order, come back when they crash, and none is left, however the supervisor ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.devserver import processes
from dashboard.devserver.paths import ROOT, Places
from dashboard.devserver.supervisor import Child, Failed, Stopped, Supervisor
from tests.patience import PATIENCE

LIVE = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).touch(); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + LIVE
WITH_OFFSPRING = """
import pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
offspring = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
pathlib.Path(sys.argv[1]).write_text(str(offspring.pid))
signal.pause()
"""
ON_THE_RECORD = """
import pathlib, signal, sys
def leave(*_):
    with open(sys.argv[2], "a") as record:
        record.write(sys.argv[3])
    sys.exit()
signal.signal(signal.SIGTERM, leave)
pathlib.Path(sys.argv[1]).touch()
signal.pause()
"""

WAITS_FOR_THE_OTHER = """
import pathlib, signal, sys, time
def leave(*_):
    pathlib.Path(sys.argv[2]).touch()
    while not pathlib.Path(sys.argv[3]).exists():
        time.sleep(0.01)
    pathlib.Path(sys.argv[2] + ".left").touch()
    sys.exit()
signal.signal(signal.SIGTERM, leave)
pathlib.Path(sys.argv[1]).touch()
signal.pause()
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(tmp_path / "data")
    places.make()
    return places


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., Child]:
    def make(name: str, program: str = LIVE, *arguments: str, **more: object) -> Child:
        sign = tmp_path / f"{name}.well"
        return Child(
            name, [sys.executable, "-c", program, str(sign), *arguments], sign.exists, dict(os.environ), **more
        )

    return make


@pytest.fixture
def supervisor(places: Places) -> Iterator[Supervisor]:
    reports: list[str] = []
    supervisor = Supervisor(places, reports.append)
    supervisor.reports = reports
    with supervisor.listening():
        yield supervisor


def gone(pid: int, within: float = 5) -> bool:
    deadline = time.monotonic() + within
    while processes.born(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes.born(pid) is None


def pids(places: Places) -> dict[str, int]:
    return {path.stem: json.loads(path.read_text())["pid"] for path in places.run.glob("*.pid")}


def test_returns_when_all_are_well_and_stops_the_last_one_first(supervisor, child, tmp_path):
    for name in "abc":
        supervisor.start(child(name, ON_THE_RECORD, str(tmp_path / "order"), name))
    supervisor.stop()
    assert (tmp_path / "order").read_text() == "cba"
    assert not list(supervisor.places.run.iterdir())


def test_those_of_a_group_are_stopped_at_the_same_time(supervisor, child, tmp_path):
    """Each leaves only when the other one was asked to stop as well."""
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    supervisor.start(
        child("one", WAITS_FOR_THE_OTHER, one, two, stop_group="both"),
        child("two", WAITS_FOR_THE_OTHER, two, one, stop_group="both"),
    )
    supervisor.stop()
    assert {path.name for path in tmp_path.glob("*.left")} == {"one.left", "two.left"}
    assert not list(supervisor.places.run.iterdir())


def test_what_a_child_writes_is_its_owners_alone(supervisor, child, tmp_path):
    supervisor.start(child("one"))
    assert (tmp_path / "one.well").stat().st_mode & 0o777 == 0o600


def test_a_child_that_ends_at_once_is_reported_with_its_last_words(supervisor, child):
    with pytest.raises(Failed, match=r"broken ended at once \(exit 3\)(.|\n)*no such thing"):
        supervisor.start(child("well"), child("broken", "import sys; print('no such thing'); sys.exit(3)"))


def test_a_child_that_never_answers_is_given_up(supervisor, child):
    with pytest.raises(Failed, match="silent did not answer within 0 s"):
        supervisor.start(child("silent", "import signal; signal.pause()", start_limit=0.2))


def test_a_crashed_child_comes_back(supervisor, child):
    supervisor.start(child("web"))
    first = supervisor.running["web"].process

    def meanwhile() -> None:
        os.kill(first.pid, signal.SIGKILL)
        while supervisor.running["web"].process is first:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=meanwhile)
    thread.start()
    supervisor.watch()
    thread.join()
    assert supervisor.running["web"].process.poll() is None
    assert supervisor.reports == ["web ended (signal SIGKILL); starting it again. See logs/web.log"]


def test_asked_to_stop_while_starting(supervisor, child):
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(Stopped):
        supervisor.start(child("slow", "import signal; signal.pause()"))
    timer.join()


def test_one_that_would_not_stop_is_killed_with_its_offspring(supervisor, child, tmp_path):
    supervisor.start(child("stubborn", WITH_OFFSPRING, stop_limit=0.3))
    family = supervisor.running["stubborn"].process.pid, int((tmp_path / "stubborn.well").read_text())
    supervisor.stop()
    assert all(gone(pid) for pid in family)


SUPERVISE = """
import os, sys
from pathlib import Path
from dashboard.devserver.paths import Places
from dashboard.devserver.supervisor import Child, Supervisor
places, program = Places(Path(sys.argv[1])), sys.argv[2]
supervisor = Supervisor(places)
with supervisor.listening():
    signs = [Path(sys.argv[1]) / name for name in ("one.well", "two.well")]
    command = [sys.executable, "-c", program]
    supervisor.start(*(Child(s.stem, [*command, str(s)], s.exists, dict(os.environ)) for s in signs))
    print("up", flush=True)
    supervisor.watch()
"""


@pytest.fixture
def supervised(places: Places) -> Iterator[Callable[[str], subprocess.Popen]]:
    """A supervisor in a process of its own, which can be killed."""
    started = []

    def start(program: str) -> subprocess.Popen:
        command = [sys.executable, "-c", SUPERVISE, str(places.data), program]
        it = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        started.append(it)
        assert it.stdout.readline() == "up\n"
        return it

    yield start
    for it in started:
        it.kill()
        it.wait()
        it.stdout.close()
    processes.clean_up(places.run, patience=0.1)


def test_ctrl_c_ends_all(supervised, places):
    it = supervised(LIVE)
    children = pids(places)
    it.send_signal(signal.SIGINT)
    assert it.wait(PATIENCE) == 0
    assert len(children) == 2
    assert all(gone(pid, 0) for pid in children.values())


def test_killed_children_end_with_it(supervised, places):
    it = supervised(LIVE)
    children = pids(places)
    it.kill()
    if sys.platform != "linux":  # only Linux tells children of their parent's death; elsewhere the next start does
        it.wait()
        processes.clean_up(places.run)
    assert all(gone(pid) for pid in children.values())
    assert len(children) == 2


def test_killed_the_next_start_ends_what_was_left(supervised, places):
    it = supervised(STUBBORN)
    children = pids(places)
    it.kill()
    it.wait()
    assert not any(gone(pid, 0) for pid in children.values())
    assert processes.clean_up(places.run, patience=0.2) == ["one", "two"]
    assert all(gone(pid) for pid in children.values())
    assert processes.clean_up(places.run) == []


def test_a_number_that_is_somebody_else_now_is_left_alone(places):
    somebody = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    processes.note(places.run / "web.pid", somebody.pid, signal.SIGKILL)
    path = places.run / "web.pid"
    path.write_text(path.read_text().replace(processes.born(somebody.pid), "1"))
    assert processes.clean_up(places.run) == []
    assert somebody.poll() is None
    somebody.kill()
    somebody.wait()


BUSY = """
import pathlib, sys, time
end = time.process_time() + float(sys.argv[2])
while time.process_time() < end:
    pass
pathlib.Path(sys.argv[1]).touch()
import signal; signal.pause()
"""


def test_one_that_works_on_is_waited_for_beyond_its_limit(supervisor, child, monkeypatch):
    """On a busy machine a start takes long; computing is progress."""
    monkeypatch.setattr("dashboard.devserver.supervisor.REPORT_AFTER", 0.3)
    supervisor.start(child("worker", BUSY, "1.0", start_limit=0.4))
    assert supervisor.reports and supervisor.reports[0].startswith("Still starting worker, for ")


def test_one_that_does_nothing_any_more_is_given_up(supervisor, child):
    with pytest.raises(Failed, match="idle did not answer within"):
        supervisor.start(child("idle", "print('well', flush=True)\nimport signal; signal.pause()", start_limit=0.3))


def test_one_that_computes_for_ever_is_given_up_too(supervisor, child, monkeypatch):
    monkeypatch.setattr("dashboard.devserver.supervisor.LONGEST_START", 0.6)
    with pytest.raises(Failed, match="mad did not answer within 1 s"):
        supervisor.start(child("mad", "while True: pass", start_limit=5))


def test_the_last_words_are_those_of_the_new_process(supervisor, child):
    (supervisor.places.logs / "broken.log").write_text("words of long ago\n")
    with pytest.raises(Failed) as no:
        supervisor.start(child("broken", "import sys; print('what went wrong now'); sys.exit(3)"))
    assert "what went wrong now" in str(no.value) and "words of long ago" not in str(no.value)


def test_a_log_that_has_grown_long_is_rotated_while_it_is_written(supervisor, child, monkeypatch):
    monkeypatch.setattr("dashboard.devserver.supervisor.LONG_LOG", 1000)
    supervisor.start(child("chatty", "print('x' * 2000, flush=True);" + LIVE))
    log = supervisor.places.logs / "chatty.log"
    supervisor._look_after_the_disk()
    assert (log.stat().st_size, log.with_suffix(".log.1").stat().st_size) == (0, 2001)


def test_a_full_disk_is_reported_once(supervisor, monkeypatch):
    free = [50_000_000]
    usage = type("Usage", (), {"free": property(lambda self: free[0])})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage())
    supervisor._look_after_the_disk()
    supervisor._look_after_the_disk()
    assert len(supervisor.reports) == 1 and "nearly full: 50 MB are left" in supervisor.reports[0]
    free[0] = 10**12
    supervisor._look_after_the_disk()
    assert len(supervisor.reports) == 1


@pytest.mark.parametrize("half", ["", "{", '{"pid": 12', "null", '{"pid": null}', "[]", "\x00\x00"])
def test_half_a_note_breaks_nothing(places, half):
    (places.run / "web.pid").write_text(half)
    assert processes.clean_up(places.run) == []
    assert not list(places.run.glob("*.pid"))
