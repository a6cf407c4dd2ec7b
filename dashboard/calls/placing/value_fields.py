"""Fields for texts that will be spoken, and one for each value that such texts leave open as `{{name}}`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms

from dashboard.calls.placing import spoken_text
from dashboard.calls.placing.variables import labels, names_in

LONGEST_VALUE, MOST_VARIABLES = 500, 30
VARIABLE_FIELD = "variable-"
TOO_LONG = "Keep it below %(limit_value)d characters; this has %(show_value)d."
LEFT_OPEN = "left-open"  # the hidden field of `ValueFields.left_open`
SPOKEN_FIRST = "This is spoken first. Fill it in, or press once more to have it said in double braces."
NOT_SHOWN_YET = "This text asks for a value. Fill it in here; left empty, it is sent as it stands, in double braces."


class SpokenField(forms.CharField):
    """A text that is cleaned of what cannot be seen; `rule` gives the error of a text that may not be sent."""

    def __init__(self, *, max_length: int, rule: Callable[[str], str], lines: int = 0, **more: Any) -> None:
        attrs = {"rows": lines} if lines else {}
        widget = (forms.Textarea if lines else forms.TextInput)(attrs=attrs)
        super().__init__(
            required=False, max_length=max_length, widget=widget, error_messages={"max_length": TOO_LONG}, **more
        )
        self.rule, self.lines = rule, lines

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`: a browser would cut what is pasted, and say nothing."""
        return {}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if not text:
            return ""
        return spoken_text.clean(text) if self.lines else spoken_text.one_line(text)

    def validate(self, value: str) -> None:
        super().validate(value)
        if words := value and self.rule(value):
            raise forms.ValidationError(words)


def text_rule(text: str) -> str:
    return spoken_text.NOT_A_VARIABLE if spoken_text.has_broken_variable(text) else ""


def value_rule(text: str) -> str:
    return spoken_text.BRACES_IN_VALUE if spoken_text.has_braces(text) else ""


class ValueFields(forms.Form):
    """A form with a field for each variable of the texts in `ask_for`."""

    asks_for_values = True
    values_follow = ", ".join(  # for htmx: while somebody pauses, and when a text is left
        f"input from:#id_{name} delay:500ms, change from:#id_{name}"
        for name in ("first_message", "facts", "instructions")
    )
    variables: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked: set[str] = set()

    def ask_for(self, texts: Sequence[str]) -> None:
        open_texts = [text for text in texts if "{{" in text]
        self.variables = names_in(open_texts)[:MOST_VARIABLES] if open_texts else []
        for name, label in self.variable_labels.items() if self.asks_for_values else ():
            self.fields[VARIABLE_FIELD + name] = SpokenField(max_length=LONGEST_VALUE, rule=value_rule, label=label)

    @property
    def variable_labels(self) -> dict[str, str]:
        return labels(self.variables)

    def variable_fields(self) -> list[forms.BoundField]:
        return [self[VARIABLE_FIELD + name] for name in self.variables]

    def values(self) -> dict[str, str]:
        """What is filled in, by the names of the variables; of a form that was not sent, what it begins with."""
        source = self.cleaned_data if self.is_bound else self.initial
        found = {name: source.get(VARIABLE_FIELD + name, "") for name in self.variables}
        return {name: value for name, value in found.items() if value}

    def put_by(self) -> list[tuple[str, str]]:
        """Values that were typed, or came with a link, for variables which the texts do not have: they come back when
        a text has them."""
        source = self.data if self.is_bound else self.initial
        names = {name: name.removeprefix(VARIABLE_FIELD) for name in source if name.startswith(VARIABLE_FIELD)}
        left = [name for name, variable in names.items() if variable not in self.variables and source[name]]
        return [(name, source[name]) for name in left[:MOST_VARIABLES]]

    @property
    def change_fields(self) -> tuple[str, ...]:
        """The fields of what this call changes."""
        return tuple(VARIABLE_FIELD + name for name in self.variables)

    def show_wrong_values(self) -> None:
        """Errors beside what a form that was not sent begins with.

        A link may hold anything, and an assistant may have changed since a preset or a call was made with it.
        """
        for name in filter(self.fields.__contains__, self.change_fields):
            try:
                self.fields[name].clean(self.initial.get(name, ""))
            except forms.ValidationError as error:
                self.errors[name] = self.error_class(error.messages)

    @property
    def opening(self) -> str:
        """What is spoken first."""
        return ""

    @property
    def left_open(self) -> str:
        """The names of variables that were asked for once: a second press leaves them as they stand."""
        return " ".join(self._asked | set(self.data.get(LEFT_OPEN, "").split()))

    def require_shown_values(self) -> None:
        """Nothing is sent with a variable whose field the person has not seen: it may still be on its way.

        One that is spoken first is asked for once more: nobody is to hear its braces by mistake.
        """
        spoken = names_in([self.opening])
        for name in self.variables if self.asks_for_values else ():
            field = VARIABLE_FIELD + name
            if field not in self.data:
                self.add_error(field, NOT_SHOWN_YET)
            elif name in spoken and not self.data[field].strip() and name not in self.left_open.split():
                self._asked.add(name)
                self.add_error(field, SPOKEN_FIRST)
