"""The analysis of a campaign's calls as columns of a file: one for each field, with its name in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from dashboard.calls import analysis_words, outcomes
from dashboard.calls.models import Call, CallReport
from dashboard.campaigns.models import Campaign, Lead
from tenants.isolation import scope

MOST = 60  # columns
READ = f"""
SELECT DISTINCT field.name, coalesce(part.name, ''), lower(field.name) = ANY(%(first)s)
FROM {Lead._meta.db_table} lead
JOIN {Call._meta.db_table} call ON call.connection_id = %(connection)s AND call.tenant_id = lead.tenant_id
  AND call.remote_id = lead.call_remote_id AND call.remote_id <> ''
JOIN {CallReport._meta.db_table} report ON report.call_id = call.id
CROSS JOIN LATERAL jsonb_each(
  CASE WHEN jsonb_typeof(report.analysis) = 'object' THEN report.analysis ELSE '{{}}' END
) AS field(name, value)
LEFT JOIN LATERAL jsonb_object_keys(
  CASE WHEN jsonb_typeof(field.value) = 'object' THEN field.value ELSE '{{}}' END
) AS part(name) ON true
WHERE lead.campaign_id = %(campaign)s AND lead.call_remote_id <> ''
ORDER BY 3 DESC, 1, 2 LIMIT %(most)s
"""


class Field(NamedTuple):
    """A field of an analysis; `part` is a field inside of it, or ""."""

    name: str
    part: str = ""

    @property
    def title(self) -> str:
        """As the page of a call names it."""
        title = analysis_words.sentence(self.name)
        inner = analysis_words.sentence(self.part)
        return f"{title}: {inner[:1].lower()}{inner[1:]}" if inner else title


@scope.requires_scope
def of_campaign(campaign: Campaign) -> list[Field]:
    """Those that the analyses of its calls have, the outcome first. The database reads the analyses: one query."""
    values: dict[str, Any] = {"connection": campaign.connection_id, "campaign": campaign.pk}
    values |= {"most": MOST, "first": list(outcomes.FIELDS)}
    with connection.cursor() as cursor:
        cursor.execute(READ, values)
        found = [Field(name, part) for name, part, _ in cursor.fetchall()]
    return sorted(found, key=lambda field: (field.name.casefold() not in outcomes.FIELDS, field.title.casefold()))


def heads(fields: Iterable[Field], taken: Iterable[str]) -> list[str]:
    """A head for each column, different from those that are `taken`."""
    known, found = set(taken), []
    for field in fields:
        head = field.title
        if head in known:
            head = f"{head} (analysis)"
        number = 1
        while head in known:
            number += 1
            head = f"{field.title} (analysis {number})"
        known.add(head)
        found.append(head)
    return found


@scope.requires_scope
def of_calls(calls: Iterable[Call]) -> dict[object, object]:
    """The analyses of these calls, by the id of the call; one query."""
    reports = CallReport.objects.filter(call__in=[call.pk for call in calls])
    return dict(reports.values_list("call_id", "analysis"))


def cells(analysis: object, fields: Sequence[Field], zone: ZoneInfo) -> list[str]:
    """In words, "" where this analysis does not have the field."""
    return [_cell(analysis, field, zone) for field in fields]


def _cell(analysis: object, field: Field, zone: ZoneInfo) -> str:
    if not isinstance(analysis, Mapping) or field.name not in analysis:
        return ""
    value, name = analysis[field.name], field.name
    if isinstance(value, Mapping):
        if field.part not in value:
            return ""
        value, name = value[field.part], field.part
    elif field.part:
        return ""
    words = "; ".join(
        text if title == analysis_words.sentence(name) else f"{title}: {text}"
        for title, text in analysis_words.rows({name: value}, zone)
    )
    return "" if words == analysis_words.NOTHING else words
