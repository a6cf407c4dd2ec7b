"""What the contact rules answer for one number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models

VERSION = "2026-11-26"  # of the rules: another one for each change of what they refuse


class Rule(models.TextChoices):
    """The rule by which a person is not called. The label heads those whom it leaves out."""

    DO_NOT_CALL = "do-not-call", "Asked not to be called"
    RESELLERS_LIST = "resellers-list", "On the list of your account team"
    CAMPAIGN_LIST = "campaign-list", "On the list of this campaign"
    OWN_LINE = "own-line", "One of your own lines"
    COUNTRY = "country", "Country or kind of number not allowed"
    CONSENT = "consent", "No consent in the file"
    GAP = "gap", "In another campaign"
    ATTEMPTS = "attempts", "Called often lately"
    HOURS = "hours", "Outside of calling hours"

    @classmethod
    def words(cls, value: str) -> str:
        """`outside of calling hours`; "" for no rule, and for one that does not exist any more."""
        return str(cls(value).label).lower() if value in cls.values else ""


OVERRIDABLE = (Rule.ATTEMPTS, Rule.HOURS)  # by those who may, with a reason


@dataclass(frozen=True)
class Verdict:
    """`refusal` says why a number is not called, or ""; `until` when it may be, where that passes by itself."""

    refusal: str = ""
    rule: Rule | None = None
    until: datetime | None = None
    version: str = VERSION

    @property
    def is_own(self) -> bool:
        """Whether it is on the client's own list."""
        return self.rule == Rule.DO_NOT_CALL

    @property
    def may_be_overridden(self) -> bool:
        return self.rule in OVERRIDABLE

    @property
    def passes(self) -> bool:
        """Whether it is about the time: the same call may be allowed later, without anybody's doing."""
        return self.until is not None or self.rule == Rule.HOURS


ALLOWED = Verdict()
