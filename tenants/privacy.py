"""What keeps people's data and our secrets where they belong: pages that no cache keeps, logs without keys."""

import logging
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

SECRET = re.compile(
    r"(?i)(\bBearer\s+|(?:api[_-]?key|secret|token|password)[\"']?\s*[:=]\s*[\"']?"
    r"|/invitation/|/hooks/voicedock/|/password/reset/key/)([^\s\"',;&]{4,})|\b(fl_[A-Za-z0-9_]{6,})"
)


class NoStoreMiddleware:
    """Every page is private unless its view said otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response


def without_secrets(text: str) -> str:
    """The text with whatever looks like a key, token or password struck out."""
    return SECRET.sub(lambda found: f"{found[1] or ''}[secret]", text)


class SecretFilter(logging.Filter):
    """Strikes secrets out of every log line, its arguments and its traceback included."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):  # of structlog: its formatter strikes them out (`dashboard/logs.py`)
            return True
        record.msg, record.args = without_secrets(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_secrets(record.exc_text)
        return True
