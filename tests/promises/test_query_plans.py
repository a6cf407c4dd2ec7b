"""Every query of every page, list, filter, search and export, explained where the tables are large.

No page walks through a table that grows with time, and none reads many more rows than it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from django.db import connection

from dashboard.calls.caller_id import report
from dashboard.calls.history import day_counts
from dashboard.calls.models import Call, CallReport, PlannedCall, Receipt
from dashboard.campaigns import people_counting
from dashboard.campaigns.models import Campaign, CampaignDraft, DraftLead, Lead
from dashboard.connections.models import VendorRequest
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.sync.models import SyncRun
from dashboard.webhooks.models import Delivery
from tenants.auditor_admin import bounded_lists
from tenants.isolation import scope
from tenants.models import AuditEntry, OutgoingMail, Visit
from tests import seeding
from tests.fixtures.canary_tenant import CanaryTenant
from tests.fixtures.two_tenants import TwoTenants
from tests.promises import scale, url_matrix
from tests.promises.query_plans import explaining
from tests.promises.walking import ask
from tests.seeding import copies, for_each_call, moments

pytestmark = pytest.mark.django_db(transaction=True)
FILTERS: dict[str, list[dict[str, str]]] = {
    "calls": [
        {"q": "+31612345678"}, {"q": "nowhere"}, {"q": "word17"}, {"direction": "web"}, {"direction": "inbound"},
        {"state": "over"}, {"state": "attention"}, {"outcome": "reached"}, {"outcome": "voicemail"},
        {"since": "{month}", "until": "{month}"}, {"before": "{deep}_{call}"}, {"line": "none"},
    ],
    "campaigns": [{"q": "nowhere"}, {"q": "campaign"}, {"status": "paused"}, {"status": "cancelled"}],
    "campaign": [
        {"show": "reached"}, {"show": "open"}, {"show": "failed"}, {"status": "calling"}, {"q": "Noor"},
        {"q": "0612"}, {"after": "{lead}"},
    ],
    "activity": [{"kind": "visit"}, {"kind": "taken"}, {"q": "nowhere"}, {"before": "{deep}_1"}, {"since": "{month}"}],
    "do-not-call": [{"q": "+316123"}, {"q": "nowhere"}],
    "campaign-draft-people": [{"show": "refused"}, {"q": "Noor"}],
}  # fmt: skip
FILTERS["staff-calls"] = [*FILTERS["calls"], {"client": "tenant-two"}]
FILTERS["staff-campaigns"] = [*FILTERS["campaigns"], {"client": "tenant-two"}, {"client": "-"}]
FILTERS["staff-activity"] = [*FILTERS["activity"], {"client": "tenant-two"}, {"client": "-"}]
FILTERS["staff-do-not-call"] = FILTERS["do-not-call"]
COUNTED = """
    UPDATE campaigns_campaign c SET total_leads = n.n, leads_seen_at = now()
    FROM (SELECT campaign_id, count(*) n FROM campaigns_lead GROUP BY 1) n WHERE n.campaign_id = c.id
"""
ADMIN_LIST = [{"q": "nowhere"}, {"q": "31612345678"}, {"p": "3"}]
# Parts of addresses whose pages may read more: what is capped, and what grows with one campaign or one client's list.
ALLOWED = {
    r"^/admin/|/activity/\?q=": 2 * bounded_lists.SEARCHED + 100,
    r"caller-id": max(2 * report.COUNTED + 100, scale.ROWS // 8),
    r"/campaigns/(drafts/)?\d+/": max(5_000, scale.LEADS // 32),
    r"/do-not-call/\?q=": scale.ROWS // 8,
    r"^/calls/\?": day_counts.MOST,
    r"^/$|^/clients/": scale.ROWS // 20,  # days and months of calls
    r"^/campaigns/|^/$": scale.CAMPAIGNS + 100,
}


@pytest.fixture
def large(committed_two_tenants: TwoTenants, superuser: Callable[..., None]) -> Iterator[TwoTenants]:
    """Two clients with everything that grows; a tenth of it belongs to the first.

    The planner knows every value of every row, and nobody counts again meanwhile: plans follow from the rows alone.
    """
    tables = list(sizes())
    superuser(*[f"ALTER TABLE {table} SET (autovacuum_enabled = off)" for table in tables])
    superuser(seeding.PAST_TRIGGERS, *seeds(committed_two_tenants.tenants))
    superuser(COUNTED, *[f"VACUUM {table}" for table in tables], "SET default_statistics_target = 1000", "ANALYZE")
    with scope.for_system("what workers have counted"):
        for campaign in Campaign.objects.filter(total_leads__gt=0):
            people_counting.count(campaign)
    yield committed_two_tenants
    superuser(*[f"ALTER TABLE {table} RESET (autovacuum_enabled)" for table in tables])


def seeds(tenants: dict[str, CanaryTenant]) -> Iterator[str]:
    for canary, part in ((tenants["one"], 0.1), (tenants["two"], 0.9)):
        yield from _of_calls(canary, int(scale.ROWS * part))
        yield from _of_campaigns(canary, int(scale.CAMPAIGNS * part), int(scale.LEADS * part))
        yield from _of_the_rest(canary, int(scale.ROWS * part))


def _of_calls(canary: CanaryTenant, many: int) -> Iterator[str]:
    at = moments(many)
    times = dict.fromkeys(("created_at", "state_at", "started_at", "ended_at", "seen_at"), at)
    yield copies(
        Call,
        canary.ids["over"],
        many,
        id="gen_random_uuid()",
        client_token="gen_random_uuid()",
        remote_id="'copy-' || n",
        counterpart="'+3161' || lpad((n::bigint * 7919 % 10000000)::text, 7, '0')",
        **times,
    )
    yield for_each_call(CallReport, canary.ids["over"], canary.tenant.pk, call_id="c.id")
    yield (
        "INSERT INTO calls_callsearch (call_id, tenant_id, created_at, digits, words) "
        "SELECT c.id, c.tenant_id, c.created_at, substr(c.counterpart, 2), array_to_tsvector(ARRAY("
        "SELECT '#d' || substr(c.counterpart, i, 3) FROM generate_series(2, length(c.counterpart) - 2) i "
        "UNION SELECT '#t' || c.tenant_id UNION SELECT '#m' || to_char(c.created_at AT TIME ZONE 'UTC', 'YYYYMM') "
        f"UNION SELECT 'word' || (hashtext(c.id::text || n) % 5000) FROM generate_series(1, 10) n)) "
        f"FROM calls_call c WHERE c.tenant_id = {canary.tenant.pk} AND {seeding.COPIED}"
    )
    receipt = {"token": "gen_random_uuid()", "call_id": "c.id", "asked_at": "c.created_at"}
    yield for_each_call(Receipt, canary.ids["receipt"], canary.tenant.pk, **receipt)
    yield copies(
        PlannedCall, canary.ids["planned"], many // 10, id="gen_random_uuid()", token="gen_random_uuid()",
        state="'cancelled'", due_at=moments(many // 10), created_at=moments(many // 10),
    )  # fmt: skip


def _of_campaigns(canary: CanaryTenant, campaigns: int, leads: int) -> Iterator[str]:
    """A quarter of the people are on the campaign that the walk opens."""
    yield copies(
        Campaign,
        canary.ids["campaign"],
        campaigns,
        remote_id="'copy-' || n",
        name="'Campaign ' || n",
        status="(ARRAY['scheduled', 'paused', 'completed', 'draft'])[n % 4 + 1]",
        remote_created_at=moments(campaigns),
    )
    first = f"(SELECT min(id) FROM campaigns_campaign WHERE tenant_id = {canary.tenant.pk} AND remote_id LIKE 'copy-%')"
    in_turn = f"(n::bigint - 1) * {max(campaigns, 1)} / {max(leads, 1)}"  # those of one campaign stand together
    yield copies(
        Lead,
        canary.ids["lead"],
        leads,
        remote_id="'copy-' || n",
        campaign_id=f"CASE WHEN n <= {leads // 4} THEN {canary.ids['campaign']} ELSE {first} + {in_turn} END",
        phone_number="'+3162' || lpad((n::bigint * 7919 % 10000000)::text, 7, '0')",
        status="(ARRAY['pending', 'completed', 'completed', 'failed'])[n / 4 % 4 + 1]",
        call_remote_id="CASE WHEN n / 4 % 4 = 0 THEN '' ELSE 'copy-' || n END",
        call_verdict="CASE WHEN n / 4 % 4 = 0 THEN '' ELSE 'agrees' END",
        attempts="CASE WHEN n / 4 % 4 = 0 THEN 0 ELSE 1 END",
        last_attempt_at=f"CASE WHEN n / 4 % 4 = 0 THEN NULL ELSE {moments(leads)} END",
    )
    yield copies(
        CampaignDraft, canary.ids["campaign_draft"], campaigns, name="'Draft ' || n", changed_at=moments(campaigns)
    )
    yield copies(
        DraftLead,
        canary.ids["draft_lead"],
        leads // 10,
        line="n + 2",
        number="'+3163' || lpad((n::bigint * 7919 % 10000000)::text, 7, '0')",
    )


def _of_the_rest(canary: CanaryTenant, many: int) -> Iterator[str]:
    at = moments(many)
    yield copies(
        AuditEntry, canary.ids["entry"], many, seq="1000 + n", at=at,
        action="(ARRAY['call.placed', 'campaign.started', 'person.invited', 'tenant.settings-changed'])[n % 4 + 1]",
    )  # fmt: skip
    yield copies(
        DoNotCallEntry,
        canary.ids["blocked"],
        many,
        number="'+3164' || lpad((n::bigint * 7919 % 10000000)::text, 7, '0')",
        added_at=at,
    )
    yield copies(SyncRun, canary.ids["run"], many, started_at=at, outcome="'done'", error="''")
    yield copies(Visit, canary.ids["visit"], many // 10, started_at=moments(many // 10), ended_at=moments(many // 10))
    yield copies(
        OutgoingMail, canary.ids["mail"], many // 10, id="gen_random_uuid()", created_at=moments(many // 10),
        state="'sent'", sealed_text="''", sent_at=moments(many // 10),
    )  # fmt: skip


GROWING = (
    Call, CallReport, Receipt, PlannedCall, Campaign, Lead, CampaignDraft, DraftLead, AuditEntry, DoNotCallEntry,
    SyncRun, Visit, OutgoingMail, VendorRequest, Delivery,
)  # fmt: skip


def sizes() -> dict[str, int]:
    """The rows of each table that grows."""
    found = {}
    with scope.for_system("how many rows there are"):
        for model in GROWING:
            found[model._meta.db_table] = model._base_manager.count()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM calls_callsearch")
            found["calls_callsearch"] = cursor.fetchone()[0]
    return found


def addresses(two_tenants: TwoTenants) -> Iterator[tuple[str, str]]:
    """Who opens what: every page that is opened without a form, and the lists with each of their filters."""
    home = two_tenants.tenants["one"]
    with scope.for_system("a page deep in a list"):
        deep = Call.objects.filter(tenant=home.tenant).order_by("-created_at")[scale.ROWS // 10 * 9 // 10]
        lead = Lead.objects.filter(campaign_id=home.ids["campaign"]).order_by("pk")[scale.LEADS // 50]
    words = {
        "month": f"{deep.created_at:%Y-%m-%d}",
        "deep": deep.created_at.isoformat(),
        "call": str(deep.pk),
        "lead": str(lead.pk),
    }
    for endpoint in url_matrix.every():
        if "GET" not in endpoint.row.methods or not (endpoint.permission or endpoint.auditor_admin):
            continue
        who = "auditor of all" if endpoint.auditor_admin else "owner" if endpoint.of_client else "admin"
        address = endpoint.address(home, home)
        yield who, address
        filters = ADMIN_LIST if endpoint.name.endswith("_changelist") else FILTERS.get(endpoint.name, [])
        for asked in filters:
            yield who, f"{address}?{urlencode({name: value.format(**words) for name, value in asked.items()})}"
    yield "admin", "/"


def test_no_page_walks_through_what_grows(large: TwoTenants):
    growing, opened = sizes(), 0
    wrong: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for name, address in addresses(large):
        with explaining(growing) as found:
            answer = ask(large, large.people[name], "GET", address)
        opened += answer.status == 200
        if b"attachment" in answer.headers.encode():  # a file holds all there is
            continue
        most = max([0, *(rows for part, rows in ALLOWED.items() if re.search(part, address))])
        for one in found:
            for what, read in one.wrong(growing, most):
                wrong.setdefault((what, one.short), []).append((read, f"{name} {address}"))
    assert opened > 120, opened
    listed = [
        f"{what}: {max(where)[0]} rows for {max(where)[1]} and {len(where) - 1} more\n    {sql}"
        for (what, sql), where in sorted(wrong.items())
    ]
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(listed)


@pytest.mark.smoke
def test_a_query_that_walks_through_a_table_is_seen(committed_two_tenants: TwoTenants, superuser: Callable[..., None]):
    """The rule of the test above can find something."""
    one = committed_two_tenants.tenants["one"]
    superuser(seeding.PAST_TRIGGERS, *_of_calls(one, 3_000), "VACUUM ANALYZE calls_call")
    growing = {"calls_call": 3_000}
    with scope.for_tenant(one.tenant), explaining(growing) as found:
        list(Call.objects.filter(error__contains="nowhere"))
        list(Call.objects.filter(tenant=one.tenant).order_by("-created_at", "-id")[:50])
    assert [bool(one.wrong(growing)) for one in found] == [True, False]
