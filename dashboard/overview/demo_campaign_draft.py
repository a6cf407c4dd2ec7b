"""A campaign of the demo that is being made: with a file of people, of whom some will not be called."""

from __future__ import annotations

from django.utils import timezone

from dashboard.campaigns.drafts import book
from dashboard.campaigns.models import CampaignDraft, CampaignFile, DraftLead
from tenants.isolation import scope
from tenants.models import Tenant, User

NAME = "Hygienist, winter"
TEMPLATE = (
    "Call {{name}} for a visit to the hygienist. The last visit was on {{last_visit}}. Offer a {{daypart}} first. "
    "Speak Dutch, ask at most three questions, and thank them if they decline."
)
HEADERS = ["naam", "telefoon", "laatste", "tijd"]
COLUMNS = {"0": "name", "1": "number", "2": "variable:last_visit", "3": "variable:daypart"}
ROWS = [
    ("Mevr. Zoë Brønsted", "06-12347711", "14 mei", "ochtend", "+31612347711"),
    ("Dhr. B. Kuiper", "020 555 0173", "2 maart", "middag", "+31205550173"),
    ("Mevr. F. Aydın", "0031612347713", "19 mei", "", "+31612347713"),
    ("Dhr. T. van Dijk", "0612347714", "7 april", "ochtend", "+31612347714"),
    ("Mevr. L. Okafor", "06 1234 7715", "28 mei", "middag", "+31612347715"),
    ("Dhr. B. Kuiper", "020 555 0173", "2 maart", "middag", "+31205550173"),
    ("Mevr. S. de Wit", "onbekend", "11 mei", "ochtend", ""),
]
State = DraftLead.State


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


def _add_people(draft: CampaignDraft, by: User) -> None:
    lines = [";".join(HEADERS), *(";".join(row[:4]) for row in ROWS)]
    content = "\r\n".join(lines).encode()
    CampaignFile.objects.create(
        tenant=draft.tenant,
        draft=draft,
        name="hygienist-winter.csv",
        size=len(content),
        content=content,
        encoding="utf_8",
        delimiter=";",
        headers=HEADERS,
        columns=COLUMNS,
        country="NL",
        rows=len(ROWS),
        read_at=timezone.now(),
        added_by=by,
    )
    DraftLead.objects.bulk_create([_lead(draft, nth) for nth in range(len(ROWS))])


def _lead(draft: CampaignDraft, nth: int) -> DraftLead:
    name, *values, number = ROWS[nth]
    twice = number in [row[-1] for row in ROWS[:nth]]
    state = State.DUPLICATE if number and twice else State.READY if number else State.NOT_READ
    reasons = {State.DUPLICATE: "Its number stands on line 3 already.", State.NOT_READ: "This is not a phone number."}
    return DraftLead(
        tenant_id=draft.tenant_id,
        draft=draft,
        line=nth + 2,
        number=number,
        name=name,
        variables={"name": name, "last_visit": values[1], "daypart": values[2]},
        values=[name, *values],
        state=state,
        reason=reasons.get(state, ""),
    )
