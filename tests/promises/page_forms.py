"""The forms of a page that somebody can send as it stands: what a browser would post with each."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

TYPED = {  # what a person would write into a field that is empty, by its name
    "reason": "Because it was agreed.",
    "email": "new@people.test",
    "name": "New",
    "content": "The order is confirmed.",
    "words": "One moment, please.",
    "destination": "+31612349999",
    "retention_days": "30",
}


@dataclass
class Form:
    """`dialog` is the id of the dialog it stands in; `sendable` whether an enabled button sends it."""

    action: str
    id: str = ""
    dialog: str = ""
    data: dict[str, str] = field(default_factory=dict)
    sendable: bool = False
    impossible: bool = False  # a required choice without anything to choose


def offered(page: str) -> dict[str, list[Form]]:
    """By address: those whose button is enabled, and, in a dialog, those whose dialog an enabled button opens."""
    reader = _Reader()
    reader.feed(page)
    found: dict[str, list[Form]] = {}
    for form in reader.forms:
        if form.sendable and not form.impossible and (not form.dialog or form.dialog in reader.openers):
            found.setdefault(form.action, []).append(form)
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.openers: set[str] = set()
        self.form: Form | None = None
        self.ahead: dict[str, Form] = {}  # by id: forms that begin behind some of their fields
        self.dialog = ""
        self.select: tuple[str, bool, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        handler = getattr(self, f"start_{tag}", None)
        if handler:
            handler(facts)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "dialog":
            self.dialog = ""
        elif tag == "select" and self.select:
            name, required, chosen = self.select
            form, self.select = self.form, None
            if form is not None:
                form.data[name] = chosen or ""
                form.impossible = form.impossible or (required and not chosen)

    def start_dialog(self, facts: dict[str, str]) -> None:
        self.dialog = facts.get("id", "")

    def start_form(self, facts: dict[str, str]) -> None:
        if facts.get("method", "").lower() == "post":
            self.form = self.ahead.pop(facts.get("id", ""), None) or Form("")
            self.form.action, self.form.id, self.form.dialog = facts.get("action", ""), facts.get("id", ""), self.dialog
            self.forms.append(self.form)

    def start_button(self, facts: dict[str, str]) -> None:
        if "disabled" in facts:
            return
        if facts.get("command") == "show-modal":
            self.openers.add(facts.get("commandfor", ""))
        form = self._owner(facts)
        if form is not None and facts.get("type", "submit") == "submit" and facts.get("formmethod") != "dialog":
            form.sendable = True
            if facts.get("name"):
                form.data[facts["name"]] = facts.get("value", "")

    def start_input(self, facts: dict[str, str]) -> None:
        form, name, kind = self._owner(facts), facts.get("name", ""), facts.get("type", "text")
        if form is None or not name or "disabled" in facts:
            return
        if kind in ("checkbox", "radio"):
            if "checked" in facts or (kind == "radio" and name not in form.data and "required" in facts):
                form.data[name] = facts.get("value", "on")
        else:
            form.data[name] = facts.get("value") or TYPED.get(name, "")

    def start_textarea(self, facts: dict[str, str]) -> None:
        form = self._owner(facts)
        if form is not None and facts.get("name"):
            form.data[facts["name"]] = TYPED.get(facts["name"], "")

    def start_select(self, facts: dict[str, str]) -> None:
        self.select = (facts.get("name", ""), "required" in facts, None)

    def start_option(self, facts: dict[str, str]) -> None:
        if self.select and "disabled" not in facts:
            name, required, chosen = self.select
            if "selected" in facts or not chosen:
                self.select = (name, required, facts.get("value", ""))

    def _owner(self, facts: dict[str, str]) -> Any:
        if "form" in facts:
            known = next((one for one in self.forms if one.id == facts["form"]), None)
            return known or self.ahead.setdefault(facts["form"], Form(""))
        return self.form
