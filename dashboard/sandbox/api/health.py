"""The health check (voicedock-api.md §9.11); the only operation without a key."""

from .. import serializers
from ..http_messages import Response


def health(now: float) -> Response:
    checks = {"database": {"status": "ok", "latency_ms": 1}}
    return Response(body={"status": "ok", "timestamp": serializers.iso(now), "version": "1.0.0", "checks": checks})
