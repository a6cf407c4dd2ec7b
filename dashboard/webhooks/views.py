"""VoiceDock's door: a webhook is verified and kept, then answered."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard import voicedock
from dashboard.webhooks import deliveries
from tenants.models import Connection

LARGEST = 512 * 1024  # bytes


@csrf_exempt
@require_POST
def voicedock_hook(request: HttpRequest, token: str) -> HttpResponse:
    """2xx once it is kept; 401 and 404 say nothing more. `{}` is also the answer that changes nothing (§11.5)."""
    raw = _body(request)
    if raw is None:
        return HttpResponse(status=413)
    headers = request.headers
    try:
        delivery = deliveries.keep(
            token, raw, headers.get("X-Webhook-Signature", ""), headers.get("X-Webhook-Timestamp", "")
        )
    except Connection.DoesNotExist:
        return HttpResponse(status=404)
    except deliveries.Forged:
        return HttpResponse(status=401)
    except voicedock.Malformed:
        return HttpResponse(status=400)
    if delivery is not None:
        deliveries.apply(delivery)
    return JsonResponse({})


def _body(request: HttpRequest) -> bytes | None:
    """The raw bytes, or None when there are too many of them: no more than that is read."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
    if announced > LARGEST:
        return None
    raw = request.read(LARGEST + 1)
    return raw if len(raw) <= LARGEST else None
