"""Campaigns of the demo that are being made: one with a file of people, one whose sending a person stopped."""

from __future__ import annotations

from django.utils import timezone

from dashboard.campaigns.drafts import book
from dashboard.campaigns.lead_files import columns, people, uploads
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.models import CampaignDraft, DraftLead
from tenants.isolation import scope
from tenants.models import Tenant, User

NAME, STOPPED = "Hygienist, winter", "Recall, half a year"
TEMPLATE = (
    "Call {{name}} for a visit to the hygienist. The last visit was on {{last_visit}}. Offer a {{daypart}} first. "
    "Speak Dutch, ask at most three questions, and thank them if they decline."
)
HEADERS = ["naam", "telefoon", "laatste", "tijd"]
COLUMNS = {"0": "name", "1": "number", "2": "variable:last_visit", "3": "variable:daypart"}
ROWS = [
    ["Mevr. Zoë Brønsted", "06-12347711", "14 mei", "ochtend"],
    ["Dhr. B. Kuiper", "020 555 0173", "2 maart", "middag"],
    ["Mevr. F. Aydın", "0031612347713", "19 mei", ""],
    ["Dhr. T. van Dijk", "0612347714", "7 april", "ochtend"],
    ["Mevr. L. Okafor", "06 1234 7715", "28 mei", "middag"],
    ["Dhr. B. Kuiper", "020 555 0173", "2 maart", "middag"],
    ["Mevr. S. de Wit", "onbekend", "11 mei", "ochtend"],
    ["Dhr. P. Mulder", "612347716", "3 juni", "middag"],
    ["Mevr. A. Visser", "3,16E+10", "3 juni", "middag"],
]


@scope.opens_scope
def make(tenant: Tenant, *, by: User) -> None:
    """Nothing where something is being made already."""
    with scope.for_tenant(tenant):
        tenant.refresh_from_db()
        if CampaignDraft.objects.filter(tenant=tenant).exists():
            return
        draft = book.create(tenant, by=by)
        book.change(draft, {"name": NAME, "template": TEMPLATE}, by=by)
        _add_people(draft, by)
        _add_stopped(tenant, by)


def _add_stopped(tenant: Tenant, by: User) -> None:
    """Some of its people were not answered, one was refused; nothing of it is at VoiceDock."""
    draft, at = book.create(tenant, by=by), timezone.now()
    book.change(draft, {"name": STOPPED, "template": TEMPLATE}, by=by)
    _add_people(draft, by)
    leads = DraftLead.objects.filter(draft=draft)
    leads.filter(line__in=(2, 4)).update(state=DraftLead.State.UNKNOWN, asked_at=at)
    leads.filter(line=5).update(state=DraftLead.State.REFUSED, reason="VoiceDock refused this.")
    CampaignDraft.objects.filter(pk=draft.pk).update(
        state=CampaignDraft.State.STOPPED, begun_by=by, begun_at=at, asked_at=at, reason=f"Stopped by {by}."
    )


def _add_people(draft: CampaignDraft, by: User) -> None:
    content = "\r\n".join(";".join(row) for row in [HEADERS, *ROWS]).encode()
    prepared = uploads.prepare("hygienist-winter.csv", content, Options())
    uploads.keep(draft, prepared, by=by, chosen=uploads.Columns(columns.read(COLUMNS, len(HEADERS)), "NL"))
    people.read(draft, by=by)
