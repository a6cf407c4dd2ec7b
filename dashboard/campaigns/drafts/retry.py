"""People of a campaign once more: a new draft with their values and its settings, as if they came in a file.

The draft gets a file of them, so that it is read, checked and sent as every other: numbers, people who are on it twice,
and the contact rules are looked at anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID, uuid5

from django.db.models import CharField, F, Func, Q, QuerySet
from django.utils import timezone

from dashboard.campaigns import queries, results
from dashboard.campaigns.called import CALLING, OPEN
from dashboard.campaigns.drafts import book
from dashboard.campaigns.drafts.book import DraftRefused, RetriedBefore
from dashboard.campaigns.lead_files import columns, uploads
from dashboard.campaigns.lead_files.column_words import Role
from dashboard.campaigns.lead_files.columns import NAME_VARIABLE, Column
from dashboard.campaigns.lead_files.consent import KEYS
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.limits import MOST_COLUMNS, MOST_ROWS
from dashboard.campaigns.lead_files.people import FileNotReplaced
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.lead_files.text_files import in_one_record
from dashboard.campaigns.models import Campaign, CampaignDraft, DraftLead, Lead
from dashboard.campaigns.results import Group
from tenants import audit, spreadsheets
from tenants.isolation import scope
from tenants.models import User

SLICE = 1_000
UNREACHED = (Group.NOT_REACHED.value, Group.VOICEMAIL.value)
HEADERS = {Role.CONSENT_KIND: "Consent", Role.CONSENT_SOURCE: "Consent source", Role.CONSENT_TIME: "Consent date"}
NOBODY = "Nobody was chosen. Choose people in the list, then try again."
STILL_CALLED = "This campaign still calls whom you chose, so nobody of them is put on another one."
NO_NUMBERS = "The numbers of these people are not kept any more, so nobody can be called again."
TOO_MANY = f"A draft holds at most {MOST_ROWS:,} people. Choose fewer."


@dataclass(frozen=True)
class Chosen:
    """Of the people of a campaign: those with these ids, or else all of one of `groups` that match the other two."""

    ids: tuple[int, ...] | None = None
    groups: tuple[str, ...] = ("",)
    status: str = ""
    text: str = ""

    def of(self, campaign: Campaign) -> QuerySet[Lead]:
        people = Lead.objects.filter(campaign=campaign)
        if self.ids is not None:
            return people.filter(pk__in=self.ids)
        found = queries.leads(campaign, status=self.status, text=self.text)
        if self.groups == ("",):
            return found
        return found.filter(
            reduce(or_, (Q(pk__in=results.narrow(people, group).order_by().values("pk")) for group in self.groups))
        )


@scope.opens_scope
def retry(campaign: Campaign, chosen: Chosen, *, token: UUID, by: User) -> CampaignDraft:
    """The new draft, or the one that the same token has made of the same people before. Raises `DraftRefused`.

    Whoever the campaign still has to call stays with it alone. Opens scopes of its own.
    """
    assert campaign.tenant is not None  # read through the client
    token = uuid5(token, repr(chosen))
    with scope.for_tenant(campaign.tenant):
        if made := CampaignDraft.objects.filter(tenant=campaign.tenant, retry_token=token).first():
            return made
        names, content = _file(campaign, chosen)
    known = [Column(Role.NUMBER), *map(_column, names), *map(Column, KEYS)]
    try:
        prepared = uploads.prepare(_name(campaign), content, Options(encoding="utf-8", delimiter=",", header_rows=1))
        with scope.for_tenant(campaign.tenant):
            draft = book.retry_campaign(campaign, token=token, by=by)
            file = uploads.keep(draft, prepared, by=by, chosen=uploads.Columns(known, ""))
            uploads.read_or_wait(draft, file, by=by)
            facts = {"name": str(draft), "source": campaign.name, "people": prepared.rows}
            audit.record(by, campaign.tenant, "campaign.retried", draft, **facts)
    except RetriedBefore as before:
        return before.draft
    except (FileRefused, FileNotReplaced) as error:
        raise DraftRefused(error.message) from error
    return draft


@scope.requires_scope
def callable_again(people: QuerySet[Lead], campaign: Campaign) -> QuerySet[Lead]:
    """Without those whom the campaign calls now, or may still call by itself."""
    return people.exclude(status__in=(CALLING,) if campaign.status in Campaign.OVER else OPEN)


def _file(campaign: Campaign, chosen: Chosen) -> tuple[list[str], bytes]:
    """The names of the variables of its columns, and the file. Raises `DraftRefused`."""
    people = chosen.of(campaign)
    again = callable_again(people, campaign)
    numbered = again.exclude(phone_number="")
    count = numbered.order_by()[: MOST_ROWS + 1].count()
    if count > MOST_ROWS:
        raise DraftRefused(TOO_MANY)
    if not count:
        raise DraftRefused(_why_nobody(people, again))
    names = _variables(numbered)
    return names, b"".join(spreadsheets.plain(_rows(campaign, numbered, names)))


def _why_nobody(people: QuerySet[Lead], again: QuerySet[Lead]) -> str:
    if again.exists():
        return NO_NUMBERS
    return STILL_CALLED if people.exists() else NOBODY


def _variables(people: QuerySet[Lead]) -> list[str]:
    """The name first, as many as there may be columns."""
    each = Func(F("variables"), function="jsonb_object_keys", output_field=CharField())
    found = people.order_by().annotate(key=each).values_list("key", flat=True).distinct()[:MOST_COLUMNS]
    others = sorted(name for name in found if _column(name).role == Role.VARIABLE)
    return [NAME_VARIABLE, *others][: MOST_COLUMNS - 1 - len(KEYS)]


def _column(name: str) -> Column:
    """Of a variable; what no text of a campaign can name is not used."""
    if name == NAME_VARIABLE:
        return Column(Role.NAME, NAME_VARIABLE)
    fits = columns.VARIABLE_NAME.fullmatch(name) and len(name) <= columns.LONGEST_VARIABLE
    return Column(Role.VARIABLE, name) if fits else columns.NOT_USED


def _rows(campaign: Campaign, people: QuerySet[Lead], names: list[str]) -> Iterator[Sequence[str]]:
    yield ["Number", *(name.replace("_", " ").capitalize() for name in names), *HEADERS.values()]
    last = 0
    while part := list(people.filter(pk__gt=last).order_by("pk").only("phone_number", "variables")[:SLICE]):
        consents = _consents(campaign, part)
        for lead in part:
            values = [_text(lead.variables.get(name)) for name in names]
            given = consents.get(lead.phone_number, {})
            consent = [str(given.get(key, "")) for key in KEYS.values()]
            yield in_one_record([lead.phone_number, *values, *consent])
        last = part[-1].pk


def _consents(campaign: Campaign, people: Iterable[Lead]) -> Mapping[str, dict[str, Any]]:
    """What the file of the draft that this campaign was made from says of their consent, by number."""
    before = DraftLead.objects.filter(
        tenant=campaign.tenant_id, draft__campaign=campaign, number__in={lead.phone_number for lead in people}
    )
    return dict(before.exclude(consent={}).values_list("number", "consent"))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _name(campaign: Campaign) -> str:
    assert campaign.tenant is not None
    day = timezone.now().astimezone(campaign.tenant.zone)
    return f"{campaign.name[:100]}, people of {day:%-d %B %Y}.csv"
