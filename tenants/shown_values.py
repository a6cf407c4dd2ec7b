"""Edit forms that never overwrite what somebody else changed while they were open.

A form sends along a digest of each value that it was opened with. A value that its reader left alone stays as it is by
now. One that was changed on both sides is refused beside its field, with the value of now: what was typed stays there,
and saving once more puts it in its place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.names import isolate

NAME = "shown"
CHANGED_MEANWHILE = (
    "Somebody changed this meanwhile: it is {now} now. What you typed stands here; saving once more puts it in its "
    "place."
)
LONGEST_SHOWN = 200  # characters of the value of now

if TYPE_CHECKING:
    Base = forms.BaseForm
else:
    Base = object


class ShownValues(Base):
    """Mixin of a form whose initial values, or instance, are the values as they are now, also when it is sent.

    Its template has `{{ form.shown_values }}`; what comes without it, as from a script, is taken as it is. Whoever
    saves locks the row before the form is made.
    """

    def shown_values(self) -> SafeString:
        """The hidden field with what this form shows."""
        shown = {name: _digest(self.get_initial_for_field(field, name)) for name, field in self.fields.items()}
        return format_html('<input type="hidden" name="{}" value="{}">', self.add_prefix(NAME), json.dumps(shown))

    def full_clean(self) -> None:
        changed = dict(self._changed_meanwhile()) if self.is_bound else {}
        self._keep([name for name, is_typed in changed.items() if not is_typed])
        super().full_clean()
        for name, is_typed in changed.items():
            if is_typed and name not in self.errors:
                self.add_error(name, CHANGED_MEANWHILE.format(now=self._now(name)))

    def _changed_meanwhile(self) -> Iterator[tuple[str, bool]]:
        """The fields with another value than was shown, and whether another one is sent for them too."""
        shown = _read(self.data.get(self.add_prefix(NAME), ""))
        for name, field in self.fields.items():
            prefixed = self.add_prefix(name)
            if name not in shown or field.widget.value_omitted_from_data(self.data, self.files, prefixed):
                continue
            now = self.get_initial_for_field(field, name)
            sent = _digest(field.widget.value_from_datadict(self.data, self.files, prefixed))
            if shown[name] != _digest(now) != sent:
                yield name, sent != shown[name]

    def _keep(self, names: list[str]) -> None:
        """Put the values of now in place of what was sent for fields that were left alone."""
        if not names:
            return
        data = cast(QueryDict, self.data).copy()
        for name in names:
            value = self.get_initial_for_field(self.fields[name], name)
            if isinstance(value, bool):
                values = ["on"] if value else []
            else:
                values = [str(one) for one in value] if isinstance(value, (list, tuple)) else [_text(value)]
            data.setlist(self.add_prefix(name), values)
        self.data = data

    def _now(self, name: str) -> str:
        field = self.fields[name]
        value = self.get_initial_for_field(field, name)
        if isinstance(value, bool):
            return "on" if value else "off"
        labels = {str(key): str(label) for key, label in getattr(field, "choices", None) or ()}
        texts = map(_text, value) if isinstance(value, (list, tuple)) else [_text(value)]
        words = ", ".join(labels.get(text, text) for text in texts)
        short = words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN]}…"
        return f"“{isolate(short)}”" if words else "empty"


def _digest(value: Any) -> str:
    return hashlib.sha256(_text(value).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    """One text for what a form shows and for the same as a browser sends it."""
    if isinstance(value, (list, tuple)):
        return "\n".join(sorted(map(_text, value)))
    if value is None or value is False:
        return ""
    return str(getattr(value, "pk", value)).replace("\r\n", "\n").strip()


def _read(text: str) -> dict[str, str]:
    """The digests that were sent; none where that is no JSON of ours."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
