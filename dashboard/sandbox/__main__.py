"""`python -m dashboard.sandbox --port N`: the sandbox as a process of its own, on loopback."""

import argparse
import logging
import signal
import sys

from . import app, scenario, snapshot, world
from .clock import Clock
from .demo import KEYS
from .server import Server


def main() -> int:
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    kept = snapshot.Snapshot(options.data) if options.data else None
    loaded = kept.load() if kept else None
    clock = Clock(options.speed, ahead=loaded[1] if loaded else 0.0)
    sandbox = app.make(options.seed, clock, loaded[0] if loaded else options.world)
    if loaded:
        world.resume(sandbox.world, clock.now())
    sandbox.world.switches.ambient = not options.quiet and options.world == "demo"
    try:
        sandbox.play(scenario.find(options.scenario) if options.scenario else None)
    except ValueError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    try:
        server = Server(sandbox, options.host, options.port, kept)
    except OSError as error:
        print(f"sandbox: port {options.port} cannot be used: {error.strerror}", file=sys.stderr)
        return 1
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: server.stopping.set())
    print(f"Sandbox is ready: http://{options.host}:{server.server_address[1]}/api/v1", flush=True)
    server.run()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard.sandbox",
        description="A VoiceDock to practise on: its HTTP API, played by a clock and by chance. Nobody is rung.",
        epilog=f"Keys: {', '.join(KEYS)}. Controls: http://HOST:PORT/_sandbox. All of it: docs/sandbox.md.",
    )
    parser.add_argument("--port", type=_port, required=True, help="where it listens; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="%(default)s unless you say otherwise")
    worlds = "demo (the default): at work, with thirty days of calls; small: the same inventory, no past"
    parser.add_argument("--world", choices=("demo", "small"), default="demo", help=worlds)
    parser.add_argument("--seed", default="patchbay", help="the same seed makes the same world and the same run")
    parser.add_argument("--speed", type=_speed, default=1.0, help="its seconds per second: 60 is a minute a second")
    parser.add_argument("--scenario", metavar="NAME", help=f"a TOML file, or one of {', '.join(scenario.shipped())}")
    parser.add_argument("--data", metavar="FILE", help="keep the world in this file across starts")
    parser.add_argument("--quiet", action="store_true", help="no calls of bystanders in the demo")
    return parser.parse_args()


def _port(said: str) -> int:
    if not said.isdecimal() or int(said) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(said)


def _speed(said: str) -> float:
    try:
        speed = float(said)
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= 1000:
        raise argparse.ArgumentTypeError("the speed is a number from 0 to 1000")
    return speed


if __name__ == "__main__":
    sys.exit(main())
