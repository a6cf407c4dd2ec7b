"""The form of a one-time assistant: the fields of its providers, laid over a configuration of which nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from dashboard.calls.placing import spoken_text
from dashboard.calls.placing.saved_assistants import is_text_message
from dashboard.calls.transient import assistant_fields, json_text, typed_numbers
from dashboard.calls.transient.assistant_fields import FLAG_CHOICES, PROMPT, PROVIDER_PATHS, AssistantField
from dashboard.calls.transient.configuration import Check, Configuration, errors_of, for_sending, value_at, with_value
from dashboard.voicedock.capabilities import family_of
from dashboard.voicedock.catalogue import MODELS, STT_MODELS, TTS_MODELS
from dashboard.voicedock.outbound import SPEECH

START: Configuration = {  # of an assistant that begins with nothing
    "llm_config": {"provider": "openai", "model": MODELS["openai"][0], "messages": []},
    "stt_config": {"provider": "deepgram", "model": STT_MODELS["deepgram"][0], "language": "multi"},
    "tts_config": {"provider": "elevenlabs", "model": TTS_MODELS["elevenlabs"][0]},
}
MODEL_OF = {  # which choice of models follows which provider
    "llm_config": MODELS,
    "stt_config": STT_MODELS,
    "tts_config": TTS_MODELS,
}
REDRAW = {
    "hx-trigger": "change",
    "hx-vals": '{"do": "redraw"}',
    "hx-include": "#draft-form",
    "hx-target": "#draft-form",
    "hx-swap": "outerHTML",
}


class ConfigurationForm(forms.Form):
    """`base` is the configuration as it was opened. Its parts that the form has no field for stay as they are.

    `typed` is what was sent; with `check` off it is only shown again, as by the choice of another provider, which asks
    `redraw_url` for the fields.
    """

    base = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    def __init__(
        self,
        typed: Mapping[str, Any] | None = None,
        *,
        opened: Configuration | None = None,
        check: bool = True,
        errors_of: Check = errors_of,
        redraw_url: str = "",
    ) -> None:
        super().__init__(typed if check else None)
        self.errors_of = errors_of
        self.typed: Mapping[str, Any] = typed or {}
        self.opened = opened if opened is not None else _read_base(self.typed.get("base", ""))
        self.initial["base"] = json_text.written(self.opened)
        self.groups = assistant_fields.groups(*self._chosen())
        for field in self._fields():
            shown = self.typed.get(name_of(field.path), self._shown(field))
            self.fields[name_of(field.path)] = _form_field(field, shown, redraw_url)
        self.elsewhere: dict[str, str] = {}  # errors by paths that the form has no field for

    def _chosen(self) -> tuple[str, str, str, str]:
        """The providers of the three blocks, and the model of the voice."""
        llm, stt, tts, model = (self._sent_or_opened(path) for path in (*PROVIDER_PATHS, "tts_config.model"))
        return llm or "openai", stt or next(iter(STT_MODELS)), tts or next(iter(TTS_MODELS)), model

    def _sent_or_opened(self, path: str) -> str:
        name = name_of(path)
        return str(self.typed[name] if name in self.typed else value_at(self.opened, path) or "")

    def _fields(self) -> Iterator[AssistantField]:
        for group in self.groups:
            yield from group.fields

    def _shown(self, field: AssistantField) -> str:
        """What the field shows of the configuration as it was opened."""
        return _as_text(_value_of(self.opened, field), field)

    def shown_groups(self) -> list[tuple[str, list[BoundField]]]:
        return [(group.title, [self[name_of(field.path)] for field in group.fields]) for group in self.groups]

    def put_by(self) -> list[tuple[str, str]]:
        """What was typed into fields that these providers do not have: it comes back with theirs."""
        known = {name_of(path) for path in assistant_fields.known_paths()}
        return [(name, self.typed[name]) for name in sorted(known & set(self.typed)) if name not in self.fields]

    def configuration(self) -> Configuration:
        """As it was opened, with what was typed. The fields of a provider that was left go with it."""
        found = dict(self.opened)
        if family_of(self._chosen()[0]).is_realtime:
            found = {name: value for name, value in found.items() if name not in SPEECH}
        for path in self._left_behind():
            found = with_value(found, path, None)
        for field in self._fields():
            found = self._laid_over(found, field)
        return for_sending(found)

    def _left_behind(self) -> Iterator[str]:
        """Paths of fields that the providers had which the configuration was opened with, and that these do not."""
        before = [value_at(self.opened, path) or "" for path in (*PROVIDER_PATHS, "tts_config.model")]
        drawn = {field.path for field in self._fields()}
        had = {field.path for group in assistant_fields.groups(*map(str, before)) for field in group.fields}
        decisive = (*PROVIDER_PATHS, "tts_config.model")
        changed = {
            path.partition(".")[0]
            for path, value in zip(decisive, before, strict=True)
            if value and self._sent_or_opened(path) != value
        }
        yield from sorted(path for path in had - drawn if path.partition(".")[0] in changed)

    def _laid_over(self, found: Configuration, field: AssistantField) -> Configuration:
        name = name_of(field.path)
        sent = self.typed.get(name)
        if sent is None or _plain(sent) == _plain(self._shown(field)):
            return found  # left alone: it stays exactly as it is
        value = _read(sent, field)
        if field.kind == "prompt":
            return with_prompt(found, str(value or ""))
        return with_value(found, field.path, value)

    def clean(self) -> dict[str, Any]:
        """Errors of the configuration, beside the fields that cause them."""
        cleaned = super().clean() or {}
        for path, message in self.errors_of(self.configuration()).items():
            places = (name_of(place) for place in (path, f"{path}.provider") if place != PROMPT)
            field = next((place for place in places if place in self.fields), None)
            if field is None:
                self.elsewhere[path] = message
            elif field not in self.errors:
                self.add_error(field, " ".join(filter(None, (message, self._how_to_write(path)))))
        if self.elsewhere:
            self.add_error(None, "Something that this form has no field for cannot be sent.")
        return cleaned

    def _how_to_write(self, path: str) -> str:
        """Of a number that was typed so that it could be taken for two, or for none; else ""."""
        field = next((one for one in self._fields() if one.path == path and one.kind == "number"), None)
        sent = spoken_text.clean(self.typed.get(name_of(path), ""))
        return typed_numbers.how_to_write(sent, is_whole=field.is_whole) if field and sent else ""


def redrawn(data: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, once another provider was chosen: its first model replaces one that it does not have."""
    sent = {name: str(value) for name, value in data.items()}
    if not family_of(sent.get(name_of(PROVIDER_PATHS[0]), "")).is_realtime:
        for block in SPEECH:
            for key, value in START[block].items():
                sent.setdefault(name_of(f"{block}.{key}"), value)
    for block, catalogue in MODEL_OF.items():
        provider, model = sent.get(name_of(f"{block}.provider"), ""), name_of(f"{block}.model")
        models = catalogue.get(provider, ())
        if models and sent.get(model, "") not in models:
            sent[model] = models[0]
    return sent


def name_of(path: str) -> str:
    """The name of the field in the form."""
    return path.replace(".", "-")


def with_prompt(configuration: Configuration, text: str) -> Configuration:
    """With this text as the first message of the role `system`; empty takes that message away."""
    messages = value_at(configuration, PROMPT)
    messages = list(messages) if isinstance(messages, list) else []
    at = _prompt_at(messages)
    if at is None:
        messages = [{"role": "system", "content": text}, *messages] if text else messages
    elif text:
        messages[at] = messages[at] | {"content": text}
    else:
        del messages[at]
    return with_value(configuration, PROMPT, messages)


def prompt_of(configuration: Configuration) -> str:
    messages = value_at(configuration, PROMPT)
    at = _prompt_at(messages) if isinstance(messages, list) else None
    return str(messages[at]["content"]) if at is not None else ""


def _prompt_at(messages: list[Any]) -> int | None:
    roles = (message.get("role") == "system" if is_text_message(message) else False for message in messages)
    return next((at for at, is_prompt in enumerate(roles) if is_prompt), None)


def _read_base(text: str) -> Configuration:
    try:
        found = json_text.read(text) if text else {}
    except json_text.NotJson:
        found = {}
    return found if isinstance(found, dict) else {}


def _value_of(configuration: Configuration, field: AssistantField) -> Any:
    return prompt_of(configuration) if field.kind == "prompt" else value_at(configuration, field.path)


def _as_text(value: Any, field: AssistantField) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.kind == "terms" and isinstance(value, list):
        return "\n".join(str(term) for term in value)
    return value if isinstance(value, str) else json_text.written(value)


def _plain(text: str) -> str:
    """As a browser sends it back: with other line ends, and without those at the beginning of a text area."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read(sent: str, field: AssistantField) -> Any:
    """The value for the JSON; None where the field is empty. What is not understood stays a text, and is refused."""
    text = spoken_text.clean(sent)
    if not text:
        return None
    if field.kind == "flag":
        return {"true": True, "false": False}.get(text, text)
    if field.kind == "number":
        return _number(text, field)
    if field.kind == "terms":
        return [term for term in (" ".join(line.split()) for line in text.split("\n")) if term]
    return text if field.kind in ("long", "prompt") else spoken_text.one_line(text)


def _number(text: str, field: AssistantField) -> Any:
    try:
        return typed_numbers.read(text, is_whole=field.is_whole)
    except typed_numbers.NotANumber:
        return text


def _form_field(field: AssistantField, shown: str, redraw_url: str) -> forms.Field:
    more: dict[str, Any] = {"required": False, "label": field.label, "help_text": _hint(field), "initial": shown}
    if field.choices is not None or field.kind == "flag":
        return _choice_field(field, shown, redraw_url, more)
    if field.kind in ("long", "prompt", "terms"):
        rows = 8 if field.kind == "prompt" else 3
        return forms.CharField(strip=False, widget=forms.Textarea(attrs={"rows": rows}), **more)
    attrs = {"inputmode": "decimal"} if field.kind == "number" else {}
    return forms.CharField(widget=forms.TextInput(attrs=attrs | {"autocomplete": "off"}), **more)


def _choice_field(field: AssistantField, shown: str, redraw_url: str, more: dict[str, Any]) -> forms.Field:
    """A value that the catalogue does not have is offered as long as it stands there, and refused when it is sent."""
    choices = dict(field.choices or FLAG_CHOICES)
    empty = {"": "Default"} if field.may_be_empty else {} if shown else {"": "Choose"}
    kept = {shown: f"{shown}, not in the catalogue"} if shown and shown not in choices else {}
    redraws = field.path in (*PROVIDER_PATHS, "tts_config.model") and redraw_url
    attrs = REDRAW | {"hx-post": redraw_url} if redraws else {}
    widget = forms.Select(choices=list((empty | choices | kept).items()), attrs=attrs)
    return forms.CharField(widget=widget, **more)


def _hint(field: AssistantField) -> str:
    one = field.range
    if one is None:
        return field.hint
    words = f"From {one.least:g} to {one.most:g}." if one.most is not None else f"At least {one.least:g}."
    usual = f" Usually {one.usual:g}." if one.usual is not None else ""
    return f"{field.hint} {words}{usual}".strip()


class JsonForm(forms.Form):
    """The configuration as JSON; `errors_by_path` are those of a text that is JSON."""

    text = forms.CharField(
        label="The assistant as JSON",
        strip=False,
        error_messages={"required": "Write the assistant as JSON."},
        widget=forms.Textarea(attrs={"rows": 28, "class": "wire-input", "spellcheck": "false", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, errors_of: Check = errors_of, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.errors_of = errors_of
        self.found: Any = None
        self.wrong: json_text.NotJson | None = None
        self.errors_by_path: dict[str, str] = {}

    def clean_text(self) -> str:
        try:
            self.found = json_text.read(self.cleaned_data["text"])
        except json_text.NotJson as error:
            self.wrong = error
            raise forms.ValidationError(error.message) from None
        self.errors_by_path = self.errors_of(self.found)
        return self.cleaned_data["text"]

    @property
    def can_be_shown_as_form(self) -> bool:
        """Whether the text is the JSON of an object, right or wrong."""
        return self.is_valid() and isinstance(self.found, dict)

    def configuration(self) -> Configuration:
        return for_sending(self.found)
