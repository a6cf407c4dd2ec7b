"""The outcomes of a campaign, ranked: a bar in proportion to the most frequent one."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.calls import outcomes
from dashboard.campaigns.results import Group, Results, group_of


class Rank(NamedTuple):
    """`width` in percent; `share` of the people reached, or "" for an outcome without a person."""

    slug: str
    show: str
    label: str
    people: int
    bar: str
    width: str
    share: str


def ranked(results: Results) -> list[Rank]:
    most = max((count for _, count in results.outcomes), default=0)
    return [_rank(results, slug, count, most) for slug, count in results.outcomes]


def _rank(results: Results, slug: str, count: int, most: int) -> Rank:
    is_person = group_of(slug) is Group.REACHED
    outcome = outcomes.read(slug)
    return Rank(
        slug=slug,
        show=slug or Group.NOT_KNOWN.value,
        label=outcome.label if slug else Group.NOT_KNOWN.label,
        people=count,
        bar=outcome.bar if slug else outcomes.PLAIN_BAR,
        width=f"{100 * count / most:.2f}",
        share=f"{results.share(count)}%" if is_person else "",
    )
