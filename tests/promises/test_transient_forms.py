"""P1 of calls with a one-time assistant, by the form: client, line, draft and person at random."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from typing import Any

import pytest

from dashboard.calls.models import Call
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Tenant
from tests.calls.test_transient_placing import saved
from tests.promises import scale


@pytest.mark.django_db(transaction=True)
def test_random_clients_lines_drafts_and_people_by_form(
    operator: Any, make_sandbox_tenant: Any, agency: Any, make_member: Any, sign_in: Any
) -> None:
    """Only a person with the right places one, from a line and by a draft of the same client."""
    other = make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    with scope.for_system("both may have many"):
        Tenant.objects.update(transient_calls=True, max_concurrent_calls=1000, max_calls_per_day=1000)
        lines = {operator.tenant: operator.number}
        lines[other] = other.numberdedications.select_related("number").get()
    versions = {operator.tenant: saved(operator.tenant), other: saved(other)}
    browsers = [
        (tenant, given, sign_in(make_member(tenant, Role.OPERATOR, places_transient_calls=given)))
        for tenant in lines
        for given in (True, False)
    ]
    chance, outcomes = random.Random(20264), Counter[bool]()
    expected: dict[str, str] = {}  # destinations of rightful calls with their lines
    for at in range(scale.TRANSIENT_FORMS):
        tenant, given, browser = chance.choice(browsers)
        mine = chance.random() < 0.4
        at_client, line_of, version_of = (tenant if mine else chance.choice(list(lines)) for _ in range(3))
        sent = {"number": lines[line_of].pk, "version": versions[version_of].pk, "destination": f"+3161234{at:04}"}
        sent |= {"token": uuid.uuid4()}
        status = browser.post(f"/c/{at_client.slug}/call/once/", sent).status_code
        rightful = given and tenant == at_client == line_of == version_of
        assert (status == 303) == rightful, (status, tenant, given, at_client, line_of, version_of)
        outcomes[rightful] += 1
        if rightful:
            expected[sent["destination"]] = lines[tenant].number.remote_id
    assert outcomes[True] and outcomes[False]
    requests = [request["body"] for request in operator.dial_requests()]
    dialed = {body["destination"]: body["number_id"] for body in requests}
    assert len(requests) == len(dialed) and dialed.items() <= expected.items()
    with scope.for_system("look"):
        states = dict(Call.objects.values_list("counterpart", "state"))
        assert states.keys() == expected.keys()
    unsent = {destination for destination in expected if destination not in dialed}
    assert all(states[destination] in ("queued", "refused") for destination in unsent)
    assert scale.WHOLE or not unsent, (
        "so many requests in a minute that some calls wait are made at the whole scale alone"
    )
