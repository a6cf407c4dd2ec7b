"""The sandbox's small world, connected, and campaigns in it."""

import pytest

from dashboard.sandbox import inprocess
from tests.world import agency, asked, bloom_office, client_of, sandbox

__all__ = ["agency", "asked", "bloom_office", "client_of", "sandbox"]


@pytest.fixture
def make(sandbox):
    """Create a campaign at VoiceDock and give its id."""

    def make(name, assistant, leads=3, key="sandbox-agency"):
        agent = next(one for one in sandbox.world.assistants.values() if one.name == assistant)
        body = {
            "name": name,
            "agent_id": agent.id,
            "schedule_start_time": "09:00:00",
            "schedule_end_time": "17:00:00",
            "timezone": "Europe/Amsterdam",
            "leads": [{"phone_number": f"+3161234000{n}", "variables": {"name": f"P{n}"}} for n in range(leads)],
        }
        with inprocess.client(sandbox, key) as http:
            return http.post("/campaigns", json=body).json()["campaign"]["id"]

    return make
