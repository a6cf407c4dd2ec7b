"""Part of `manage.py bench`: whether the sandbox keeps up with 200 live calls, 5,000 campaigns and 50,000 leads."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock

LIVE, CAMPAIGNS, LEADS, SECONDS = 200, 5000, 10, 60


def measure(tell: Callable[[str, str], None]) -> None:
    """How much of one core a second of it takes; at 100 % it would fall behind."""
    sandbox = app.make(seed=7, clock=ManualClock(), dataset="small", deliver=lambda *webhook: None)
    state = sandbox.state
    state.options.requests_per_minute, state.options.outcome = 10**9, "conversation"
    state.options.campaigns_dial = False
    with inprocess.client(sandbox, "sandbox-agency", timeout=60) as agency, inprocess.client(sandbox) as admin_api:
        assistant = agency.get("/assistants").json()["assistants"][0]["id"]
        for nth in range(CAMPAIGNS):
            leads = [{"phone_number": f"+316{nth:05}{lead:03}"} for lead in range(LEADS)]
            day = {"schedule_start_time": "00:00:00", "schedule_end_time": "23:59:59", "timezone": "UTC"}
            made = agency.post("/campaigns", json={"name": f"List {nth}", "agent_id": assistant, "leads": leads} | day)
            assert made.status_code < 300, made.text
            agency.patch(f"/campaigns/{made.json()['campaign']['id']}", json={"status": "scheduled"})
        admin_api.post("/_sandbox/options", json={"campaigns_dial": True, "campaign_call_limit": LIVE})
        sandbox.advance(SECONDS)
        took = []
        for _ in range(SECONDS):
            began = time.process_time()
            sandbox.advance(1)
            agency.get("/calls", params={"limit": 50})
            took.append((time.process_time() - began) * 100)
        live = len(state.live_calls())
    p95 = statistics.quantiles(took, n=20)[-1]
    share = f"p50 {statistics.median(took):6.1f}  p95 {p95:6.1f} % of a core"
    tell("sandbox under full load", f"{share}  {live} live, {len(state.campaigns)} campaigns")
