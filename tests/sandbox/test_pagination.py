"""Whatever the filter and the size of a page: totals are right, and pages neither overlap nor leave anything out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sandbox.serializers import iso
from tests.sandbox.generated_requests import contract
from tests.sandbox.populated_sandbox import START, PopulatedSandbox, small


@pytest.fixture(scope="module")
def busy():
    """Forty calls, some of them over, and thirty templates; as many requests as one likes."""
    with PopulatedSandbox(small()) as populated:
        options = populated.sandbox.state.options
        options.requests_per_minute, options.outcome, options.analysis_templates = 10**9, "", "docs"
        assistant = populated.bloom.get("/assistants").json()["assistants"][0]["id"]
        for serial in range(40):
            populated.bloom.post("/calls/outbound", json={"destination": "+31612340042", "assistant_id": assistant})
            populated.sandbox.advance((0, 7, 45)[serial % 3])
            if serial < 30:
                template = {"name": str(serial), "system_prompt": "a", "user_prompt": "b", "schema": {}}
                assert populated.bloom.post("/analysis-templates", json=template).status_code == 201
        yield populated


MOMENTS = st.none() | st.integers(-60, 800).map(lambda after: START + after)
STATUSES = st.sampled_from(["", "ended", "in-progress", "in_progress", "failed", "dialing", "nonsense"])


@contract
@given(limit=st.integers(1, 60), status=STATUSES, start=MOMENTS, stop=MOMENTS, usage=st.booleans())
def test_pages_of_calls_and_usage_add_up_to_what_the_filter_finds(busy, limit, status, start, stop, usage):
    path, key = ("/usage", "logs") if usage else ("/calls", "calls")
    whole = busy.bloom.get(path, params={"limit": 1000}).json()[key]
    wanted = [
        record["id"]
        for record in whole
        if (usage or not status or record["status"] == status.replace("_", "-"))
        and (start is None or record["created_at"] >= iso(start))
        and (stop is None or record["created_at"] <= iso(stop))
    ]
    chosen = {"status": status, "start_date": start and iso(start), "end_date": stop and iso(stop)}
    query = {name: value for name, value in chosen.items() if value}
    found, pages = _walk(busy.bloom, path, key, query, limit)
    assert found == wanted and len(set(found)) == len(found)
    assert {page["pagination"]["total"] for page in pages} == {len(wanted)}
    assert all(page["pagination"]["limit"] == limit for page in pages)
    if usage:
        seconds = sum(entry["duration_sec"] for page in pages for entry in page["logs"])
        totals = {(page["summary"]["total_calls"], page["summary"]["total_duration_seconds"]) for page in pages}
        assert totals == {(len(wanted), seconds)}


@contract
@given(limit=st.integers(1, 100))
def test_pages_of_templates_add_up(busy, limit):
    found, pages = _walk(busy.bloom, "/analysis-templates", "data", {}, limit)
    assert len(set(found)) == len(found) == 30
    assert {(page["total"], page["limit"]) for page in pages} == {(30, limit)}


@pytest.mark.parametrize(("path", "key"), [("/calls", "calls"), ("/usage", "logs"), ("/analysis-templates", "data")])
@pytest.mark.parametrize(
    ("query", "status", "shown"),
    [
        ({"offset": 10**9}, 200, 0),  # beyond the end: nothing, and the total is still right
        ({"offset": 25, "limit": 100}, 200, None),
        ({"limit": 1}, 200, 1),
        ({"limit": "", "offset": ""}, 200, None),
        ({"page": 0, "page_size": -1}, 200, None),  # not of this API: ignored
        ({"limit": 0}, 400, None),
        ({"limit": -1}, 400, None),
        ({"offset": -1}, 400, None),
        ({"offset": "ten"}, 400, None),
    ],
)
def test_the_edges_of_pages(busy, path, key, query, status, shown):
    total = _total(busy.bloom.get(path).json())
    answer = busy.bloom.get(path, params=query)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["details"][0].split(":")[0] in query
        return
    assert _total(answer.json()) == total
    assert len(answer.json()[key]) == shown if shown is not None else len(answer.json()[key]) <= total


def test_a_filter_that_finds_nothing_and_one_that_ends_before_it_begins(busy):
    for query in (
        {"status": "nonsense"},
        {"start_date": iso(START + 9**9)},
        {"start_date": iso(START + 60), "end_date": iso(START)},
    ):
        page = busy.bloom.get("/calls", params=query).json()
        assert (page["calls"], page["pagination"]["total"]) == ([], 0)


def _total(page):
    return page["total"] if "total" in page else page["pagination"]["total"]


def _walk(client, path, key, query, limit):
    """Ids of all pages, by the rule of §1.5, and the pages."""
    pages, found, offset = [], [], 0
    while True:
        page = client.get(path, params=query | {"limit": limit, "offset": offset}).json()
        pages.append(page)
        found += [record["id"] for record in page[key]]
        if offset + len(page[key]) >= _total(page):
            return found, pages
        offset += limit
