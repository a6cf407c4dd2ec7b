"""Wherever a name stands in a sentence it is cleaned, and does not reorder the words around it."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from tests.ui.names_in_templates import is_isolated, shown

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))
NOT_NAMES = {  # template and expression
    ("components/_confirm_dialog.html", "name"): "the name of a form field",
    ("components/_filters.html", "name"): "the name of a form field",
    ("calls/_board.html", "name"): "the name of a form field",
    ("calls/_board_filters.html", "name"): "the name of a form field",
    ("calls/_board_filters.html", "offer.name"): "the name of a form field",
    ("calls/_board.html", "choice.name"): "the name of a form field",
    ("calls/_draft_fields.html", "name"): "the name of a form field",
}
PEOPLE_AND_THINGS = {"name", "user", "tenant", "invited_by", "gone", "called", "thing", "assistant", "person"}


def test_every_name_in_a_template_is_isolated():
    missing = []
    for path in TEMPLATES:
        name = str(path.relative_to(ROOT / "templates"))
        for expression, filters, in_markup in shown(path.read_text("utf-8"), markup=path.suffix == ".html"):
            if not is_isolated(filters, in_markup) and (name, expression) not in NOT_NAMES:
                missing.append(f"{name}: {{{{ {expression} }}}} needs |{'bdi' if in_markup else 'isolate'}")
    assert missing == [], "\n".join(missing)


@pytest.mark.parametrize(
    ("source", "isolated"),
    [
        ("<p>{{ one.user }} left</p>", False),
        ("<p>{{ one.user|bdi }} left</p>", True),
        ('<p title="{{ one.user|bdi }}">', False),
        ('<p title="{{ one.user|isolate }}">', True),
        ("<option>{{ client.name|isolate }}</option>", True),
        ("{% block title %}{{ client.name|bdi }}{% endblock %}", False),
        ('<a href="{% url "x" %}">{{ client.name|default:"None"|bdi }}</a>', True),
    ],
)
def test_the_search_tells_markup_from_plain_text(source, isolated):
    [(_, filters, in_markup)] = shown(source)
    assert is_isolated(filters, in_markup) is isolated


def test_every_name_in_a_message_is_isolated():
    missing = []
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "tenants").rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[0] in ("messages", "send_mail"):
                for part in (part for value in call.args for part in ast.walk(value)):
                    if isinstance(part, ast.FormattedValue) and _is_name(part.value):
                        missing.append(f"{path.relative_to(ROOT)}:{call.lineno}: {ast.unparse(part.value)}")
    assert missing == [], "\n".join(missing)


def test_every_name_in_the_label_of_a_choice_is_isolated():
    missing = []
    for path in (ROOT / "dashboard").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.name == "label_from_instance":
                for part in ast.walk(function):
                    if isinstance(part, ast.FormattedValue) and _is_name(part.value):
                        missing.append(f"{path.relative_to(ROOT)}:{part.lineno}: {ast.unparse(part.value)}")
    assert missing == [], "\n".join(missing)


def _is_name(value: ast.expr) -> bool:
    last = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return last in PEOPLE_AND_THINGS


@pytest.mark.parametrize(
    ("name", "in_markup", "in_text"),
    [
        ("Nina New", "Nina New", "Nina New"),
        ("דוד כהן", "<bdi>דוד כהן</bdi>", "\u2068דוד כהן\u2069"),
        ("Nina\u202e<b>\u200b", "Nina&lt;b&gt;", "Nina&lt;b&gt;"),
        (None, "", ""),
    ],
)
def test_the_filters_clean_and_isolate(name, in_markup, in_text):
    rendered = Template("{{ name|bdi }}/{{ name|isolate }}").render(Context({"name": name}))
    assert rendered == f"{in_markup}/{in_text}"
