"""The sandbox's own controls, over HTTP like everything of it; there are none where VoiceDock is real."""

from __future__ import annotations

from typing import Any

import httpx
from django.conf import settings

PATIENCE = 3.0  # seconds; it runs beside us


class NoAnswer(Exception):
    """The sandbox did not answer, or not as it should."""


class Refused(Exception):
    """It said no; its words are the message."""


def look(path: str, **query: Any) -> dict[str, Any]:
    """What it tells of `/_sandbox/<path>`."""
    return _ask("GET", path, params=query)


def pull(path: str, **values: Any) -> dict[str, Any]:
    """Change something; raises `Refused` with the sandbox's reason."""
    return _ask("POST", path, json=values)


def take_off(path: str, **query: Any) -> dict[str, Any]:
    return _ask("DELETE", path, params=query)


def _ask(method: str, path: str, **more: Any) -> dict[str, Any]:
    url = f"{settings.SANDBOX_URL}/_sandbox/{path}"
    try:
        with httpx.Client(timeout=PATIENCE, trust_env=False, transport=settings.VOICEDOCK_TRANSPORT) as client:
            answer = client.request(method, url, **more)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer from error
    if not isinstance(body, dict):
        raise NoAnswer
    if answer.status_code >= 400:
        raise Refused(str(body.get("error") or f"It answered {answer.status_code}."))
    return body
