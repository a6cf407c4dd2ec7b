"""From a response that is no success to the right error: four shapes of bodies, and pages that are none (§2.2)."""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from . import errors, reading

SECRET = re.compile(r"api[_-]?key|secret|token|password", re.IGNORECASE)
SECRET_IN_TEXT = re.compile(
    r"""( (?<![\w-]) [\w-]* (?: api[\ _-]?key | secret | token | password ) [\w-]* ["']? \s* [:=] \s* ["']?
        | \b bearer \s+ | \b fl_ ) [^\s"',;&<>}]+""",
    re.IGNORECASE | re.VERBOSE,
)
HIDDEN = "[hidden]"
MESSAGE, RAW = 300, 2000  # characters kept

BY_STATUS: dict[int, type[errors.VoiceDockError]] = {
    401: errors.BadKey,
    402: errors.NoCredit,
    403: errors.Forbidden,
    404: errors.NotFound,
    408: errors.TimedOut408,
    409: errors.Conflict,
    429: errors.RateLimited,
}


def of(response: httpx.Response, *, control: bool = False, hide: str = "") -> errors.VoiceDockError:
    """The error this response is. With `control` 400, 409 and 422 mean that the call is over, unless the body
    names a field (`§4.3`, `§16` 3). `hide` is the key that was used: it appears nowhere, should it be echoed.
    """
    data = body(response)
    code, message, param = _told(data)
    kind = _kind(response.status_code)
    if control and response.status_code in (400, 409, 422) and not param and code != "missing_field":
        kind = errors.NotActive
    details = [text for one in _list(data.get("details")) if (text := reading.text(one))]
    return kind(
        _line(tidy(message, hide)),
        status=response.status_code,
        code=tidy(code, hide)[:100],
        details=[tidy(one, hide)[:MESSAGE] for one in details[:20]],
        param=tidy(param, hide)[:100],
        retry_after=_retry_after(response, data),
        raw=raw(response, hide),
    )


def body(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in it; empty when it holds something else."""
    try:
        return reading.mapping(json.loads(response.content))
    except (ValueError, RecursionError):
        return {}


def raw(response: httpx.Response, hide: str = "") -> str:
    """The body for diagnosis, capped, without values that look like secrets."""
    try:
        text = json.dumps(_redacted(reading.clean(json.loads(response.content))), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = response.content[: 8 * RAW].decode("utf-8", "replace")
    return tidy(text, hide)[:RAW]


def tidy(text: str, hide: str = "") -> str:
    """One text, without NUL, the key and what looks like one."""
    text = reading.clean(text[: 4 * RAW])
    if hide:
        text = text.replace(hide, HIDDEN)
    return SECRET_IN_TEXT.sub(rf"\1{HIDDEN}", text)


def _line(message: str) -> str:
    """A message fit for a log and a page: capped, and none at all when it is a page itself."""
    return "" if "<" in message and ">" in message else " ".join(message.split())[:MESSAGE]


def _kind(status: int) -> type[errors.VoiceDockError]:
    if status < 400:
        return errors.Redirected if status >= 300 else errors.Malformed
    return BY_STATUS.get(status) or (errors.Refused if status < 500 else errors.ServerFault)


def _told(data: dict[str, Any]) -> tuple[str, str, str]:
    """Code, message and field at fault, in whichever shape."""
    error = data.get("error")
    if isinstance(error, dict):
        code, message, param = (reading.text(error.get(name)) or "" for name in ("code", "message", "param"))
        return code, message or code, param
    title, message = reading.text(error) or "", reading.text(data.get("message")) or ""
    param = reading.text(data.get("param")) or ""
    together = f"{title}: {message}" if title and message and title != message else title or message
    return reading.text(data.get("code")) or "", together, param


def _retry_after(response: httpx.Response, data: dict[str, Any]) -> float | None:
    """Seconds: the header (a number or a date), or the field that one of the bodies has (`§1.4`)."""
    told = response.headers.get("Retry-After", "").strip()
    seconds = reading.whole(told)
    if seconds is None and told:
        try:
            seconds = max(0, round(parsedate_to_datetime(told).timestamp() - time.time()))
        except (ValueError, TypeError, OverflowError):
            seconds = None
    if seconds is None:
        error = reading.mapping(data.get("error"))
        seconds = reading.whole(reading.first(data, "retry_after") or reading.first(error, "retry_after"))
    return None if seconds is None else float(seconds)


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if SECRET.search(key) else _redacted(one) for key, one in value.items()}
    return [_redacted(one) for one in value] if isinstance(value, list) else value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
