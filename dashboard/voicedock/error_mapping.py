"""Maps an unsuccessful response to the right error: four shapes of JSON bodies, and HTML pages (`§2.2`)."""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from . import errors, parsing

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


def error_from(response: httpx.Response, *, control: bool = False, hide: str = "") -> errors.VoiceDockError:
    """The error for this response. With `control` 400, 409 and 422 mean that the call is over, unless the body
    names a field (`§4.3`, `§16` 3). `hide` is the key that was used: it is redacted where VoiceDock echoes it.
    """
    data = body(response)
    code, reason, param = _code_reason_param(data)
    kind = _kind(response.status_code)
    if control and response.status_code in (400, 409, 422) and not param and code != "missing_field":
        kind = errors.NotActive
    details = [text for detail in _list(data.get("details")) if (text := parsing.text(detail))]
    return kind(
        _line(redact(reason, hide)),
        status=response.status_code,
        code=redact(code, hide)[:100],
        details=[redact(detail, hide)[:MESSAGE] for detail in details[:20]],
        param=redact(param, hide)[:100],
        retry_after=_retry_after(response, data),
        raw=raw_body(response, hide),
    )


def body(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of the response; {} for anything else."""
    try:
        return parsing.mapping(json.loads(response.content))
    except (ValueError, RecursionError):
        return {}


def raw_body(response: httpx.Response, hide: str = "") -> str:
    """The body for diagnosis: capped, and without values that look like secrets."""
    try:
        text = json.dumps(_redacted(parsing.clean(json.loads(response.content))), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = response.content[: 8 * RAW].decode("utf-8", "replace")
    return redact(text, hide)[:RAW]


def redact(text: str, hide: str = "") -> str:
    """The text without NUL, without the key, and without anything that looks like a key."""
    text = parsing.clean(text[: 4 * RAW])
    if hide:
        text = text.replace(hide, HIDDEN)
    return SECRET_IN_TEXT.sub(rf"\1{HIDDEN}", text)


def _line(message: str) -> str:
    """A text fit for a log line: capped, and "" when it is an HTML page."""
    return "" if "<" in message and ">" in message else " ".join(message.split())[:MESSAGE]


def _kind(status: int) -> type[errors.VoiceDockError]:
    if status < 400:
        return errors.Redirected if status >= 300 else errors.Malformed
    return BY_STATUS.get(status) or (errors.Refused if status < 500 else errors.ServerFault)


def _code_reason_param(data: dict[str, Any]) -> tuple[str, str, str]:
    """Code, message and the field at fault, from any of the four shapes (`§2.2`); "" for what is missing."""
    error = data.get("error")
    if isinstance(error, dict):
        code, message, param = (parsing.text(error.get(name)) or "" for name in ("code", "message", "param"))
        return code, message or code, param
    title, message = parsing.text(error) or "", parsing.text(data.get("message")) or ""
    param = parsing.text(data.get("param")) or ""
    together = f"{title}: {message}" if title and message and title != message else title or message
    return parsing.text(data.get("code")) or "", together, param


def _retry_after(response: httpx.Response, data: dict[str, Any]) -> float | None:
    """Seconds, from the header (a number or a date) or from the field that one of the bodies has (`§1.4`)."""
    header = response.headers.get("Retry-After", "").strip()
    seconds = parsing.integer(header)
    if seconds is None and header:
        try:
            seconds = max(0, round(parsedate_to_datetime(header).timestamp() - time.time()))
        except (ValueError, TypeError, OverflowError):
            seconds = None
    if seconds is None:
        error = parsing.mapping(data.get("error"))
        seconds = parsing.integer(
            parsing.first_present(data, "retry_after") or parsing.first_present(error, "retry_after")
        )
    return None if seconds is None else float(seconds)


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if SECRET.search(key) else _redacted(item) for key, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
