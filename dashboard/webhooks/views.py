"""The endpoint of VoiceDock's webhooks: each is verified and stored, then applied, then answered."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard import voicedock
from dashboard.webhooks import deliveries
from tenants.models import Connection

MAX_BODY = 512 * 1024  # bytes


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, token: str) -> HttpResponse:
    """200 with `{}` (changes nothing at VoiceDock, `§11.5`) once it is stored; 400, 401, 404 and 413 are empty."""
    raw = _body(request)
    if raw is None:
        return HttpResponse(status=413)
    headers = request.headers
    try:
        received = deliveries.record(
            token, raw, headers.get("X-Webhook-Signature", ""), headers.get("X-Webhook-Timestamp", "")
        )
    except Connection.DoesNotExist:
        return HttpResponse(status=404)
    except voicedock.InvalidSignature:
        return HttpResponse(status=401)
    except voicedock.Malformed:
        return HttpResponse(status=400)
    if received.is_waiting:
        deliveries.apply(received.delivery_id, received.event)
    return JsonResponse({})


def _body(request: HttpRequest) -> bytes | None:
    """The raw bytes; None when they are more than `MAX_BODY`, of which no more is read."""
    try:
        declared = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
    if declared > MAX_BODY:
        return None
    raw = request.read(MAX_BODY + 1)
    return raw if len(raw) <= MAX_BODY else None
