"""`python -m dashboard.sandbox --port N`: the sandbox as a process of its own, on loopback."""

import argparse
import logging
import signal
import sys

from . import admin_api, app, initial_state, scenario_files, snapshot
from .clock import Clock
from .demo_data import KEYS
from .server import Server


def main() -> int:
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    file = snapshot.Snapshot(arguments.data) if arguments.data else None
    loaded = file.load() if file else None
    clock = Clock(arguments.speed, ahead=loaded[1] if loaded else 0.0)
    sandbox = app.make(arguments.seed, clock, loaded[0] if loaded else arguments.dataset)
    if loaded:
        initial_state.resume(sandbox.state, clock.now())
    sandbox.state.options.background_traffic = not arguments.quiet and arguments.dataset == "demo"
    try:
        sandbox.play(scenario_files.find(arguments.scenario, admin_api.is_route) if arguments.scenario else None)
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    try:
        server = Server(sandbox, arguments.host, arguments.port, file)
    except OSError as error:
        print(f"sandbox: port {arguments.port} cannot be used: {error.strerror}", file=sys.stderr)
        return 1
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: server.stopping.set())
    print(f"Sandbox is ready: http://{arguments.host}:{server.server_address[1]}/api/v1", flush=True)
    server.run()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard.sandbox",
        description="A simulator of VoiceDock's HTTP API; calls follow a clock and a seed. No phone rings.",
        epilog=f"Keys: {', '.join(KEYS)}. Controls: http://HOST:PORT/_sandbox. Documentation: docs/sandbox.md.",
    )
    parser.add_argument("--port", type=_port, required=True, help="where it listens; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="%(default)s unless given")
    datasets = "demo (the default): thirty days of calls and live traffic; small: the same inventory without calls"
    parser.add_argument("--dataset", choices=("demo", "small"), default="demo", help=datasets)
    parser.add_argument("--seed", default="patchbay", help="the same seed gives the same data and the same run")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="sandbox seconds per second: 60 is a minute per second"
    )
    parser.add_argument(
        "--scenario", metavar="NAME", help=f"a TOML file, or one of {', '.join(scenario_files.shipped_names())}"
    )
    parser.add_argument("--data", metavar="FILE", help="keep the state in this file across starts")
    parser.add_argument("--quiet", action="store_true", help="no background traffic in the demo")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= 1000:
        raise argparse.ArgumentTypeError("the speed is a number from 0 to 1000")
    return speed


if __name__ == "__main__":
    sys.exit(main())
