"""All errors of the VoiceDock client, in one class tree (`docs/voicedock-api.md §2`).

`except Unanswered` catches every case in which it is unknown whether VoiceDock carried out the request.
"""

from __future__ import annotations

from collections.abc import Sequence


class VoiceDockError(Exception):
    """`message` is a sentence for the user; `reason` is VoiceDock's own text, or ours, for logs (also `str()`).

    `sent`: False when it is proven that nothing reached VoiceDock, True when it answered, None when that is unknown.
    `retry_after` in seconds. `raw` is the response body for diagnosis, capped and redacted; it is never shown to users.
    """

    summary = "VoiceDock could not do this."
    quotes_reason = False  # whether `message` repeats VoiceDock's own text to the user
    without_advice = ""  # `summary` where that advises to try again
    sent: bool | None = None

    def __init__(
        self,
        reason: str = "",
        *,
        status: int | None = None,
        code: str = "",
        details: Sequence[str] = (),
        param: str = "",
        retry_after: float | None = None,
        raw: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason, self.status, self.code, self.param = reason, status, code, param
        self.details, self.retry_after, self.raw = tuple(details), retry_after, raw

    def __str__(self) -> str:
        return self.reason or (f"{self.summary} ({self.status})" if self.status else self.summary)

    @property
    def message(self) -> str:
        quoted = readable(self.reason) if self.quotes_reason else ""
        return f"{self.summary} It says: “{quoted}”" if quoted else self.summary

    @property
    def cause(self) -> str:
        """`message` without advice to try again, for what Patchbay repeats by itself."""
        return self.without_advice or self.message


class Invalid(VoiceDockError):
    """Not sent: VoiceDock would refuse it, or do something that was not intended. `reason` is written for users."""

    sent = False

    @property
    def message(self) -> str:
        return self.reason


class Refused(VoiceDockError):
    """VoiceDock refused the request and did nothing (4xx)."""

    summary = "VoiceDock refused this."
    quotes_reason, sent = True, True


class BadKey(Refused):
    summary = "VoiceDock does not accept this connection’s API key. Someone who manages connections has to replace it."
    quotes_reason = False


class NoCredit(Refused):
    summary = "There is no VoiceDock credit left. It has to be topped up before anything can be called."
    quotes_reason = False


class Forbidden(Refused):
    summary = "This connection’s API key may not do that at VoiceDock."


class NotFound(Refused):
    summary = "VoiceDock does not have this any more, or not in this organization."
    quotes_reason = False


class Conflict(Refused):
    summary = "VoiceDock refused this because of how things stand there now."


class NotActive(Refused):
    summary = "This call is no longer active, so it cannot be steered."
    quotes_reason = False


class RateLimited(Refused):
    """Refused before anything was done (`§1.4`), so it may be asked again after `retry_after`."""

    quotes_reason = False
    without_advice = "Too much was asked of VoiceDock this minute."

    @property
    def message(self) -> str:
        if self.retry_after is None:
            return f"{self.without_advice} Nothing was done; try again in a moment."
        seconds = max(1, round(self.retry_after))
        wait = "1 second" if seconds == 1 else f"{seconds} seconds"
        return f"{self.without_advice} Nothing was done; try again in {wait}."


class Unanswered(VoiceDockError):
    """It is unknown whether VoiceDock carried out the request."""

    summary = "VoiceDock did not give a clear answer, so it may have been done or not."


class Unreachable(VoiceDockError):
    """The network failed; `sent` is False when nothing can have arrived."""

    summary = "VoiceDock could not be reached."


class NotSent(Unreachable):
    summary = "VoiceDock could not be reached, so nothing was done. Try again in a moment."
    without_advice = Unreachable.summary
    sent = False


class NoAnswer(Unreachable, Unanswered):
    summary = "VoiceDock did not answer, so it may have been done or not."


class ServerFault(Unanswered):
    summary = "VoiceDock has a fault of its own just now, so this may have been done or not."
    sent = True


class TimedOut408(Unanswered):
    summary = "VoiceDock gave up waiting, so this may have been done or not."
    sent = True


class Malformed(Unanswered):
    summary = "VoiceDock answered something we cannot read, so this may have been done or not."
    sent = True


class Redirected(Unanswered):
    """Redirects are not followed, since they would carry the key: `VOICEDOCK_API_URL` is wrong, or a proxy answers."""

    summary = "The VoiceDock address leads somewhere else. Someone who runs Patchbay has to correct it."
    sent = True


class WebhookRejected(VoiceDockError):
    """A webhook that is not authentic."""

    summary = "This webhook is not authentic."


class InvalidSignature(WebhookRejected):
    summary = "This webhook is not signed with a secret we gave out."


class StaleTimestamp(WebhookRejected):
    summary = "This webhook was signed too long ago, or ahead of time."


def readable(message: str) -> str:
    """The text if it is fit for users (one line without field names, markup or JSON), or ""."""
    if not message or len(message) > 200 or any(sign in message for sign in "<>{}[]_\n"):
        return ""
    return message.strip()
