"""Whether VoiceDock is well (voicedock-api.md §9.11); the one operation without a key."""

from .. import wire
from ..exchange import Answer


def health(now: float) -> Answer:
    checks = {"database": {"status": "ok", "latency_ms": 1}}
    return Answer(body={"status": "ok", "timestamp": wire.iso(now), "version": "1.0.0", "checks": checks})
