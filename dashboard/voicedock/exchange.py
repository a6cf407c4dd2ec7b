"""One HTTP request to VoiceDock and its response: permitted, sent, repeated where that is safe (`§1.6`)."""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import stamina

from . import error_mapping, errors, parsing
from .transport import ONCE, PooledTransport, deadline

Permit = Callable[[str, str], object]
ATTEMPTS = 3
LONGEST_PAUSE = 2.5  # seconds between two attempts, and a little for the second one
SHORTEST = 0.5  # seconds: with less time left an attempt is not begun
KEY = re.compile(r"[\x21-\x7e]+")
PARTS = ("Limit", "Remaining", "Reset")  # of X-RateLimit
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class RateLimit:
    """The rate limit headers of the last response (`§1.4`)."""

    limit: int | None
    remaining: int | None
    reset_at: datetime | None


@dataclass(frozen=True)
class Secret:
    """The key; it never shows in a repr, so neither in a traceback's locals."""

    value: str

    def __repr__(self) -> str:
        return "<key>"


class Exchange:
    """The HTTP layer below `Client`; knows no endpoints."""

    def __init__(
        self,
        key: str,
        base_url: str,
        permit: Permit | None,
        transport: httpx.BaseTransport | None,
        timeout: float,
        max_wait: float,
        until: float | None = None,
    ) -> None:
        self._until = until
        self._key, self._base, self._permit = Secret(key), base_url.rstrip("/"), permit
        self._timeout, self._max_wait = timeout, max_wait
        self._http = httpx.Client(
            transport=transport or PooledTransport(),
            timeout=timeout,
            follow_redirects=False,
            headers={"User-Agent": f"patchbay/{version()}", "Accept": "application/json"},
        )
        self.limits: RateLimit | None = None

    def close(self) -> None:
        self._http.close()

    def ask(
        self,
        method: str,
        *segments: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        control: bool = False,
        authenticated: bool = True,
    ) -> Any:
        """The JSON of the response, {} when it is empty. `authenticated=False` sends no key.

        GET, PUT and DELETE are repeated twice after 5xx, time-outs and network trouble, after 1 and 2 seconds
        (`stamina.set_testing` takes the waits away); a GET also after a 429 that asks for no more than `max_wait`
        seconds. POST and PATCH are sent once. A repeated DELETE takes 404 for success: the first attempt deleted it.
        Raises `VoiceDockError`, and whatever `permit` raises before an attempt.
        """
        path = "".join(f"/{segment(part)}" for part in segments)
        request = self._request(method, path, params, json, authenticated)
        attempts = 0
        for attempt in stamina.retry_context(
            on=lambda error: self._retry_wait(method, error),
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=1.0,
            wait_max=8.0,
            wait_jitter=0.0,
        ):
            with attempt:
                attempts += 1
                response = self._attempt(request, method, path)
                if response.status_code == 404 and method == "DELETE" and attempts > 1:
                    return {}
                return self._read(response, control)
        raise AssertionError("retry_context either returns or raises")

    def _request(self, method: str, path: str, params: Any, json: Any, authenticated: bool) -> httpx.Request:
        headers = {}
        if authenticated:
            if not KEY.fullmatch(self._key.value):
                raise errors.Invalid("This API key holds characters that no key has. Paste it again.", param="key")
            headers["Authorization"] = f"Bearer {self._key.value}"
        failure = ""
        try:
            return self._http.build_request(
                method, self._base + path, params=params or None, json=json, headers=headers
            )
        except (TypeError, ValueError, RecursionError, httpx.InvalidURL) as error:
            failure = type(error).__name__
        raise errors.Invalid(f"This cannot be sent to VoiceDock ({failure}).")

    def _attempt(self, request: httpx.Request, method: str, path: str) -> httpx.Response:
        self._time_left()
        if self._permit:
            self._permit(method, path)
        left = self._time_left()
        request.extensions["timeout"] = httpx.Timeout(left).as_dict()
        try:
            with deadline(left):
                response = self._http.send(request)
        except httpx.RequestError as error:
            failure = _failure(error)
        else:
            self._note_limits(response.headers)
            return response
        raise failure  # outside of the except block: httpx's frames hold the key in their headers

    def _read(self, response: httpx.Response, control: bool) -> Any:
        hide = self._key.value
        if not response.is_success:
            raise error_mapping.error_from(response, control=control, hide=hide)
        if not response.content.strip():
            return {}
        try:
            data = json.loads(response.content)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict | list):
            raise errors.Malformed(
                "The answer is not the JSON we expect.",
                status=response.status_code,
                raw=error_mapping.raw_body(response, hide),
            )
        if isinstance(data, dict) and data.get("success") is False:
            error = error_mapping.error_from(response, hide=hide)
            reason = error.reason if data.get("error") or data.get("message") else ""
            raise errors.Refused(reason, status=response.status_code, code=error.code, raw=error.raw)
        return data

    def _time_left(self) -> float:
        """Seconds for the next attempt. Raises `NotSent` when the time for all of them is used up."""
        if self._until is None:
            return self._timeout
        left = self._until - time.monotonic()
        if left < SHORTEST:
            raise errors.NotSent("VoiceDock was too slow: the time for these requests is used up.")
        return min(left, self._timeout)

    def _retry_wait(self, method: str, error: Exception) -> bool | float:
        """Whether to repeat the request, or the seconds to wait before it where they differ from the usual back-off."""
        if method in ONCE or (self._until is not None and self._until - time.monotonic() < LONGEST_PAUSE):
            return False
        if isinstance(error, errors.RateLimited):
            wait = error.retry_after
            return wait if method == "GET" and wait is not None and wait <= self._max_wait else False
        return isinstance(error, errors.Unreachable | errors.ServerFault)

    def _note_limits(self, headers: httpx.Headers) -> None:
        limit, remaining, reset = (parsing.integer(headers.get(f"X-RateLimit-{name}")) for name in PARTS)
        if (limit, remaining, reset) != (None, None, None):
            self.limits = RateLimit(limit, remaining, datetime.fromtimestamp(reset, UTC) if reset else None)


def segment(value: str) -> str:
    """One part of a path, percent-encoded: call ids hold `+` (`§1.3`)."""
    unusable = not isinstance(value, str) or value in ("", ".", "..")
    try:
        encoded = "" if unusable else quote(value, safe="")
    except UnicodeEncodeError:
        encoded = ""
    if not encoded:
        raise errors.Invalid("VoiceDock has given this no usable id.", param="id")
    return encoded


@lru_cache(maxsize=1)
def version() -> str:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    try:
        return str(tomllib.loads(project.read_text())["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "0"


def _failure(error: httpx.RequestError) -> errors.VoiceDockError:
    name = type(error).__name__
    if isinstance(error, NEVER_LEFT):
        return errors.NotSent(f"VoiceDock could not be reached ({name}).", raw=error_mapping.redact(str(error)))
    if isinstance(error, httpx.DecodingError):
        return errors.Malformed(f"The answer cannot be decoded ({name}).")
    return errors.NoAnswer(f"VoiceDock did not answer ({name}).", raw=error_mapping.redact(str(error)))
