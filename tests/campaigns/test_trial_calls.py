"""The test call of a draft: an ordinary call, with the values of one of its people."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.campaigns.drafts import template_check
from dashboard.campaigns.models import CampaignDraft, DraftLead
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AssistantConfiguration
from tests.campaigns.draft_pages import read, says
from tests.fixtures import draft_factories


@pytest.fixture
def calling(operator: Any, make_draft: Any, tom: Any, sign_in: Any, make_member: Any) -> Any:
    """A manager of a client whose calls reach the sandbox, with a draft."""
    setup = operator
    messages = [{"role": "system", "content": "Be kind."}]
    blocks = {"llm_config": {"provider": "openai", "model": "gpt-4o", "messages": messages}}
    with scope.for_system("what is known of the assistant"):
        AssistantConfiguration.objects.update_or_create(
            assistant=setup.assistant.assistant, defaults={"read_at": timezone.now(), "blocks": blocks}
        )
    return sign_in(make_member(setup.tenant, Role.MANAGER)), make_draft(6, setup=setup)


def trial(line: int = 2, to: str = "06 1234 0077") -> dict[str, Any]:
    return {"trial-destination": to, "trial-line": line, "trial-token": uuid.uuid4()}


def test_a_test_call_has_the_values_of_one_person_added_to_the_assistants_own_text(operator, calling):
    browser, draft = calling
    path = f"/c/{operator.tenant.slug}/campaigns/drafts/{draft.pk}/test-call/"
    answer = browser.post(path, says("Call {{name}}, {{daypart}}.") | trial(3, "+31612340077"))
    assert answer.status_code == 303, read(answer)
    (call,) = operator.calls()
    assert (call.mode, call.counterpart, call.assistant_dedication_id) == (
        "hybrid",
        "+31612340077",
        operator.assistant.pk,
    )
    assert answer.headers["Location"] == f"/c/{operator.tenant.slug}/calls/{call.pk}/"
    (sent,) = operator.dial_requests()
    (message,) = sent["body"]["assistant_override"]["llm_config"]["messages"]
    assert message["content"] == "Be kind.\n\nFor this call only:\nCall Person 2, morning."
    with scope.for_tenant(operator.tenant):
        assert CampaignDraft.objects.get(pk=draft.pk).template == "Call {{name}}, {{daypart}}.", "saved before"
    again = browser.post(path, says("Call {{name}}, {{daypart}}.") | trial(3, "+31612340077"))
    assert again.status_code == 422 and len(operator.calls()) == 1, "the same checks as of every call"


@pytest.mark.parametrize(
    ("text", "empty", "words"),
    [
        ("Call {{nmae}}.", {}, "The file has no column for nmae."),
        ("Call {{name}} about {{visit}} and {{day}}.", {}, "The file has no column for visit and day."),
        ("Call {{naam}}.", {}, "The column naam is {{name}} in the instructions, not {{naam}}."),
        ("Good {{daypart}}.", {"daypart": ""}, "There is no value for daypart in line 3."),
    ],
)
def test_a_test_call_with_a_variable_left_open_is_refused_beside_whose_values_it_has(
    operator, calling, text, empty, words
):
    browser, draft = calling
    with scope.for_tenant(operator.tenant):
        lead = DraftLead.objects.get(draft=draft, line=3)
        lead.variables |= empty
        lead.save(update_fields=["variables"])
    path = f"/c/{operator.tenant.slug}/campaigns/drafts/{draft.pk}/test-call/"
    answer = browser.post(path, says(text) | trial(3, "+31612340077"))
    assert answer.status_code == 422 and operator.calls() == []
    (error,) = answer.context["trial"].errors["line"]
    assert error.startswith(words) and answer.context["trial"]["destination"].value() == "+31612340077"


def test_a_test_call_without_people_needs_a_text_without_variables(operator, make_member, sign_in):
    draft = draft_factories.make_draft(operator.tenant, operator.assistant, operator.user, people=0)
    browser = sign_in(make_member(operator.tenant, Role.MANAGER))
    path = f"/c/{operator.tenant.slug}/campaigns/drafts/{draft.pk}/test-call/"
    answer = browser.post(path, says("Call {{name}}.") | trial(0, "+31612340077"))
    assert answer.status_code == 422 and "Nobody is on it yet who has a value for name." in read(answer)
    assert browser.post(path, says("Be kind.") | trial(0, "+31612340077")).status_code == 303


def test_a_test_call_that_is_refused_keeps_what_was_typed(operator, calling):
    browser, draft = calling
    path = f"/c/{operator.tenant.slug}/campaigns/drafts/{draft.pk}/test-call/"
    for typed, words in (("112", "Emergency and short numbers"), ("", "Type the number that is called")):
        answer = browser.post(path, says("Kept") | trial(2, typed))
        assert answer.status_code == 422 and words in read(answer)
        assert "Kept" in read(answer)
    with scope.for_system("look"):
        assert not Call.objects.exists()
    assert template_check.broken("{{ok}} and }}")
