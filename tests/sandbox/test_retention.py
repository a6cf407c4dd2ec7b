"""Old calls lose their content, then the person's number and the campaign (voicedock-api.md §13)."""

DAY = 86_400


def ended(sandbox, bloom, place):
    call = place(bloom)
    sandbox.advance(900)
    before = bloom.get(f"/calls/{call}").json()
    assert before["caller_phone"] and before["messages"] and before["analysis_result"] and before["recording_url"]
    return call


def content(call):
    return [call[name] for name in ("messages", "summary", "analysis_result", "recording_url")]


def test_content_goes_first_and_the_number_later(sandbox, bloom, place):
    call = ended(sandbox, bloom, place)
    bloom.patch("/organizations", json={"content_retention_days": 30, "metadata_retention_days": 90})
    assert bloom.get(f"/calls/{call}").json()["messages"]
    sandbox.advance(31 * DAY)
    found = bloom.get(f"/calls/{call}").json()
    assert content(found) == [None] * 4 and found["caller_phone"] == "+31612340042"
    sandbox.advance(60 * DAY)
    found = bloom.get(f"/calls/{call}").json()
    assert (found["caller_phone"], found["status"]) == (None, "ended") and found["duration_seconds"]


def test_a_longer_period_afterwards_brings_nothing_back(sandbox, bloom, place):
    call = ended(sandbox, bloom, place)
    sandbox.advance(40 * DAY)
    bloom.patch("/organizations", json={"content_retention_days": 30, "metadata_retention_days": 30})
    bloom.patch("/organizations", json={"content_retention_days": 365, "metadata_retention_days": 730})
    found = bloom.get(f"/calls/{call}").json()
    assert content(found) == [None] * 4 and found["caller_phone"] is None


def test_the_link_to_the_campaign_goes_with_the_number(sandbox, bloom, ids):
    body = {
        "name": "x", "agent_id": ids.assistant["Recall NL"], "schedule_start_time": "00:00:00",
        "schedule_end_time": "23:59:59", "timezone": "UTC", "leads": [{"phone_number": "+31612340001"}],
    }  # fmt: skip
    campaign = bloom.post("/campaigns", json=body).json()["campaign"]["id"]
    bloom.patch(f"/campaigns/{campaign}", json={"status": "scheduled"})
    sandbox.advance(900)
    lead = lambda: bloom.get(f"/campaigns/{campaign}/leads").json()["leads"][0]  # noqa: E731
    assert lead()["call_id"]
    bloom.patch("/organizations", json={"content_retention_days": 30, "metadata_retention_days": 30})
    sandbox.advance(31 * DAY)
    assert lead()["call_id"] is None and lead()["status"] == "completed"
