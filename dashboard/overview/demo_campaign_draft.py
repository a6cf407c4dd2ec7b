"""Campaigns of the demo that are being made: one with a file of people, one whose sending a person stopped."""

from __future__ import annotations

from django.utils import timezone

from dashboard.campaigns.drafts import book
from dashboard.campaigns.lead_files import columns, people, uploads
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.contact_rules import entries
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
    ["Mevr. Zoë Brønsted", "06-13004401", "14 mei", "ochtend"],
    ["Dhr. B. Kuiper", "020 555 0273", "2 maart", "middag"],
    ["Mevr. F. Aydın", "0031613004403", "19 mei", ""],
    ["Dhr. T. van Dijk", "0613004404", "7 april", "ochtend"],
    ["Mevr. L. Okafor", "06 1300 4405", "28 mei", "middag"],
    ["Dhr. B. Kuiper", "020 555 0273", "2 maart", "middag"],
    ["Mevr. S. de Wit", "onbekend", "11 mei", "ochtend"],
    ["Dhr. P. Mulder", "613004406", "3 juni", "middag"],
    ["Mevr. A. Visser", "3,16E+10", "3 juni", "middag"],
    ["Dhr. J. Postma", "06-13004407", "21 april", "ochtend"],
    ["Mevr. H. Schouten", "06-13004408", "9 mei", "middag"],
    ["Dhr. K. Yilmaz", "+31 6 1300 4409", "16 mei", "ochtend"],
    ["Mevr. M. Peeters", "06-13004410", "30 maart", "avond"],
    ["Dhr. W. van den Berg", "020 555 0281", "12 mei", "middag"],
    ["Mevr. R. Jansen", "06-13004411", "4 mei", "ochtend"],
    ["Dhr. O. Dekker", "06-13004412", "25 maart", "middag"],
    ["Mevr. N. Haddad", "06-13004413", "6 juni", "ochtend"],
    ["Dhr. C. Brouwer", "06-13004414", "18 april", ""],
    ["Mevr. E. Verhoeven", "06-13004415", "23 mei", "middag"],
    ["Dhr. S. Wolters", "06-13004416", "1 juni", "ochtend"],
    ["Mevr. I. Smit", "020 555 0290", "15 april", "middag"],
    ["Dhr. D. Aarts", "06-13004417", "27 mei", "avond"],
    ["Mevr. G. Hendriks", "06-13004418", "8 april", "ochtend"],
    ["Dhr. V. Nowak", "06-13004419", "20 maart", "middag"],
]
ASKED_NOT_TO_BE_CALLED = "+31613004408"
STOPPED_ROWS = [
    ["Dhr. R. Postma", "06-13004421", "4 juni", "ochtend"],
    ["Mevr. C. Bakker", "06-13004422", "11 april", "middag"],
    ["Dhr. L. Jansen", "06-13004423", "29 april", "ochtend"],
    ["Mevr. T. de Boer", "06-13004424", "2 mei", "middag"],
    ["Dhr. J. Postma", "06-13004407", "21 april", "ochtend"],
    ["Mevr. J. van Dam", "020 555 0295", "13 mei", "middag"],
]  # one of them is in the other file, too


@scope.opens_scope
def make(tenant: Tenant, *, by: User) -> None:
    """Nothing where something is being made already."""
    with scope.for_tenant(tenant):
        tenant.refresh_from_db()
        if CampaignDraft.objects.filter(tenant=tenant).exists():
            return
        draft = book.create(tenant, by=by)
        book.change(draft, {"name": NAME, "template": TEMPLATE}, by=by)
        _add_people(draft, ROWS, "hygienist-winter.csv", by)
        _add_stopped(tenant, by)
    with scope.for_tenant(tenant):
        why = "Said so at the desk"
        entries.add(
            tenant, [ASKED_NOT_TO_BE_CALLED], source=entries.Source.BY_HAND, by=by, notes={ASKED_NOT_TO_BE_CALLED: why}
        )


def _add_stopped(tenant: Tenant, by: User) -> None:
    """Some of its people were not answered, one was refused; nothing of it is at VoiceDock."""
    draft, at = book.create(tenant, by=by), timezone.now()
    book.change(draft, {"name": STOPPED, "template": TEMPLATE}, by=by)
    _add_people(draft, STOPPED_ROWS, "half-year.csv", by)
    leads = DraftLead.objects.filter(draft=draft)
    leads.filter(line__in=(2, 4)).update(state=DraftLead.State.UNKNOWN, asked_at=at)
    leads.filter(line=5).update(state=DraftLead.State.REFUSED, reason="VoiceDock refused this.")
    CampaignDraft.objects.filter(pk=draft.pk).update(
        state=CampaignDraft.State.STOPPED, begun_by=by, begun_at=at, asked_at=at, reason=f"Stopped by {by}."
    )


def _add_people(draft: CampaignDraft, rows: list[list[str]], name: str, by: User) -> None:
    content = "\r\n".join(";".join(row) for row in [HEADERS, *rows]).encode()
    prepared = uploads.prepare(name, content, Options())
    uploads.keep(draft, prepared, by=by, chosen=uploads.Columns(columns.read(COLUMNS, len(HEADERS)), "NL"))
    people.read(draft, by=by)
