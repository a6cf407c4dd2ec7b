"""What the contact rules answer for one number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models

VERSION = "2026-11-26"  # of the code: another one for each change of what it refuses


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
    def words(cls, stored: str) -> str:
        """`called often lately and outside of calling hours`; "" for no rule, and for what is none any more."""
        return " and ".join(str(rule.label).lower() for rule in from_stored(stored))


OVERRIDABLE = (Rule.ATTEMPTS, Rule.HOURS)  # by those who may, with a reason


def to_stored(rules: Iterable[Rule]) -> str:
    """As calls and planned calls keep which rules were set aside for them."""
    return ",".join(rules)


def from_stored(stored: str) -> tuple[Rule, ...]:
    return tuple(Rule(value) for value in stored.split(",") if value in Rule.values)


@dataclass(frozen=True)
class Verdict:
    """`refusal` says why a number is not called, or ""; `until` when it may be, where that passes by itself.

    `overridable` are all rules that a reason has to set aside before the number is called; none where another rule
    refuses. `version` is that of the rules (`rules_version.py`).
    """

    refusal: str = ""
    rule: Rule | None = None
    until: datetime | None = None
    version: str = VERSION
    overridable: tuple[Rule, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is on the client's own list."""
        return self.rule == Rule.DO_NOT_CALL

    @property
    def may_be_overridden(self) -> bool:
        return bool(self.overridable)

    @property
    def passes(self) -> bool:
        """Whether it is about the time: the same call may be allowed later, without anybody's doing."""
        return self.until is not None or self.rule == Rule.HOURS


ALLOWED = Verdict()
