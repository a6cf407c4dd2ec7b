"""HTTP client of the sandbox's admin API, for `settings.SANDBOX_URL`; without a sandbox the setting is empty."""

from __future__ import annotations

from typing import Any

import httpx
from django.conf import settings

TIMEOUT = 3.0  # seconds; the sandbox runs on the same machine


class NoAnswer(Exception):
    """The sandbox did not respond, or with something that is not a JSON object."""


class RequestRefused(Exception):
    """The sandbox refused the request; the message is its reason."""


def get(path: str, **query: Any) -> dict[str, Any]:
    """The response to `GET /_sandbox/<path>`."""
    return _request("GET", path, params=query)


def post(path: str, **values: Any) -> dict[str, Any]:
    """Change something; raises `RequestRefused` with the sandbox's reason."""
    return _request("POST", path, json=values)


def delete(path: str, **query: Any) -> dict[str, Any]:
    return _request("DELETE", path, params=query)


def _request(method: str, path: str, **arguments: Any) -> dict[str, Any]:
    url = f"{settings.SANDBOX_URL}/_sandbox/{path}"
    try:
        with httpx.Client(timeout=TIMEOUT, trust_env=False, transport=settings.VOICEDOCK_TRANSPORT) as client:
            response = client.request(method, url, **arguments)
        body = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer from error
    if not isinstance(body, dict):
        raise NoAnswer
    if response.status_code >= 400:
        raise RequestRefused(str(body.get("error") or f"It answered {response.status_code}."))
    return body
