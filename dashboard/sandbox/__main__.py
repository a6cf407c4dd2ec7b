"""`python -m dashboard.sandbox --port N`: the sandbox as a process of its own, on loopback."""

import argparse
import logging
import signal
import sys

from . import app, scenario, snapshot, world
from .clock import Clock
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
    parser = argparse.ArgumentParser(prog="python -m dashboard.sandbox", description="A VoiceDock of our own.")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", default="patchbay", help="the same seed makes the same world")
    parser.add_argument("--speed", type=float, default=1.0, help="world seconds per second")
    parser.add_argument("--scenario", metavar="NAME", help="a TOML file, or one that comes with it")
    parser.add_argument("--data", metavar="FILE", help="keep the world here across starts")
    parser.add_argument("--world", choices=("demo", "small"), default="demo")
    parser.add_argument("--quiet", action="store_true", help="no calls of bystanders")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
