"""Who of a draft's file will not be called, and why: as a page, and as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.contact_rules import rules_version
from dashboard.contact_rules.verdict import Rule
from dashboard.ui.account_team import CAN_ALLOW_MORE
from tenants import audit, spreadsheets
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope

PAGE, CHUNK = 50, 500
State = DraftLead.State
CALLED = (State.READY, State.SENDING, State.UNKNOWN, State.SENT)
HEADINGS: dict[str, str] = {State.DUPLICATE: "Twice in the file", State.NOT_READ: "The row of the file was not read"}
NOTES: dict[str, str] = {
    State.DUPLICATE: "first row kept",
    Rule.DO_NOT_CALL: "on your list",
    Rule.RESELLERS_LIST: "nobody calls them",
    Rule.CAMPAIGN_LIST: "others may call them",
    Rule.COUNTRY: CAN_ALLOW_MORE,
    Rule.HOURS: "or change when it calls",
}
HEAD = ["Line", "Number", "Name", "Rule", "Why", "Rules of"]


@dataclass(frozen=True)
class Group:
    """People who are left out for one reason; `key` narrows the list to them, `width` is that of a bar in percent."""

    key: str
    heading: str
    people: int
    width: str
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """All rows of the file, those that are called, and the others by reason, the most frequent first."""

    total: int
    called: int
    groups: tuple[Group, ...]

    @property
    def others(self) -> int:
        return self.total - self.called


@scope.requires_scope
def summary(draft: CampaignDraft) -> Summary:
    """One query, whatever the number of people."""
    rows = DraftLead.objects.filter(tenant=draft.tenant, draft=draft).order_by().values_list("state", "rule")
    counts = {(state, rule): people for state, rule, people in rows.annotate(people=Count("pk"))}
    called = sum(people for (state, _), people in counts.items() if state in CALLED)
    left = Counter[str]()  # rows that were not read are one reason here, whatever is wrong with each
    for (state, rule), people in counts.items():
        if state not in CALLED:
            left[_key(state, rule)] += people
    most = max(left.values(), default=1)
    groups = [
        Group(key, heading(key), people, f"{100 * people / most:.2f}", NOTES.get(key, ""))
        for key, people in sorted(left.items(), key=lambda found: (-found[1], found[0]))
    ]
    return Summary(sum(counts.values()), called, tuple(groups))


def heading(key: str) -> str:
    """What heads the people of a rule, or of a state of their row."""
    if key in Rule.values:
        return str(Rule(key).label)
    return HEADINGS.get(key) or (str(State(key).label) if key in State.values else key)


@scope.requires_scope
def people(draft: CampaignDraft, why: str = "") -> QuerySet[DraftLead]:
    """Those who are left out, in the order of the file; `why` is the key of a group, or empty for all."""
    found = DraftLead.objects.filter(tenant=draft.tenant, draft=draft).exclude(state__in=CALLED).order_by("line")
    return found.filter(Q(state=State.LEFT_OUT, rule=why) | Q(state=why, rule="")) if why else found


@require_GET
@tenant_view(Permission.RUN_CAMPAIGNS)
def page(request: TenantRequest, pk: int) -> HttpResponse:
    request.nav_page = "campaigns"  # type: ignore[attr-defined]
    draft = get_object_or_404(CampaignDraft.objects.select_related("tenant"), tenant=request.tenant, pk=pk)
    why = request.GET.get("why", "")[:20]
    after = request.GET.get("after", "")
    found = people(draft, why)
    if after.isascii() and after.isdigit() and len(after) < 10:
        found = found.filter(line__gt=int(after))
    rows = list(found.defer("values", "consent")[: PAGE + 1])
    context = {
        "draft": draft,
        "summary": summary(draft),
        "rows": [{"lead": lead, "heading": heading(_key(lead.state, lead.rule))} for lead in rows[:PAGE]],
        "next": rows[PAGE - 1].line if len(rows) > PAGE else "",
        "is_paged": bool(after),
        "why": why,
        "why_heading": heading(why) if why else "",
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
    }
    return render(request, "campaigns/left_out.html", context)


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def export(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Written down before the first line leaves; each part is read in a short scope of its own."""
    tenant, file = request.tenant, spreadsheets.chosen(request)
    why = request.GET.get("why", "")[:20]
    with scope.for_tenant(tenant):
        draft = get_object_or_404(CampaignDraft.objects.select_related("tenant"), tenant=tenant, pk=pk)
        audit.record(request.user, tenant, "campaign.left-out-exported", draft, name=str(draft), file=file.kind)
    day = timezone.now().astimezone(tenant.zone)
    name = f"left-out-{slugify(draft.name)[:40] or draft.pk}-{day:%Y-%m-%d}"
    return spreadsheets.response(name, HEAD, _lines(draft, why), file)


def _lines(draft: CampaignDraft, why: str) -> Iterator[list[object]]:
    last = 0
    while True:
        with scope.for_tenant(draft.tenant_id):
            rows = list(people(draft, why).filter(line__gt=last)[:CHUNK])
        for lead in rows:
            key = _key(lead.state, lead.rule)
            version = rules_version.words(lead.rules_version, draft.tenant.zone)
            yield [lead.line, lead.number, lead.name, heading(key), lead.reason, version]
        if len(rows) < CHUNK:
            return
        last = rows[-1].line


def _key(state: str, rule: str) -> str:
    return rule if state == State.LEFT_OUT and rule else state
