"""What came of a campaign: each of its people by the state of their lead and the outcome of their call.

Figures, ranks, chips and the list of people read these groups, so that each figure leads to as many people as it names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, OuterRef, QuerySet, Subquery, TextChoices, Value, When
from django.db.models.functions import Coalesce

from dashboard.calls import outcomes
from dashboard.calls.models import Call
from dashboard.campaigns import kept_counts
from dashboard.campaigns.called import CALLED, CALLING, PENDING, SKIPPED
from dashboard.campaigns.models import Campaign, Lead
from tenants.isolation import scope

UNREACHED_STATES = ("failed", "no_answer", SKIPPED)  # of leads whose call is not here (`voicedock-api.md §16` 45)
NOT_KNOWN = ""  # the outcome of a call that is not here yet

_CALL = Call.objects.filter(
    connection=OuterRef("campaign__connection"), tenant=OuterRef("tenant"), remote_id=OuterRef("call_remote_id")
).exclude(remote_id="")
_WITHOUT_CALL = Case(When(status__in=UNREACHED_STATES, then=Value("not_reached")), default=Value(NOT_KNOWN))
OUTCOME = Case(  # of a lead's last call
    When(call_remote_id="", then=_WITHOUT_CALL),
    default=Coalesce(Subquery(_CALL.values("outcome")[:1]), _WITHOUT_CALL),
    output_field=CharField(),
)


class Group(TextChoices):
    """Where a person stands. Those called were reached, had their voicemail on, were not reached, or it is not known.

    No value is an outcome too, but for the voicemail, which is both.
    """

    CALLED = "called", "Called"
    REACHED = "reached", "Reached a person"
    VOICEMAIL = "voicemail", "Voicemail"
    NOT_REACHED = "unreached", "Not reached"
    NOT_KNOWN = "not_known", "Not known yet"
    CALLING = "calling", "Calling"
    LEFT = "left", "Left"
    SKIPPED = "skipped", "Skipped"


STATE_OF_GROUP: dict[str, str] = {Group.CALLING: CALLING, Group.LEFT: PENDING, Group.SKIPPED: SKIPPED}


@dataclass(frozen=True)
class Results:
    """Of the people who were called: `outcomes` and `reasons` (of those not reached) are ranked, with their figures."""

    reached: int = 0
    voicemail: int = 0
    not_reached: int = 0
    not_known: int = 0
    outcomes: tuple[tuple[str, int], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def called(self) -> int:
        return self.reached + self.voicemail + self.not_reached + self.not_known

    @property
    def best(self) -> tuple[str, int] | None:
        """The most frequent outcome that is a success, by its tone, else the most frequent of people reached."""
        people = [(slug, count) for slug, count in self.outcomes if group_of(slug) is Group.REACHED]
        good = [(slug, count) for slug, count in people if outcomes.read(slug).tone == "good"]
        return next(iter(good or people), None)

    def figure(self, slug: str) -> int:
        return dict(self.outcomes).get(slug, 0)

    def share(self, count: int) -> int:
        """In percent of the people reached."""
        return round(100 * count / self.reached) if self.reached else 0

    @property
    def reached_share(self) -> int:
        """In percent of the people called whose result is known."""
        known = self.called - self.not_known
        return round(100 * self.reached / known) if known else 0

    @property
    def reached_share_in_words(self) -> str:
        """`45%`; a dash while no result is known."""
        return f"{self.reached_share}%" if self.called > self.not_known else "—"

    @property
    def not_known_in_words(self) -> str:
        """`; 3 not known yet`, behind the people reached; "" where every result is known."""
        return f"; {self.not_known:,} not known yet" if self.not_known else ""


@scope.requires_scope
def of_all(campaigns: Iterable[Campaign]) -> dict[int, Results]:
    """By the campaign's id, with one query at most for any number of them."""
    return defaultdict(Results, {pk: of(people) for pk, people in outcomes_of(campaigns).items()})


@scope.requires_scope
def outcomes_of(campaigns: Iterable[Campaign]) -> dict[int, dict[str, int]]:
    """How many of those who were called had each outcome, by the campaign's id."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    asked = list(campaigns)
    for campaign in asked:
        if known := kept_counts.kept(campaign, "outcomes"):
            found[campaign.pk] = known
    rest = kept_counts.to_count(asked, "outcomes")
    leads = Lead.objects.filter(campaign__in=rest).filter(CALLED).annotate(outcome=OUTCOME)
    for pk, outcome, count in leads.order_by().values_list("campaign", "outcome").annotate(n=Count("pk")):
        found[pk][outcome] = count
    return found


def of(people: Mapping[str, int]) -> Results:
    """`people`: how many of those who were called had each outcome."""
    groups: Counter[Group] = Counter()
    for outcome, count in people.items():
        groups[group_of(outcome)] += count
    return Results(
        reached=groups[Group.REACHED],
        voicemail=groups[Group.VOICEMAIL],
        not_reached=groups[Group.NOT_REACHED],
        not_known=groups[Group.NOT_KNOWN],
        outcomes=_ranked(people),
        reasons=_ranked({slug: count for slug, count in people.items() if group_of(slug) is Group.NOT_REACHED}),
    )


def group_of(outcome: str) -> Group:
    """The group of a person who was called; `narrow` is the same for a query."""
    if outcome == NOT_KNOWN:
        return Group.NOT_KNOWN
    if outcome == Group.VOICEMAIL:
        return Group.VOICEMAIL
    return Group.NOT_REACHED if outcome in outcomes.NOBODY_REACHED else Group.REACHED


def narrow(leads: QuerySet[Lead], show: str) -> QuerySet[Lead]:
    """The leads of a group, or with an outcome; all for ""."""
    if not show:
        return leads
    if show in STATE_OF_GROUP:
        return leads.filter(~CALLED, status=STATE_OF_GROUP[show])
    called = leads.filter(CALLED)
    if show == Group.CALLED:
        return called
    called = called.annotate(outcome=OUTCOME)
    match show:
        case Group.REACHED:
            return called.exclude(outcome__in=[*outcomes.NOBODY_REACHED, NOT_KNOWN])
        case Group.NOT_REACHED:
            return called.filter(outcome__in=[*outcomes.NOBODY_REACHED]).exclude(outcome=Group.VOICEMAIL.value)
        case Group.NOT_KNOWN:
            return called.filter(outcome=NOT_KNOWN)
    return called.filter(outcome=show)


def _ranked(people: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(people.items(), key=lambda pair: (pair[0] == NOT_KNOWN, -pair[1], pair[0])))
