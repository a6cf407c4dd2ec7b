"""The drafts on the page of campaigns: those that are not sent, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dashboard.campaigns.drafts import queries, readiness
from dashboard.campaigns.models import CampaignDraft
from tenants.isolation import scope
from tenants.models import Tenant

MARKS = {CampaignDraft.State.SENDING: "connecting", CampaignDraft.State.STOPPED: "wrong"}


class DraftRow(NamedTuple):
    """`missing` in short words, "" for nothing that the draft itself shows; `mark` is the CSS name of its state."""

    draft: CampaignDraft
    missing: str
    mark: str
    is_draft: bool


@dataclass(frozen=True)
class DraftList:
    first: list[DraftRow]
    more: list[DraftRow]


@scope.requires_scope
def of(tenant: Tenant) -> DraftList:
    """One query, whatever their number; their people are not counted."""
    rows = [_row(draft) for draft in queries.unsent(tenant)]
    return DraftList(rows[: queries.SHOWN], rows[queries.SHOWN :])


def _row(draft: CampaignDraft) -> DraftRow:
    is_draft = draft.state in CampaignDraft.WRITABLE
    missing = ", ".join(readiness.of_row(draft)) if is_draft else ""
    return DraftRow(draft, missing, MARKS.get(CampaignDraft.State(draft.state), ""), is_draft)
