"""The part of *Call now* that changes the saved assistant for one call, each value beside its own errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms

from dashboard.calls.models import CallPreset
from dashboard.calls.placing import overrides, spoken_text
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import UNREAD, SavedAssistant
from dashboard.calls.placing.value_fields import (
    MOST_VARIABLES,
    TOO_LONG,
    VARIABLE_FIELD,
    SpokenField,
    ValueFields,
    text_rule,
    value_rule,
)
from dashboard.voicedock.catalogue import LANGUAGES, MODELS, PROVIDERS, SOME_VOICES, VOICES
from dashboard.voicedock.outbound import DEPRECATED

LONGEST_FIRST_MESSAGE, LONGEST_INSTRUCTIONS, LONGEST_FACT = 600, 4000, 300
LONGEST_VOICE = 100
MOST_FACTS, MOST_LABELS, MOST_MINUTES = 20, 10, 120
TEXTS = ("instructions", "facts", "voicemail_message")  # with variables, like the opening sentence
LABEL = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,39})\s*:\s*(\S.{0,199})")
RESERVED = DEPRECATED | {"our_ref"}
OWN = "own-"  # what a person typed where a preset fills in something else
PRESET_GONE = (
    "This preset was deleted meanwhile. What it filled in still stands here: look at it, and place the call if it is "
    "right."
)
TOO_MANY_FACTS = f"Give at most {MOST_FACTS} facts; write what else the assistant needs as instructions."
FACT_TOO_LONG = f"Keep each fact below {LONGEST_FACT} characters. This one is longer: {{begin}}…"
NOT_A_LABEL = (
    "Write one label a line, as name: value. The name begins with a letter and has letters, digits and _ . - alone, at "
    "most 40; the value at most 200 characters. Not understood: {line}"
)
TOO_MANY_LABELS = f"Give at most {MOST_LABELS} labels."
LABEL_TAKEN = "{name} cannot be the name of a label: choose another one."
LABEL_TWICE = "{name} stands here twice: give each label once."
NOT_OFFERED = "VoiceDock’s catalogue does not have %(value)s for this assistant. Choose one of the list."
VOICE_ID = "The id of a voice of {provider}. Leave it empty to keep {voice}."
MINUTES = f"Give whole minutes from 1 to {MOST_MINUTES}."


class ChangesForm(ValueFields):
    """What this call changes of the chosen assistant. A field is added for each variable in the texts."""

    first_message = SpokenField(max_length=LONGEST_FIRST_MESSAGE, rule=text_rule, lines=2)
    facts = SpokenField(
        max_length=MOST_FACTS * (LONGEST_FACT + 1), rule=text_rule, lines=3, label="Facts for this call"
    )
    instructions = SpokenField(
        max_length=LONGEST_INSTRUCTIONS, rule=text_rule, lines=3, label="Instructions for this call"
    )
    language = forms.ChoiceField(
        required=False, label="Language it listens in", error_messages={"invalid_choice": NOT_OFFERED}
    )
    model = forms.ChoiceField(required=False, error_messages={"invalid_choice": NOT_OFFERED})
    voice = SpokenField(max_length=LONGEST_VOICE, rule=value_rule)  # of a realtime model a choice: `_offer_voices`
    max_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        label="Longest time, in minutes",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), MINUTES),
    )
    voicemail_message = SpokenField(
        max_length=LONGEST_FIRST_MESSAGE, rule=text_rule, lines=2, label="What it says to a voicemail"
    )
    metadata = forms.CharField(
        required=False,
        max_length=MOST_LABELS * 250,
        label="Labels of your own",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": TOO_LONG},
    )
    shown = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    preset = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)  # its key

    more = ("instructions", "language", "model", "voice", "max_minutes", "voicemail_message", "metadata")

    def __init__(
        self, *args: Any, saved: Mapping[int, SavedAssistant], preset: CallPreset | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.chosen_preset = preset
        chosen, self.saved_by_pk = str(self["assistant"].value() or ""), saved
        self.saved = next((known for pk, known in saved.items() if str(pk) == chosen), UNREAD)
        self._offer_models()
        texts = [str(self[name].value() or "") for name in TEXTS if name in self.fields]
        first = self.opening
        self.ask_for([first, *self.saved.prompt_texts, *texts])

    def put_by(self) -> list[tuple[str, str]]:
        """Besides, what a person typed where a preset fills in something else."""
        own = [name for name in self.data if name.startswith(OWN) and self.data[name]]
        return [*super().put_by(), *((name, self.data[name]) for name in own[:MOST_VARIABLES])]

    def more_fields(self) -> list[forms.BoundField]:
        """Those that are rarely needed, as far as this assistant has them."""
        return [self[name] for name in self.more if name in self.fields]

    @property
    def has_wrong_change(self) -> bool:
        return any(name in self.errors for name in self.change_fields)

    @property
    def opening(self) -> str:
        return str(self["first_message"].value() or "") or self.saved.first_message

    @property
    def change_fields(self) -> tuple[str, ...]:
        return ("first_message", "facts", *self.more, *super().change_fields)

    @property
    def has_more(self) -> bool:
        """Whether one of them is filled in, so that it is in sight."""
        return any(field.value() or field.errors for field in self.more_fields())

    def changes(self) -> Changes:
        """What the form changes, as far as it was understood; of a form that was not sent, what it begins with."""
        if not self.is_bound:
            return replace(Changes.from_json(self.initial.get("changes", {})), variables=self.values())
        cleaned = self.cleaned_data
        return Changes(
            first_message=cleaned.get("first_message", ""),
            instructions=cleaned.get("instructions", ""),
            facts=cleaned.get("facts", ()),
            variables=self.values(),
            language=cleaned.get("language", ""),
            model=cleaned.get("model", ""),
            voice=cleaned.get("voice", ""),
            max_minutes=cleaned.get("max_minutes"),
            voicemail_message=cleaned.get("voicemail_message", ""),
            metadata=cleaned.get("metadata", {}),
        )

    def clean_preset(self) -> str:
        if self.cleaned_data["preset"] and self.chosen_preset is None:
            raise forms.ValidationError(PRESET_GONE)
        return self.cleaned_data["preset"]

    def clean_facts(self) -> tuple[str, ...]:
        facts = tuple(filter(None, (" ".join(line.split()) for line in self.cleaned_data["facts"].split("\n"))))
        if len(facts) > MOST_FACTS:
            raise forms.ValidationError(TOO_MANY_FACTS)
        for fact in facts:
            if len(fact) > LONGEST_FACT:
                raise forms.ValidationError(FACT_TOO_LONG.format(begin=fact[:40]))
        return facts

    def clean_metadata(self) -> dict[str, str]:
        labels: dict[str, str] = {}
        for line in filter(None, map(spoken_text.one_line, self.cleaned_data["metadata"].splitlines())):
            found = LABEL.fullmatch(line)
            if found is None:
                raise forms.ValidationError(NOT_A_LABEL.format(line=line[:60]))
            name, value = found.groups()
            if name in RESERVED or name in labels:
                raise forms.ValidationError((LABEL_TAKEN if name in RESERVED else LABEL_TWICE).format(name=name))
            labels[name] = value
        if len(labels) > MOST_LABELS:
            raise forms.ValidationError(TOO_MANY_LABELS)
        return labels

    def check_changes(self) -> None:
        """What cannot be sent without losing something of the saved assistant, beside the field that asks for it."""
        changes = self.changes()
        if not changes:
            return
        try:
            overrides.compose(changes, self.saved)
        except overrides.ChangeRefused as error:
            self.add_change_error(error.field, error.message)

    def add_change_error(self, field: str, message: str) -> None:
        """`field` as in `ChangeRefused`, or "" for the whole; the values of variables have a field each."""
        values = [bound.name for bound in self.variable_fields() if bound.value()]
        places = [field] if field in self.fields else values if field == "variables" else []
        self.add_error(next(iter(places), None), message)

    def _offer_models(self) -> None:
        """What this kind of assistant has. What is filled in all the same stays in sight, with its error."""
        model, language = (
            str(self.saved.block(block).get(name) or "")
            for block, name in (("llm_config", "model"), ("stt_config", "language"))
        )
        models = MODELS.get(self.saved.provider, ())
        self._offer("model", {one: one for one in models if one != model}, model)
        languages = {code: words for code, words in LANGUAGES.items() if code != language}
        offered = languages if (self.saved.is_pipeline and language) or self["language"].value() else {}
        self._offer("language", offered, LANGUAGES.get(language, language))
        self._offer_voices()
        if self.saved.blocks.get("voicemail_detection") is False and not self["voicemail_message"].value():
            del self.fields["voicemail_message"]

    def _offer_voices(self) -> None:
        """Of a model that speaks itself those that are named; of a pipeline any id of the provider of its voice."""
        if self.saved.is_pipeline:
            speech = self.saved.block("tts_config")
            if not speech.get("voice_id") and not self.data.get("voice"):
                del self.fields["voice"]
                return
            provider = str(speech.get("provider") or "")
            self.fields["voice"].help_text = VOICE_ID.format(
                provider=PROVIDERS.get(provider, provider), voice=speech.get("voice_id") or "not known"
            )
            return
        voice = str(self.saved.block("llm_config").get("voice") or "")
        named = VOICES.get(self.saved.provider) or SOME_VOICES.get(self.saved.provider, ())
        self.fields["voice"] = forms.ChoiceField(required=False, error_messages={"invalid_choice": NOT_OFFERED})
        self._offer("voice", {one: one for one in named if one != voice}, voice or "VoiceDock’s own choice")

    def _offer(self, name: str, choices: Mapping[str, str], as_saved: str) -> None:
        if not choices and not self[name].value():
            del self.fields[name]
            return
        self.fields[name].choices = [("", f"As saved: {as_saved}"), *choices.items()]  # type: ignore[attr-defined]


def initial_of(changes: Changes) -> dict[str, Any]:
    """The form's initial values for these changes."""
    data = changes.to_json()
    lines = {"facts": "\n".join(changes.facts), "metadata": "\n".join(f"{k}: {v}" for k, v in changes.metadata.items())}
    values = {VARIABLE_FIELD + name: value for name, value in changes.variables.items()}
    plain = {name: value for name, value in data.items() if name != "variables"}
    return plain | lines | values | {"changes": data}
