"""No page shows a value as VoiceDock spells it: each of its states, reasons and answers has words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client

from dashboard.calls.models import Call, CallReport
from dashboard.campaigns.models import Campaign, Lead
from dashboard.voicedock.commands import CommandType
from dashboard.voicedock.states import CallState
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_receipt, make_report
from tests.fixtures.canary_tenant import CanaryTenant
from tests.fixtures.two_tenants import TwoTenants, rolled_back
from tests.promises import url_matrix
from tests.promises.url_matrix import Endpoint

pytestmark = pytest.mark.django_db
REASONS = ("user_hangup", "assistant_ended", "max_duration", "line_fell_silent")  # the last is not documented
ANALYSIS = {"caller_type": "new_patient", "outcome": "call_back", "wishes": {"asks_for": "check_up"}, "language": "en"}
LEAD_STATES = ("pending", "calling", "completed", "failed", "skipped", "no_answer", "on_hold")
CAMPAIGN_STATES = ("draft", "scheduled", "paused", "completed", "cancelled", "being_checked")
SPELLED = {  # with a hyphen or an underscore: others are words already
    *(state.value for state in CallState),
    *(command.value for command in CommandType),
    *REASONS,
    *LEAD_STATES,
    *CAMPAIGN_STATES,
    *ANALYSIS,
    *("new_patient", "call_back", "asks_for", "check_up", "status-update", "end-of-call-report"),
}
VALUE = re.compile(rf"(?<![\w/.-])(?:{'|'.join(value for value in SPELLED if re.search('[_-]', value))})(?![\w/-])")
HIDDEN = re.compile(r"<(script|style|template|code|pre)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.S)
NO_PAGES = {
    "account_logout",
    "account_reset_password_from_key",
    "calls-export",
    "campaign-export",
    "campaign-caller-id-export",
    "caller-id-export",
    "staff-caller-id-export",
    "call-recording",
}


@pytest.fixture
def every_value(two_tenants: TwoTenants) -> Iterator[CanaryTenant]:
    """A client with a call, a lead and a campaign in every state, and an analysis in the vendor's spelling."""
    one = two_tenants.tenants["one"]
    with rolled_back():
        for nth, state in enumerate(CallState):
            reason = REASONS[nth % len(REASONS)] if state in ("ended", "transferred", "ended-with-error") else ""
            call = make_call(one.setup, counterpart=f"+3161999{nth:04}", state=state.value, end_reason=reason)
            make_report(one.setup, call, analysis=ANALYSIS, summary="They talked.")
            for command in CommandType:
                make_receipt(one.setup, call, command.value)
        with scope.for_tenant(one.tenant):
            Call.objects.filter(pk=one.ids["over"]).update(end_reason="assistant_ended")
            CallReport.objects.filter(call=one.ids["over"]).update(analysis=ANALYSIS)
            campaign = Campaign.objects.get(pk=one.ids["campaign"])
            for nth, status in enumerate(LEAD_STATES):
                Lead.objects.create(
                    tenant=one.tenant,
                    campaign=campaign,
                    remote_id=f"lead-{status}",
                    phone_number=f"+3163999{nth:04}",
                    status=status,
                )
            for nth, status in enumerate(CAMPAIGN_STATES):
                campaign.pk = None
                campaign.remote_id, campaign.name, campaign.status = f"state-{nth}", f"Campaign {nth}", status
                campaign.save(force_insert=True)
        yield one


def seen(page: str) -> str:
    return unescape(HIDDEN.sub(" ", page))


def pages(endpoints: list[Endpoint], one: CanaryTenant) -> list[str]:
    addresses = [endpoint.address(one, one) for endpoint in endpoints if endpoint.name not in NO_PAGES]
    over = [address.replace(str(one.ids["call"]), str(one.ids["over"])) for address in addresses]
    return list(dict.fromkeys(addresses + over))


def part_of(endpoint: Endpoint) -> str:
    return "auditor of all" if endpoint.auditor_admin else "owner" if endpoint.of_client else "admin"


@pytest.mark.smoke
@pytest.mark.parametrize("who", ["owner", "admin", "auditor of all"])
def test_no_page_shows_a_value_as_it_is_spelled(two_tenants, every_value, who):
    browser = Client(raise_request_exception=False)
    browser.force_login(two_tenants.people[who].user)
    readable = [one for one in url_matrix.every() if "GET" in one.row.methods or one.auditor_admin]
    found, read = [], 0
    for address in pages([one for one in readable if part_of(one) == who], every_value):
        answer = browser.get(address)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            read += 1
            found += [f"{address}: {value}" for value in sorted({*VALUE.findall(seen(answer.content.decode()))})]
    assert not found, "\n".join(found)
    assert read > 5
