"""What an action will look like in the live panel, shown while it is edited; nothing is stored by it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from dashboard.calls.models import Action
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.calls.test_actions import CODE, HTMX, SETTINGS, rows


@pytest.fixture
def manager(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.MANAGER))


def words(answer: Any, at: int = 0) -> str:
    """Of the preview of one row."""
    preview = re.search(
        rf'id="preview-action-{at}".*?(?=id="preview-action-{at + 1}"|\Z)', answer.content.decode(), re.S
    )
    assert preview
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", preview[0]).split()))


def test_a_row_shows_what_is_typed_with_its_values(bloom, manager):
    typed = rows(CODE | {"text": "{{name}} of {{client}} has the code {{code}}.", "fields_asked": "code, note?"})
    answer = manager.post(f"{SETTINGS}?preview=action-0", typed, headers=HTMX)
    assert answer.status_code == 200
    assert "Anna Jansen of Bloom Dental has the code code ." in words(answer)
    assert "Code" in words(answer) and "Note (optional)" in words(answer)
    assert "The assistant answers right away." in words(answer) and "Pipeline" in words(answer)
    answer = manager.post(f"{SETTINGS}?preview=action-0", typed | {"action-0-example-fill-code": "4417"}, headers=HTMX)
    assert "has the code 4417 ." in words(answer)
    with scope.for_tenant(bloom.tenant):
        assert not Action.objects.exists()


def test_a_row_shows_only_the_models_it_is_for_and_what_happens_besides(manager):
    typed = rows(CODE | {"command": "say", "families": ["xai_realtime"], "end_after": "on"})
    shown = words(manager.post(f"{SETTINGS}?preview=action-0", typed, headers=HTMX))
    assert "Pipeline:" not in shown and "unreliable" in shown and "The call ends afterwards." in shown


@pytest.mark.parametrize("text", ["The code is {{code}.", "{{co<de}} is the code."])
def test_a_text_that_cannot_be_read_says_why(manager, text):
    answer = manager.post(f"{SETTINGS}?preview=action-0", rows(CODE | {"text": text}), headers=HTMX)
    assert answer.status_code == 200 and ("one side is missing" in words(answer) or "cannot be" in words(answer))


def test_a_name_that_is_not_listed_yet_is_asked_for_in_the_preview(manager):
    typed = rows(CODE | {"text": "Account {{account}}.", "fields_asked": ""})
    assert "Account An" not in (shown := words(manager.post(f"{SETTINGS}?preview=action-0", typed, headers=HTMX)))
    assert shown.count("ccount") == 3  # the label, and twice in the text


def test_a_button_shows_it_without_scripts_and_saves_nothing(bloom, manager):
    assert 'name="preview"' in manager.get(SETTINGS).content.decode()
    answer = manager.post(SETTINGS, rows(CODE | {"text": "Hello {{name}}.", "fields_asked": ""}) | {"preview": "yes"})
    assert answer.status_code == 200 and "Hello Anna Jansen ." in words(answer)
    assert re.search(r'<details[^>]*id="row-action-0"[^>]*\bopen\b', answer.content.decode())
    assert 'value="SMS code"' in answer.content.decode()
    with scope.for_tenant(bloom.tenant):
        assert not Action.objects.exists()


def test_no_such_row(manager):
    assert manager.post(f"{SETTINGS}?preview=action-7", rows(CODE), headers=HTMX).status_code == 404


def test_saved_rows_are_previewed_on_the_page(manager):
    assert manager.post(SETTINGS, rows(CODE)).status_code == 302
    assert "The code of Anna Jansen is code ." in words(manager.get(SETTINGS))
