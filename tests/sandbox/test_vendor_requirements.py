"""The requirements of voicedock-api.md §15 with the test of each, and tests of the remaining ones."""

import importlib

import pytest

from dashboard.sandbox.webhooks import sign

LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
CONTROL, CALLS, KEPT = "sandbox.test_control", "sandbox.test_calls", "sandbox.test_stored_resources"
TESTS = {
    # State and identity
    "a child's key exactly once": "sandbox.test_protocol.test_a_child_gets_its_key_once_and_shares_the_balance",
    "a key sees its own only": "sandbox.test_contract.test_requests_of_one_organization_do_not_affect_another",
    "balance at the root, fractional minutes": f"{CALLS}.test_an_ended_call_is_paid_by_the_parent",
    "ids with a plus": f"{CALLS}.test_inbound_rings_first_and_its_id_must_be_encoded",
    # Protocol
    "Bearer, all but health": "sandbox.test_operations.test_without_a_key_only_health_answers",
    "expired and revoked": "sandbox.test_protocol.test_a_key_that_is_no_longer_valid_says_so_in_shape_b",
    "429 without side effect": "sandbox.test_contract.test_a_429_has_no_effect_for_any_request",
    "ten commands a call": "sandbox.test_contract.test_the_eleventh_command_of_a_minute_has_no_effect",
    "envelopes and 201": "sandbox.test_operations.test_each_operation_answers_in_its_envelope",
    "clamped or refused": "sandbox.test_protocol.test_a_limit_above_the_maximum_is_clamped_or_refused",
    "totals under filters": "sandbox.test_pagination.test_pages_of_calls_and_usage_add_up_to_what_the_filter_finds",
    "null and absent": "sandbox.test_patch_semantics.test_in_a_change_null_clears_and_absent_stays",
    "old names": f"{CALLS}.test_old_names_still_work",
    # Calls
    "outbound validates": f"{CALLS}.test_a_wrong_request_names_the_field_and_dials_nobody",
    "some number of the pool": f"{CALLS}.test_without_a_number_another_active_one_is_used",
    "dialing to report": f"{CALLS}.test_a_call_goes_from_dialing_to_its_report",
    "every branch": f"{CALLS}.test_every_outcome_of_a_call",
    "empty balance": f"{CALLS}.test_an_empty_balance_refuses_outbound_and_rejects_inbound",
    # Call control
    "only in progress": f"{CONTROL}.test_only_a_call_in_progress_takes_commands",
    "wrong commands": f"{CONTROL}.test_a_wrong_command_is_refused_without_effect",
    "say": f"{CONTROL}.test_say_is_spoken_and_may_end_the_call",
    "context": f"{CONTROL}.test_injected_context_is_not_spoken_unless_a_response_is_triggered",
    "end-call": f"{CONTROL}.test_end_call_says_its_message_and_ends_within_seconds",
    "transfer": f"{CONTROL}.test_transfer_announces_and_hands_over",
    "realtime say": f"{CONTROL}.test_realtime_never_speaks_a_say_command",
    "realtime context": f"{CONTROL}.test_realtime_mostly_ignores_injected_context",
    "realtime transfer and end": f"{CONTROL}.test_realtime_transfers_without_announcing_and_ends_on_command",
    "ends as the command comes": "sandbox.test_faults.test_the_call_may_end_just_before_the_command",
    # Campaigns
    "settable values": "sandbox.test_campaigns.test_an_invalid_change_changes_nothing",
    "daily window, its zone": "sandbox.test_campaigns.test_the_window_follows_the_local_time",
    "days with a changed hour": "sandbox.test_campaigns.test_the_next_opening_follows_changes_of_the_clock",
    "overnight": "sandbox.test_campaigns.test_a_window_over_midnight_can_be_switched_off",
    "leads": "sandbox.test_campaigns.test_leads_are_added_one_by_one_and_listed_oldest_first",
    "retries and statuses": "sandbox.test_campaigns.test_unreached_leads_are_retried_and_then_failed",
    "counters": "sandbox.test_campaigns.test_a_started_campaign_dials_in_its_window_until_all_are_reached",
    "template": "sandbox.test_campaigns.test_the_template_is_filled_and_what_is_missing_stays_visible",
    "unknown fields": f"{KEPT}.test_undocumented_fields_are_ignored_or_refused",
    # Webhooks
    "four events": "sandbox.test_webhooks.test_a_call_sends_its_states_and_then_the_report",
    "precedence": "sandbox.test_tool_calls.test_the_most_specific_url_is_used",
    "5 s and 10 s": "sandbox.test_tool_calls.test_a_call_waits_ten_seconds_for_a_tool",
    "known answer": "sandbox.test_webhooks.test_the_known_answer_of_the_signature",
    "twice, lost, out of order": "sandbox.test_webhooks.test_deliveries_are_lost_doubled_and_overtaken",
    "by minutes": "sandbox.test_webhooks.test_a_delivery_may_come_minutes_late",
    "report before the end": "sandbox.test_webhooks.test_the_report_may_come_before_the_end",
    "forged, stale, unsigned, anew": "sandbox.test_webhooks.test_deliveries_that_must_not_be_accepted",
    "a foreign id": "sandbox.test_webhooks.test_a_correctly_signed_webhook_may_name_a_foreign_call",
    "an id of its own": "sandbox.test_webhooks.test_the_call_id_may_differ_from_the_api",
    # Failure injection
    "every status, four shapes": "sandbox.test_faults.test_any_status_in_each_shape_once_and_without_effect",
    "HTML": "sandbox.test_faults.test_html_instead_of_json",
    "reset, slow, hanging, lost": "sandbox.test_faults.test_a_request_without_a_response_may_have_been_carried_out",
    "half of the JSON": "sandbox.test_faults.test_a_truncated_response_is_not_json",
    "strange values": "sandbox.test_faults.test_responses_may_have_unknown_values_and_missing_or_additional_fields",
    "per route, method and key": "sandbox.test_faults.test_a_fault_applies_to_its_route_method_and_key_only",
    "by chance": "sandbox.test_faults.test_a_fault_with_a_chance_applies_to_about_its_share",
    "chance from the seed": "sandbox.test_faults.test_random_faults_follow_from_the_seed",
    "409: workflow": "sandbox.test_workflows.test_a_workflow_on_a_number_cannot_be_deleted",
    "409: MCP server": f"{KEPT}.test_an_mcp_server_is_tested_guarded_and_named_once",
    "409: number": "sandbox.test_protocol.test_numbers_are_registered_changed_and_removed",
    "the same seed": "sandbox.test_scenarios.test_the_same_seed_gives_exactly_the_same_run",
    "reset": "sandbox.test_faults.test_the_clock_can_be_moved_and_the_state_reset",
    # and the client against all of it
    "the client, every method": "sandbox.test_client.test_no_method_was_forgotten",
    "the client, placing": "promises.test_upstream_faults.test_placing_under_a_fault",
}


@pytest.mark.parametrize("line", TESTS)
def test_each_requirement_has_its_test(line):
    module, _, test = TESTS[line].rpartition(".")
    assert callable(getattr(importlib.import_module(f"tests.{module}"), test, None)), TESTS[line]


@pytest.mark.parametrize(
    ("method", "path", "fault", "status"),
    [
        ("GET", "/numbers", None, 200),
        ("GET", "/health", None, 200),
        ("HEAD", "/numbers", None, 405),
        ("OPTIONS", "/numbers", None, 405),
        ("PUT", "/numbers", None, 405),
        ("GET", "/nothing", None, 404),
        ("GET", "/../v2/numbers", None, 404),
        ("GET", "/calls/x", None, 404),
        ("POST", "/calls/x/control", None, 404),
        ("POST", "/numbers", None, 400),
        ("GET", "/calls?limit=x", None, 400),
        ("GET", "/numbers", {"fault": "401"}, 401),
        ("GET", "/numbers", {"fault": "429"}, 429),
        ("GET", "/numbers", {"fault": "500", "shape": "D"}, 500),
        ("GET", "/numbers", {"fault": "html502"}, 502),
        ("GET", "/numbers", {"fault": "truncated"}, 200),
        ("GET", "/numbers", {"fault": "missing_fields"}, 200),
    ],
)
def test_every_response_has_the_rate_limit_headers(sandbox, bloom, admin_api, method, path, fault, status):
    if fault:
        admin_api.post("/_sandbox/faults", json=fault)
    answer = bloom.request(method, path)
    assert answer.status_code == status
    assert [answer.headers.get(name, "").isdecimal() for name in LIMITS] == [True] * 3
    assert int(answer.headers["X-RateLimit-Limit"]) == 100
    assert int(answer.headers["X-RateLimit-Remaining"]) == (100 if path == "/health" else 99)
    assert ("Retry-After" in answer.headers) == (status == 429)


@pytest.mark.parametrize("form", ["success", "204"])
def test_a_204_and_a_429_for_commands_have_the_headers_too(sandbox, bloom, admin_api, place, form):
    admin_api.post("/_sandbox/options", json={"delete_answer": form, "commands_per_minute": 1})
    made = bloom.post("/numbers", json={"phone_number": "+31205550199"}).json()["number"]["id"]
    gone = bloom.delete(f"/numbers/{made}")
    call = place(bloom)
    commands = [bloom.post(f"/calls/{call}/control", json={"type": "end-call"}) for _ in range(2)]
    assert [answer.status_code for answer in commands] == [200, 429] and int(commands[1].headers["Retry-After"]) >= 1
    for answer in (gone, *commands):
        assert all(name in answer.headers for name in LIMITS)


def test_an_unknown_key_has_its_own_rate_limit(sandbox, bloom):
    bloom.headers["Authorization"] = "Bearer fl_nobody"
    assert [bloom.get("/numbers").status_code for _ in range(101)] == [401] * 100 + [429]


def test_the_counts_of_an_organization_are_computed(sandbox, bloom, place):
    before = bloom.get("/organizations").json()
    place(bloom)
    during = bloom.get("/organizations").json()
    assert (before["active_calls"], during["active_calls"]) == (0, 1)
    assert (during["active_numbers"], during["active_agents"]) == (
        sum(number["is_active"] for number in bloom.get("/numbers").json()["numbers"]),
        sum(assistant["is_active"] for assistant in bloom.get("/assistants").json()["assistants"]),
    )
    sandbox.advance(900)
    after = bloom.get("/organizations").json()
    assert after["active_calls"] == 0 and after["monthly_usage_minutes"] > before["monthly_usage_minutes"]
    assert after["minutes_balance"] < before["minutes_balance"]


def test_an_override_replaces_whole_blocks_and_its_metadata_comes_back(bloom, place, sent_webhooks):
    """§5.5: shallow, so a block is sent whole; §11: the resolved assistant is echoed."""
    place(
        bloom,
        assistant_override={
            "metadata": {"our_ref": "4417"},
            "webhook_url": "https://patchbay.test/in",
            "webhook_secret": "s",
            "llm_config": {"provider": "mistral", "model": "mistral-large-latest"},
        },
    )
    url, headers, body = sent_webhooks[0]
    assert url == "https://patchbay.test/in"
    assert b'"our_ref":"4417"' in body and b'"provider":"mistral"' in body and b"temperature" not in body
    assert headers["X-Webhook-Signature"] == sign("s", headers["X-Webhook-Timestamp"], body)
