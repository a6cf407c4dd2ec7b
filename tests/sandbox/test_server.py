"""The sandbox as a process: a socket, webhooks that are pushed, a clean stop."""

import json
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from dashboard.sandbox import app, scenario_files
from dashboard.sandbox.admin_api import is_route
from dashboard.sandbox.clock import Clock
from dashboard.sandbox.server import Server
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
BARE_ENVIRONMENT = {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def server():
    """A small data set at fifty times the speed, behind a socket."""
    server = Server(app.make(seed=7, clock=Clock(speed=50), dataset="small"), "127.0.0.1", 0)
    running = threading.Thread(target=server.run)
    running.start()
    yield server
    server.stopping.set()
    running.join(PATIENCE)
    assert not running.is_alive()


@pytest.fixture
def client(server):
    base = f"http://127.0.0.1:{server.server_address[1]}"
    with httpx.Client(base_url=base, headers={"Authorization": "Bearer sandbox-bloom"}, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def receiver():
    """A web server that keeps what is posted to it."""
    received = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.received = received
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_webhooks_are_sent_in_order_without_requests(client, receiver):
    hook = {"webhook_url": f"http://127.0.0.1:{receiver.server_address[1]}/in", "webhook_secret": "s"}
    assistant = client.get("/api/v1/assistants").json()["assistants"][0]["id"]
    body = {"destination": "+31612340042", "assistant_id": assistant, "assistant_override": hook}
    call = client.post("/api/v1/calls/outbound", json=body).json()["call_id"]
    messages = [json.loads(receiver.received.get(timeout=20)[1])["message"] for _ in range(3)]
    assert [message["type"] for message in messages] == ["status-update", "status-update", "end-of-call-report"]
    assert {message["call"]["id"] for message in messages} == {call}


def test_one_connection_serves_many_requests_and_survives_refusals(server, client):
    stream = client.get("/api/v1/numbers").extensions["network_stream"].get_extra_info("client_addr")
    assert client.get("/api/v1/none").status_code == 404
    again = client.get("/api/v1/calls/call-_%2B31205550150_x").extensions["network_stream"]
    assert again.get_extra_info("client_addr") == stream


def test_a_body_may_come_in_chunks(client):
    parts = (part for part in (b'{"phone_number":', b'"+31205550177"}'))
    answer = client.post("/api/v1/numbers", content=parts)
    assert answer.status_code == 201 and answer.json()["number"]["phone_number"] == "+31205550177"
    assert client.get("/api/v1/numbers").status_code == 200, "and nothing of it is left on the connection"


def test_an_invalid_content_length_is_a_400(server):
    with socket.create_connection(server.server_address, timeout=PATIENCE) as line:
        line.sendall(b"POST /api/v1/numbers HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_cut_connection_is_an_error_on_the_network_too(client):
    client.post("/_sandbox/faults", json={"fault": "lost", "route": "/voices"})
    with pytest.raises(httpx.TransportError):
        client.get("/api/v1/voices")
    assert client.get("/api/v1/voices").status_code == 200


def test_a_hanging_request_blocks_neither_others_nor_the_stop(server, client):
    """The fixture sees that the server is gone at once, though somebody still waits."""
    client.post("/_sandbox/faults", json={"fault": "hang", "route": "/voices", "seconds": 3600})
    with pytest.raises(httpx.ReadTimeout):
        client.get("/api/v1/voices", timeout=0.2)
    assert client.get("/api/v1/numbers").status_code == 200
    assert [entry["fault"] for entry in client.get("/_sandbox/log").json()["requests"]] == ["hang", None]


def test_a_second_start_keeps_the_state_and_stops_quickly(tmp_path):
    data = tmp_path / "sandbox" / "state.jsonl"
    seen = []
    for _ in range(2):
        began = time.monotonic()
        process = _start("--port", "0", "--data", str(data), "--quiet")
        try:
            base = process.stdout.readline().split()[-1]
            start_seconds = time.monotonic() - began
            with httpx.Client(base_url=base, headers={"Authorization": "Bearer sandbox-agency"}) as client:
                if not seen:
                    parent = client.get("/organizations").json()["id"]
                    client.post("/organizations", json={"name": "Kept", "parent_org_id": parent})
                children = client.get("/organizations", params={"include_children": "true"}).json()["children"]
                seen.append((children, client.get("/calls").json()["pagination"]["total"]))
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=max(3, 3 * start_seconds))
        assert (process.returncode, errors) == (0, "")
    assert seen[0] == seen[1] and [record["name"] for record in seen[0][0]] == ["Bloom Dental", "Kept"]


def test_a_busy_port_gets_a_clear_message(server):
    process = _start("--port", str(server.server_address[1]), "--dataset", "small")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "cannot be used" in errors


def test_it_starts_without_patchbay(tmp_path):
    """No settings, no database, no Django; another folder; the same seed gives exactly the same data."""
    seen = []
    for seed in ("nine", "nine", "ten"):
        options = ("--dataset", "small", "--scenario", "hang-up", "--speed", "0", "--seed", seed)
        process = _start("--port", "0", *options, cwd=tmp_path, env=BARE_ENVIRONMENT)
        try:
            base = process.stdout.readline().split()[-1]
            with httpx.Client(base_url=base, headers={"Authorization": "Bearer sandbox-bloom"}) as client:
                playing = client.get(base.replace("/api/v1", "/_sandbox/scenarios")).json()["playing"]
                clock = client.get(base.replace("/api/v1", "/_sandbox/clock")).json()
                body = {"destination": "+31612340042", "assistant_id": _assistant(client)}
                seen.append((client.get("/numbers").json(), client.post("/calls/outbound", json=body).json()))
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, errors) == (0, "")
        assert (playing["name"], clock["speed"]) == (scenario_files.find("hang-up", is_route).name, 0)
    assert _ids(seen[0]) == _ids(seen[1]) != _ids(seen[2])


def test_nothing_but_the_standard_library_is_imported():
    """So it can be carried off and run where Patchbay is not installed."""
    program = "import sys, dashboard.sandbox.__main__; print(*{name.split('.')[0] for name in sys.modules})"
    output = subprocess.run(
        [sys.executable, "-c", program], env=BARE_ENVIRONMENT, capture_output=True, text=True
    ).stdout
    others = set(output.split()) - sys.stdlib_module_names - {"sitecustomize", "usercustomize"}  # Python's own start
    assert {name for name in others if not name.startswith("_")} == {"dashboard"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--scenario", "nowhere"), "there is no file nowhere, and none of bad-day"),
        (("--scenario", "{file}"), "mine.toml: step 1 (line 3): at must be seconds"),
        (("--speed", "-1"), "the speed is a number from 0 to 1000"),
        (("--port", "70000"), "a port is a number"),
    ],
)
def test_an_invalid_argument_gets_a_message_of_one_line(tmp_path, options, words):
    file = tmp_path / "mine.toml"
    file.write_text('name = "Mine"\n\n[[step]]\nat = "soon"\npath = "faults"\n')
    filled = [option.replace("{file}", str(file)) for option in options]
    process = _start("--port", "0", "--dataset", "small", *filled)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (2, "")
    assert words in errors and "Traceback" not in errors


def test_help_names_every_option_the_keys_and_the_scenarios():
    process = _start("--help")
    output, _ = process.communicate(timeout=PATIENCE)
    for word in ("--port", "--seed", "--speed", "--scenario", "--data", "sandbox-bloom", "/_sandbox", "bad-day"):
        assert word in output
    assert process.returncode == 0


def _assistant(client):
    return client.get("/assistants").json()["assistants"][0]["id"]


def _ids(seen):
    numbers, placed = seen
    return [number["id"] for number in numbers["numbers"]], placed["call_id"]


def _start(*options, cwd=ROOT, env=None):
    command = [sys.executable, "-m", "dashboard.sandbox", *options]
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ids_are_not_reused_after_killed_processes(tmp_path):
    """Each start is killed before it wrote a snapshot of what it did; each places a call."""
    given = []
    for _ in range(3):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dashboard.sandbox",
                "--port",
                "0",
                "--dataset",
                "small",
                "--data",
                tmp_path / "state",
            ],
            cwd=ROOT,
            env=BARE_ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            base = process.stdout.readline().split()[-1]
            with httpx.Client(base_url=base, headers={"Authorization": "Bearer sandbox-bloom"}, timeout=10) as client:
                assistant = client.get("/assistants").json()["assistants"][0]["id"]
                body = {"destination": "+31612340042", "assistant_id": assistant}
                given.append(client.post("/calls/outbound", json=body).json()["call_id"])
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    assert len(set(given)) == 3
