"""The numbers of a campaign add up, whatever VoiceDock counts and whichever leads are known."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from dashboard.campaigns import counts, windows
from dashboard.campaigns.models import Campaign
from tests.fixtures.call_factories import make_campaign, make_lead

NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
LEAD_STATES = {
    "left": "pending",
    "not reached": "failed",
}  # parts that are called otherwise than the state of their leads
figures = st.integers(0, 60)
states = st.sampled_from(
    ["pending", "calling", "completed", "failed", "skipped", "skipped-tried", "no_answer", "opted-out", ""]
)
campaigns = st.builds(
    Campaign,
    status=st.sampled_from(["draft", "scheduled", "paused", "completed", "cancelled", "throttled"]),
    total_leads=figures,
    completed_leads=figures,
    failed_leads=figures,
    leads_seen_at=st.sampled_from([None, NOON]),
    counted_at=st.sampled_from([None, NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)]),
)


@given(campaigns, st.dictionaries(states, figures))
def test_the_parts_add_up_and_everything_says_the_same(campaign, leads):
    found = counts.of(campaign, leads)
    assert sum(part.figure for part in found.parts) == found.total
    assert all(part.figure >= 0 for part in found.parts) and 0 <= found.dealt_with <= found.total
    assert found.left <= found.total - found.dealt_with
    html = Template("{% campaign_progress c %}").render(Context({"c": found}))
    shown = [int(figure.replace(",", "")) for figure in re.findall(r'">([\d,]+) ', html)]
    assert sum(shown) == found.total
    widths = [float(width) for width in re.findall(r'width="([\d.]+)%"', html)]
    assert sum(widths) <= 100.1
    if windows.status_of(campaign, NOON, found).label in ("Completed", "Everybody called", "Nobody left to call"):
        assert found.left == 0 and "left" not in [part.label for part in found.parts if part.figure]


@given(campaigns, st.dictionaries(states, figures))
def test_the_sentence_names_the_parts_and_nothing_else(campaign, leads):
    """Whoever reads “all 120 people were called” finds nobody skipped, waiting or without a result beside it."""
    found = counts.of(campaign, leads)
    named = {(label, int(figure)) for figure, label in re.findall(r", (\d+) ([a-z ]+)", found.in_words)}
    called, total = re.match(r"(?:all )?(\d+) (?:of (\d+) )?", found.in_words).groups() if found.total else (0, 0)
    assert int(called) + sum(figure for _, figure in named) == found.total == int(total or called)
    assert {figure for figure in named if figure[1]} <= {(part.label, part.figure) for part in found.parts}
    others = {"skipped", "calling", "left", "without a result", "not called"}
    assert int(called) == sum(part.figure for part in found.parts if part.label not in others)
    assert found.in_words.startswith("all ") is (bool(found.total) and not named)


@given(campaigns, st.dictionaries(st.sampled_from(["pending", "completed", "failed", "skipped"]), figures, min_size=1))
def test_leads_read_after_the_counters_moved_are_what_counts(campaign, leads):
    campaign.total_leads, campaign.status = sum(leads.values()), "scheduled"
    campaign.leads_seen_at, campaign.counted_at = NOON, NOON - timedelta(seconds=1)
    found = {LEAD_STATES.get(part.label, part.label): part.figure for part in counts.of(campaign, leads).parts}
    assert {name: found.get(name, 0) for name in leads} == leads


def test_skipped_leads_are_not_pending(manager, bloom):
    """Beside "everybody on it has been dealt with" nobody waits."""
    done = make_campaign(
        bloom, "Summer", "completed", total_leads=3, completed_leads=1, failed_leads=0, leads_seen_at=NOON
    )
    for status in ("completed", "skipped", "skipped"):
        make_lead(done, status)
    for path, words in (
        ("/c/bloom-dental/campaigns/", "1 of 3 called"),
        (f"/c/bloom-dental/campaigns/{done.pk}/", "1 of 3 people were called, 2 skipped"),
    ):
        page = " ".join(manager.get(path).content.decode().split())
        assert "2 skipped" in page and words in page and "2 left" not in page


@pytest.mark.parametrize(("status", "words"), [("completed", "without a result"), ("cancelled", "not called")])
def test_what_voicedock_does_not_count_is_not_called_pending(status, words):
    campaign = Campaign(status=status, total_leads=10, completed_leads=6, failed_leads=1)
    assert counts.of(campaign, {}).parts[-1] == ("other", words, 3)
    assert counts.of(campaign, {}).left == 0


def test_a_completed_campaign_with_a_call_under_way_does_not_say_that_all_is_done():
    campaign = Campaign(status="completed", total_leads=1)
    found = counts.of(campaign, {"calling": 1})
    assert found.left == 1
    assert "dealt with" not in windows.status_of(campaign, NOON, found).detail
