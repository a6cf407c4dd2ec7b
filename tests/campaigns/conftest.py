"""Who manages the campaigns of Bloom Dental, and one of them with its results."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dashboard.campaigns.models import CampaignDraft, CampaignFile
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.campaigns.draft_pages import TEMPLATE
from tests.fixtures.call_factories import make_call, make_campaign, make_lead, make_report

PEOPLE = """
    INSERT INTO campaigns_draftlead
      (tenant_id, draft_id, line, number, name, variables, "values", consent, state, rule, reason, rules_version,
       remote_id)
    SELECT %s, %s, n + 1, '+316' || lpad(n::text, 8, '0'), 'Person ' || n,
      jsonb_build_object('name', 'Person ' || n, 'daypart', CASE WHEN n %% 5 = 0 THEN '' ELSE 'morning' END),
      '[]', '{}', 'ready', '', '', '', ''
    FROM generate_series(1, %s) n
"""  # every fifth has no part of the day


@pytest.fixture
def manager(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.MANAGER))


@pytest.fixture
def reported_campaign(bloom):
    """Of six people: three booked, one asked for something odd, one voicemail, one without an answer."""
    made = make_campaign(
        bloom, "Half-year recall", status="completed", total_leads=6, starts=time(9), ends=time(17),
        template="Canary instructions for {{name}}",
    )  # fmt: skip
    for at, outcome in enumerate(["booked", "booked", "booked", "wants_mr_smit_back", "voicemail"]):
        machine = {"machine_source": "analysis"} if outcome == "voicemail" else {"analysis_outcome": outcome}
        call = make_call(
            bloom, state="ended", remote_id=f"call-{at}", counterpart=f"+3161234000{at}", duration_seconds=60,
            reported_line=bloom.number.e164, **machine,
        )  # fmt: skip
        make_report(
            bloom, call, summary="Canary summary", messages=[{"role": "user", "content": "Canary words"}],
            analysis={"outcome": outcome},
        )  # fmt: skip
        make_lead(
            made, "completed", phone_number=f"+3161234000{at}", call_remote_id=f"call-{at}", attempts=1,
            last_attempt_at=timezone.now(), variables={"name": "Noor Canary"},
        )  # fmt: skip
    make_lead(made, "no_answer", phone_number="+31612340009", attempts=3, last_attempt_at=timezone.now())
    return made


@pytest.fixture
def tom(bloom: Any, make_member: Any) -> Any:
    return make_member(bloom, Role.MANAGER, "Tom Bakker")


@pytest.fixture
def make_draft(bloom: Any, tom: Any) -> Any:
    def make(people: int = 5, *, template: str = TEMPLATE, setup: Any = bloom, **more: Any) -> CampaignDraft:
        facts = {
            "name": "Hygienist, winter",
            "assistant_dedication": setup.assistant,
            "starts": "09:30",
            "ends": "17:00",
            "timezone": "Europe/Amsterdam",
            "holiday_country": "NL",
            "created_by": tom,
        }
        with scope.for_tenant(setup.tenant):
            draft = CampaignDraft.objects.create(tenant=setup.tenant, template=template, **(facts | more))
            CampaignFile.objects.create(
                tenant=setup.tenant,
                draft=draft,
                name="winter.csv",
                size=1,
                content=b"x",
                headers=["naam", "telefoon", "tijd"],
                columns={"0": "name", "1": "number", "2": "variable:daypart"},
                rows=people,
                read_at=timezone.now(),
                added_by=tom,
            )
            with connection.cursor() as cursor:
                cursor.execute(PEOPLE, [setup.tenant.pk, draft.pk, people])
        return draft

    return make
