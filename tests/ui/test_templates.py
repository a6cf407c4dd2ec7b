"""What holds for every template: nothing inline, every icon and file exists, htmx as version 4 wants it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SOURCES = {str(path.relative_to(ROOT / "templates")): path.read_text("utf-8") for path in TEMPLATES}
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/icons/sprite.svg").read_text("utf-8")))
INLINE = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "a script without src": r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=",
    "hx-on, which needs eval": r"\shx-on[:=]",
    "a trigger filter, which needs eval": r'hx-trigger="[^"]*\w\[',
    "a value made by a script": r"""hx-(vals|headers)[:\w]*=["']js:""",
}


def templates(pattern):
    return [name for name, text in SOURCES.items() if re.search(pattern, text)]


@pytest.mark.parametrize("what", INLINE)
def test_nothing_inline(what):
    assert templates(INLINE[what]) == []


def test_no_field_is_cut_by_the_browser():
    """A browser cuts what is pasted into a field with a maxlength, and says nothing; our forms refuse and count."""
    assert templates(r"\bmaxlength\b") == []


def test_no_line_ends_between_a_number_and_its_unit():
    assert templates(r"\}\} (s|min|minutes|%)(?![\w-])") == []  # the filter `unit` joins them
    on_screens = ("auditing", "calls", "campaigns", "clients", "connections", "overview", "sandbox_admin", "team")
    modules = [path for app in on_screens for path in (ROOT / "dashboard" / app).rglob("*.py")]
    found = {path.name for path in modules if re.search(r"\} (s|min)\b", path.read_text("utf-8"))}
    assert found == {"sync.py"}  # a command, for a terminal


def test_every_template_can_be_read():
    for name in SOURCES:
        get_template(name)


def test_every_icon_is_in_the_sprite():
    used = {icon for text in SOURCES.values() for icon in re.findall(r'{% icon "([\w-]+)"', text)}
    assert used and used <= SPRITE


def test_every_static_file_exists():
    named = {path for text in SOURCES.values() for path in re.findall(r"""{% static ["']([^"']+)["']""", text)}
    named |= {path for text in SOURCES.values() for path in re.findall(r'"/static/([^"]+)"', text)}
    assert [path for path in named if not finders.find(path)] == []


def test_every_part_says_what_it_is():
    parts = {name: text for name, text in SOURCES.items() if Path(name).name.startswith("_")}
    assert [name for name, text in parts.items() if not text.startswith("{# " + name)] == []


def test_directories_are_named_for_the_apps_that_render_them():
    of_libraries = {"account", "admin", "mfa", "usersessions"}
    apps = {path.name for path in (ROOT / "dashboard").iterdir() if path.is_dir()}
    directories = {name.split("/")[0] for name in SOURCES if "/" in name}
    assert directories - of_libraries - apps == {"components"}


def test_no_line_is_longer_than_an_editor_shows():
    """djlint breaks elements and attributes; a long tag of Django or a long comment is shortened by hand."""
    longest = {name: max(map(len, text.splitlines()), default=0) for name, text in SOURCES.items()}
    assert {name: length for name, length in longest.items() if length > 120} == {}


def test_htmx_is_written_as_version_4_wants_it():
    check = [sys.executable, str(ROOT / "tests/vendor/htmx-upgrade-check"), "--no-color", str(ROOT / "templates")]
    run = subprocess.run(check, capture_output=True, text=True, check=False)
    report = run.stdout + run.stderr
    assert "Found 0 issue(s)" in report, report


def test_the_page_of_a_fault_stands_on_its_own():
    assert not re.search(r"{[%{]", SOURCES["500.html"])


FIXED_WORDS = {"section.title", "profile.role_label", "role"}  # ours, and without names


def test_no_sentence_with_a_name_in_it_is_lower_cased():
    """`decapitalize` lowers the first letter alone; `lower` is for words that are always ours."""
    texts = SOURCES | {path.name: path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.txt")}
    lowered = {found for text in texts.values() for found in re.findall(r"{{ ?([\w.]+)[^}]*\|lower\b", text)}
    assert {one for one in lowered if not one.endswith("_display")} <= FIXED_WORDS


def test_every_data_attribute_that_a_script_looks_for_is_in_a_page():
    scripts = {path.name: path.read_text("utf-8") for path in (ROOT / "static/js").glob("*.js")}
    wanted = {
        (name, attribute) for name, text in scripts.items() for attribute in re.findall(r"\[data-([a-z-]+)", text)
    }
    pages = "\n".join([*SOURCES.values(), *(path.read_text("utf-8") for path in ROOT.glob("dashboard/**/*.py"))])
    made = set(re.findall(r"data[-_]([a-z_-]+)", pages))
    made |= {re.sub(r"[A-Z]", lambda match: f"-{match[0].lower()}", name) for text in scripts.values()
             for name in re.findall(r"dataset\.(\w+) ?=[^=]", text)}  # fmt: skip
    assert wanted
    assert [(name, one) for name, one in sorted(wanted) if not {one, one.replace("-", "_")} & made] == []


def test_no_line_begins_with_punctuation():
    """A line break is a space on screen: it would stand before the comma."""
    begins = re.compile(r"^\s*(?:\{% (?:if|elif|else|endif|endfor|for)\b[^%]*%\})?[,.;:)]", re.M)
    assert [(name, found.group().strip()) for name, text in SOURCES.items() for found in begins.finditer(text)] == []


def test_no_button_that_changes_nothing_stands_in_a_form_that_htmx_sends():
    """It sends the form whatever its button says (`formmethod`): such a button is `type="button"` and closes."""
    forms = [form for text in SOURCES.values() for form in re.findall(r"<form\b.*?</form>", text, re.S)]
    sent = [form for form in forms if re.search(r"hx-(?:post|get)=", form.partition(">")[0])]
    assert sent and [form for form in sent if "formmethod" in form] == []
