"""Each command on each family of models, from the screen in a real browser, with each outcome at VoiceDock.

What the panel shows, what reached VoiceDock and what the receipt keeps are the same thing three times.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from dashboard.inventory import sync
from tenants.access.permissions import Role

MODELS = {
    "pipeline": ("openai", "gpt-5.4"),
    "google_realtime": ("google_realtime", "gemini-3.8-live"),
    "xai_realtime": ("xai_realtime", "grok-voice-think-fast-2.0"),
    "openai_live": ("openai_live", "gpt-live-1"),
}
COMMANDS: dict[str, dict[str, Any]] = {
    "inject-context": {"type": "inject-context", "content": "Order 4417 is confirmed.", "trigger_response": True},
    "say": {"type": "say", "content": "One moment please.", "end_after": False},
    "transfer": {"type": "transfer", "destination": "+31201230099", "message": "I connect you."},
    "end-call": {"type": "end-call"},
}
OUTCOMES = {  # at VoiceDock: the receipt, and what it says
    "accepted": ("accepted", "Accepted"),
    "refused": ("refused", "VoiceDock does not know this call"),
    "unanswered": ("unknown", "not known whether it arrived"),
    "ended meanwhile": ("refused", "no longer in progress"),
}


@pytest.fixture
def speaking(operator, request):
    """The operator, whose assistant has a model of this family."""
    provider, model = MODELS[request.param]
    remote = next(found for found in operator.sandbox.state.assistants.values() if found.name == "Dispatch desk")
    remote.settings["llm_config"] = {"provider": provider, "model": model}
    if provider != "openai":
        remote.settings["stt_config"] = remote.settings["tts_config"] = None
    operator.control_sandbox("options", realtime_say_hangs=0, realtime_say_times_out=0)  # the outcome is the test's own
    sync.inventory(operator.connection)
    return operator


def send(page: Any, command: dict[str, Any]) -> None:
    """As a person does: the tab, the fields, the button."""
    if command["type"] == "end-call":
        page.get_by_role("button", name="End call").click()
        page.get_by_role("button", name="End the call now").click()
        return
    page.locator(f"[form=steer][name=type][value={command['type']}]").check(force=True)
    fields = {"inject-context": "context", "say": "say", "transfer": "transfer"}[command["type"]]
    form = page.locator(f".command-form--{fields}")
    if fields == "transfer":
        form.get_by_label("Number or SIP address").fill(command["destination"])
        form.locator("[name=announcement]").fill(command["message"])
        form.get_by_role("button", name="Transfer the person").click()
        return
    form.locator("textarea").fill(command["content"])
    form.locator(".command-form__send button").click()


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("speaking", MODELS, indirect=True)
def test_what_was_clicked_is_what_left_and_what_the_receipt_says(
    speaking, served_browser, make_member, sign_in, outcome
):
    operator, kept = speaking, []
    result, words = OUTCOMES[outcome]

    def prepared(nth: int) -> Any:
        call = operator.place_answered(f"+3161234{nth:04}")
        if outcome in ("refused", "unanswered"):
            operator.add_fault({"refused": "404", "unanswered": "lost"}[outcome], "/calls/*/control")
        elif outcome == "ended meanwhile":
            operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
        return call

    def steps(page: Any) -> None:
        for nth, command in enumerate(COMMANDS.values()):
            call = served_browser.in_test(lambda nth=nth: prepared(nth))
            page.goto(f"/c/{operator.tenant.slug}/calls/{call.pk}/")
            send(page, command)
            expect(page.locator("#call-timeline, main").first).to_contain_text(words)
            kept.append((command, served_browser.in_test(lambda call=call: operator.receipts(call))))

    served_browser.run(sign_in(make_member(operator.tenant, Role.OPERATOR)), steps)

    assert [entry["body"] for entry in operator.command_requests()] == list(COMMANDS.values())
    for command, receipts in kept:
        (receipt,) = receipts
        assert (receipt.command, receipt.payload, receipt.outcome) == (command["type"], command, result)
