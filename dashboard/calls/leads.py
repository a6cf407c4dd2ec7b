"""What screens of calls show and search of a campaign's leads. The campaigns app, which is above calls, provides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import JSONField, Q, Value
from django.db.models.expressions import Combinable


@dataclass(frozen=True)
class LeadProvider:
    """`facts` is annotated on calls as `lead`: {"name", "campaign", "campaign_id"}, or NULL for a call without a lead.

    `matching` narrows calls to those whose lead has this text in its name.
    """

    facts: Combinable
    matching: Callable[[str], Q]


_provider = LeadProvider(Value(None, output_field=JSONField()), lambda text: Q(pk__in=[]))


def provide(provider: LeadProvider) -> None:
    global _provider
    _provider = provider


def facts() -> Combinable:
    return _provider.facts


def matching(text: str) -> Q:
    return _provider.matching(text)
