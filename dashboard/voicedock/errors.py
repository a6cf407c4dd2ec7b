"""Everything that can go wrong with VoiceDock, as one tree (`voicedock-api.md §2`).

`except Unanswered` is every case in which nobody knows whether it was done.
"""

from __future__ import annotations

from collections.abc import Sequence


class VoiceDockError(Exception):
    """`str()` is VoiceDock's own message, or ours; `words` is a sentence for the person who asked.

    `sent`: False when it is proven that nothing reached VoiceDock, True when it answered, None when nobody knows.
    `retry_after` in seconds; `raw` is the answer for diagnosis, capped and without secrets: not for people.
    """

    plain = "VoiceDock could not do this."
    quotes = False  # whether VoiceDock's own reason helps the person
    sent: bool | None = None

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        details: Sequence[str] = (),
        param: str = "",
        retry_after: float | None = None,
        raw: str = "",
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.param = message, status, code, param
        self.details, self.retry_after, self.raw = tuple(details), retry_after, raw

    def __str__(self) -> str:
        return self.message or (f"{self.plain} ({self.status})" if self.status else self.plain)

    @property
    def words(self) -> str:
        reason = speakable(self.message) if self.quotes else ""
        return f"{self.plain} It says: “{reason}”" if reason else self.plain


class Invalid(VoiceDockError):
    """We did not send it: VoiceDock would refuse, or do something nobody meant. The message is for people."""

    sent = False

    @property
    def words(self) -> str:
        return self.message


class Refused(VoiceDockError):
    """VoiceDock answered no, and did nothing."""

    plain = "VoiceDock refused this."
    quotes, sent = True, True


class BadKey(Refused):
    plain = "VoiceDock does not accept this connection’s API key. Someone who manages connections has to replace it."
    quotes = False


class NoCredit(Refused):
    plain = "There is no VoiceDock credit left. It has to be topped up before anything can be called."
    quotes = False


class Forbidden(Refused):
    plain = "This connection’s API key may not do that at VoiceDock."


class NotFound(Refused):
    plain = "VoiceDock does not have this any more, or not in this organization."
    quotes = False


class Conflict(Refused):
    plain = "VoiceDock refused this because of how things stand there now."


class NotActive(Refused):
    plain = "This call is no longer active, so it cannot be steered."
    quotes = False


class RateLimited(Refused):
    """Refused before anything was done (`§1.4`), so it may be asked again after `retry_after`."""

    quotes = False

    @property
    def words(self) -> str:
        if self.retry_after is None:
            return "Too much was asked of VoiceDock this minute. Nothing was done; try again in a moment."
        seconds = max(1, round(self.retry_after))
        wait = "1 second" if seconds == 1 else f"{seconds} seconds"
        return f"Too much was asked of VoiceDock this minute. Nothing was done; try again in {wait}."


class Unanswered(VoiceDockError):
    """Nobody knows whether it was done."""

    plain = "VoiceDock did not give a clear answer, so it may have been done or not."


class Unreachable(VoiceDockError):
    """The network failed; `sent` tells whether anything may have arrived."""

    plain = "VoiceDock could not be reached."


class NotSent(Unreachable):
    plain = "VoiceDock could not be reached, so nothing was done. Try again in a moment."
    sent = False


class NoAnswer(Unreachable, Unanswered):
    plain = "VoiceDock did not answer, so it may have been done or not."


class ServerFault(Unanswered):
    plain = "VoiceDock has a fault of its own just now, so this may have been done or not."
    sent = True


class TimedOut408(Unanswered):
    plain = "VoiceDock gave up waiting, so this may have been done or not."
    sent = True


class Malformed(Unanswered):
    plain = "VoiceDock answered something we cannot read, so this may have been done or not."
    sent = True


class Redirected(Unanswered):
    """Never followed: the key would go along. The address in the settings is wrong, or something stands in between."""

    plain = "The VoiceDock address leads somewhere else. Someone who runs Patchbay has to correct it."
    sent = True


class Untrusted(VoiceDockError):
    """A webhook that must not be believed."""

    plain = "This webhook is not to be believed."


class Forged(Untrusted):
    plain = "This webhook is not signed with a secret we gave out."


class Stale(Untrusted):
    plain = "This webhook was signed too long ago, or ahead of time."


def speakable(message: str) -> str:
    """The message if a person can read it: one line without field names, markup or JSON; else nothing."""
    if not message or len(message) > 200 or any(sign in message for sign in "<>{}[]_\n"):
        return ""
    return message.strip()
