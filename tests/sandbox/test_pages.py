"""Whatever the filter and the size of a page: totals are right, and pages neither overlap nor leave anything out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.wire import iso
from tests.sandbox.asked import contract
from tests.sandbox.scenes import START, Scene, small


@pytest.fixture(scope="module")
def busy():
    """Forty calls, some of them over, and thirty templates; as many requests as one likes."""
    with Scene(small()) as here:
        switches = here.sandbox.world.switches
        switches.requests_per_minute, switches.outcome, switches.analysis_templates = 10**9, "", "docs"
        assistant = here.bloom.get("/assistants").json()["assistants"][0]["id"]
        for serial in range(40):
            here.bloom.post("/calls/outbound", json={"destination": "+31612340042", "assistant_id": assistant})
            here.sandbox.advance((0, 7, 45)[serial % 3])
            if serial < 30:
                template = {"name": str(serial), "system_prompt": "a", "user_prompt": "b", "schema": {}}
                assert here.bloom.post("/analysis-templates", json=template).status_code == 201
        yield here


MOMENTS = st.none() | st.integers(-60, 800).map(lambda after: START + after)
STATUSES = st.sampled_from(["", "ended", "in-progress", "in_progress", "failed", "dialing", "nonsense"])


@contract
@given(limit=st.integers(1, 60), status=STATUSES, start=MOMENTS, stop=MOMENTS, usage=st.booleans())
def test_pages_of_calls_and_usage_add_up_to_what_the_filter_finds(busy, limit, status, start, stop, usage):
    path, key = ("/usage", "logs") if usage else ("/calls", "calls")
    whole = busy.bloom.get(path, params={"limit": 1000}).json()[key]
    wanted = [
        one["id"]
        for one in whole
        if (usage or not status or one["status"] == status.replace("_", "-"))
        and (start is None or one["created_at"] >= iso(start))
        and (stop is None or one["created_at"] <= iso(stop))
    ]
    chosen = {"status": status, "start_date": start and iso(start), "end_date": stop and iso(stop)}
    query = {name: value for name, value in chosen.items() if value}
    found, pages = _walk(busy.bloom, path, key, query, limit)
    assert found == wanted and len(set(found)) == len(found)
    assert {page["pagination"]["total"] for page in pages} == {len(wanted)}
    assert all(page["pagination"]["limit"] == limit for page in pages)
    if usage:
        seconds = sum(one["duration_sec"] for page in pages for one in page["logs"])
        totals = {(page["summary"]["total_calls"], page["summary"]["total_duration_seconds"]) for page in pages}
        assert totals == {(len(wanted), seconds)}


@contract
@given(limit=st.integers(1, 100))
def test_pages_of_templates_add_up(busy, limit):
    found, pages = _walk(busy.bloom, "/analysis-templates", "data", {}, limit)
    assert len(set(found)) == len(found) == 30
    assert {(page["total"], page["limit"]) for page in pages} == {(30, limit)}


def _walk(client, path, key, query, limit):
    """Ids of all pages, by the rule of §1.5, and the pages."""
    pages, found, offset = [], [], 0
    while True:
        page = client.get(path, params=query | {"limit": limit, "offset": offset}).json()
        pages.append(page)
        found += [one["id"] for one in page[key]]
        total = page["total"] if "total" in page else page["pagination"]["total"]
        if offset + len(page[key]) >= total:
            return found, pages
        offset += limit
