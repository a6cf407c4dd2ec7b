"""A finished call in the list: the columns that its row shows, without the models that they come from.

Making eight models of each of fifty rows takes several times as long as reading them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet
from django.urls import reverse

from dashboard.calls import leads, who_ended
from dashboard.calls.models import Call, CallQuerySet
from tenants.models import Tenant

COLUMNS = (
    *("pk", "tenant_id", "direction", "counterpart", "line", "mode", "overrides", "preset_name", "state", "finished"),
    *("state_at", "created_at", "started_at", "duration_seconds", "end_reason", "machine_source", "outcome", "error"),
    *("alarm", "end_asked_at", "assistant_name", "number_dedication_id", "assistant_dedication_id", "requested_by_id"),
    *("requested_by__name", "requested_by__email", "number_dedication__name", "number_dedication__number__name"),
    *("assistant_dedication__assistant__name", "assistant_dedication__assistant__remote_id"),
)
OF_CLIENT = ("tenant__slug", "tenant__name", "tenant__timezone")
SUMMARY, SENTENCE = "report__summary", "sentence"


@dataclass(frozen=True)
class Named:
    """In place of a number or an assistant of which only the name is shown."""

    line_name: str = ""
    assistant: str = ""


@dataclass(frozen=True)
class Report:
    summary: str


class ListedCall:
    """Has its columns as attributes, and of `Call` what `labels` and the template of a row ask for."""

    is_live = Call.is_live
    is_answered = Call.is_answered
    is_transient = Call.is_transient
    end_is_late = Call.end_is_late
    current_alarm = Call.current_alarm
    was_taken_back = Call.was_taken_back
    pk: UUID

    def __init__(self, columns: dict[str, Any], tenants: dict[int, Tenant]) -> None:
        self.__dict__ = columns
        self.tenant = self._tenant(tenants)

    def _tenant(self, known: dict[int, Tenant]) -> Tenant | None:
        """One for all calls of a client; those that are not known yet are made of the columns of `OF_CLIENT`."""
        of = self.__dict__
        pk = of["tenant_id"]
        if pk is not None and pk not in known:
            slug, name, zone = (of[column] for column in OF_CLIENT)
            known[pk] = Tenant(pk=pk, slug=slug, name=name, timezone=zone)
        return known.get(pk)

    @property
    def url(self) -> str:
        return reverse("call", args=[self.tenant.slug, self.pk]) if self.tenant else ""

    @property
    def requested_by(self) -> str:
        of = self.__dict__
        return of["requested_by__name"] or of["requested_by__email"] or ""

    @property
    def number_dedication(self) -> Named:
        of = self.__dict__
        return Named(line_name=of["number_dedication__name"] or of["number_dedication__number__name"] or "")

    @property
    def assistant_dedication(self) -> Named:
        of = self.__dict__
        remote_id = of["assistant_dedication__assistant__remote_id"]
        return Named(assistant=of["assistant_dedication__assistant__name"] or remote_id or "")

    @property
    def report(self) -> Report | None:
        summary = self.__dict__.get(SUMMARY)
        return None if summary is None else Report(summary)


def columns(calls: CallQuerySet, *, of_one: bool, with_summary: bool, with_sentence: bool) -> QuerySet[Any, Any]:
    """Rows for `ListedCall`. `of_one`: of one client, which the caller has; `sentence` is what a search found."""
    ended_by = ArraySubquery(who_ended.receipts().values(person=who_ended.PERSON))
    found = calls.with_end_age().annotate(lead=leads.facts(), ended_by=ended_by)
    more = (
        *(() if of_one else OF_CLIENT),
        *((SUMMARY,) if with_summary else ()),
        *((SENTENCE,) if with_sentence else ()),
    )
    return found.values(*COLUMNS, "end_age", "lead", "ended_by", *more)
