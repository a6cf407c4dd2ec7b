"""`manage.py up`: everything, in order, each step only when the one before is well."""

import os
import socket
import sys

from dashboard.devserver import create_roles, demo_logins, disk_space, environment, processes, setup_steps, valkey
from dashboard.devserver import services as children
from dashboard.devserver.lock import Lock
from dashboard.devserver.paths import Places, listen
from dashboard.devserver.postgres import Postgres
from dashboard.devserver.supervisor import Failed, Stopped, Supervisor

DEFAULT_PORT = 8000


def run(arguments: list[str]) -> int:
    if arguments:
        sys.exit("`up` takes no arguments; PORT in the environment sets the port of the web server.")
    port, places = asked_port(), Places.of_environment()
    places.make()
    lock = Lock(places)
    if not lock.take():
        sys.exit(f"Patchbay is already up: {lock.read() or 'it is just starting'}. Stop that one first.")
    try:
        return _run(places, port, lock)
    finally:
        lock.release()


def _run(places: Places, port: int, lock: Lock) -> int:
    if left := processes.clean_up(places.run):
        _print(f"Ended what a killed run had left: {', '.join(left)}.")
    count = children.web_processes()
    listening = listen(port)
    if listening is None:
        sys.exit(f"Port {port} is busy. Choose another one: PORT={port + 1} python3 manage.py up")
    with listening:
        return _serve(places, listening, count, lock)


def _serve(places: Places, listening: socket.socket, count: int, lock: Lock) -> int:
    if words := disk_space.trouble(places.data):
        _print(words)
    supervisor, url = Supervisor(places, _print), f"http://localhost:{listening.getsockname()[1]}/"
    try:
        places.renew_busy_ports()
        with supervisor.listening():
            _start(supervisor, places, listening, count)
            lock.write(url)
            _print(f"Patchbay is ready: {url}")
            _print(_closing())
            supervisor.watch()
            listening.close()  # the web processes have theirs: nobody else would take what comes now
            _print("Stopping …")
    except Stopped:
        _print("Stopped before everything was up.")
    except Failed as error:
        _print(str(error))
        return 1
    except OSError as error:
        if not disk_space.is_full(error):
            raise
        _print(disk_space.full(places.data))
        return 1
    _print("Everything has stopped.")
    return 0


def asked_port() -> int:
    port = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    return int(port)


def _start(supervisor: Supervisor, places: Places, listening: socket.socket, count: int) -> None:
    ours, env = environment.embedded(), environment.local(places, web_port=listening.getsockname()[1])
    owner = env | environment.owner(places)
    _start_services(supervisor, places, ours, connections=children.database_connections(count))

    state = setup_steps.migrations(env["DATABASE_URL"])
    if "postgres" not in ours or not setup_steps.taken(places, "migrate", state):
        _print("Updating the tables …")
        supervisor.once(children.command("migrate", owner, "migrate", "--no-input"))
        setup_steps.take(places, "migrate", state)
    world = setup_steps.demo(state, env["PATCHBAY_URL"], env["VOICEDOCK_API_URL"])
    if "sandbox" in ours and not setup_steps.taken(places, "demo", world):
        _print("Preparing demo data …")
        supervisor.once(children.command("demo", owner, "demo"))
        setup_steps.take(places, "demo", world)

    if env.get("PATCHBAY_STATIC") == str(places.static):
        _collect_static_files(supervisor, places, env)
    _print("Starting workers, web and beat …")
    web = children.web(places, listening, count, env | environment.auditor(places))
    workers = [*children.workers(places, env, environment.signer(places)), children.applier(places, env)]
    supervisor.start(*workers, *web, children.beat(places, env))


def _collect_static_files(supervisor: Supervisor, places: Places, env: dict[str, str]) -> None:
    """Compressed, with names that browsers may keep for ever."""
    state = setup_steps.static_files()
    if setup_steps.taken(places, "static", state) and places.static.exists():
        return
    _print("Collecting style sheets and scripts …")
    places.static.mkdir(exist_ok=True)
    supervisor.once(children.command("static", env, "collectstatic", "--no-input", "--clear", "-v", "0"))
    setup_steps.take(places, "static", state)


def _start_services(supervisor: Supervisor, places: Places, ours: set[str], *, connections: int) -> None:
    """PostgreSQL, Valkey and the sandbox need nothing of each other: they start together."""
    ports, secrets = places.ports(), places.secrets()
    plain = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "TMPDIR") if name in os.environ}
    server = None
    services = []
    if "postgres" in ours:
        server = Postgres.below(places.data, places.name, port=ports["postgres"], password=secrets["postgres"])
        server.prepare()
        services.append(server.child(plain, "-c", f"max_connections={connections}"))
    if "valkey" in ours:
        folder = places.data / "valkey"
        services.append(valkey.child(folder, port=ports["valkey"], password=secrets["valkey"], environment=plain))
    if "sandbox" in ours:
        services.append(children.sandbox(places, ports["sandbox"], plain))
    if services:
        _print(f"Starting {', '.join(child.name for child in services)} …")
        supervisor.start(*services)
    if server:
        passwords = {f"{who}_password": secrets[who] for who in ("owner", "app", "auditor")}
        create_roles.create(server.address(), **passwords)


def _closing() -> str:
    if "sandbox" in environment.embedded():
        return f"\n{demo_logins.table()}\n\nCtrl-C stops everything."
    return (
        f"\nVoiceDock is at {os.environ['VOICEDOCK_API_URL']}; there are no demo people."
        "\nThe first of the staff: python3 manage.py first_admin --email … --name …"
        "\n\nCtrl-C stops everything."
    )


def _print(words: str) -> None:
    print(words, flush=True)
