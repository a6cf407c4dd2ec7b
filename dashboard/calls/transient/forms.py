"""One call with a one-time assistant: whom to call, from which line, and by which version of which draft."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.calls.forms import DialForm
from dashboard.calls.placing import plan
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.placing.value_fields import ValueFields
from dashboard.calls.placing.variables import names_in
from dashboard.calls.planned.forms import WhenForm
from dashboard.calls.transient import placing, transfers, values
from dashboard.calls.transient.configuration import Configuration, errors_of
from dashboard.calls.transient.one_time import OneTime
from dashboard.voicedock import outbound
from tenants.models import NumberDedication, Tenant

WITH_VALUES = "With these values it cannot be sent. {path}: {message}"


class TransientCallForm(DialForm, WhenForm, ValueFields):
    """`version` is the key of a version of one of the client's own drafts. A field is added for each of its variables.

    `chosen` is what it names, or what a planned call has kept of it. `note` tells what of a call that is made again
    does not exist any more.
    """

    note = ""
    values_follow = "change from:[name='version']"
    version = forms.IntegerField(
        error_messages={"required": "Choose the one-time assistant.", "invalid": placing.NOT_YOURS}
    )

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        lines: list[NumberDedication],
        chosen: OneTime | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer_lines(tenant, lines)
        self.chosen = chosen
        self.refused_transfer = transfers.refusal(tenant, chosen.configuration) if chosen else ""
        self.ask_for(values.texts(chosen.configuration) if chosen else [])

    def clean_version(self) -> int:
        if self.chosen is None or self.chosen.version != self.cleaned_data["version"]:
            raise forms.ValidationError(placing.NOT_YOURS)
        if errors_of(self.chosen.configuration):
            raise forms.ValidationError(placing.CANNOT_BE_SENT)
        if self.refused_transfer:
            raise forms.ValidationError(self.refused_transfer)
        return self.cleaned_data["version"]

    def clean(self) -> dict[str, Any]:
        """A value may make of the configuration what may not be sent, as a text that is too long."""
        facts = super().clean() or {}
        self.check_time()
        if self.chosen and not self.errors:
            for path, words in errors_of(self.filled()).items():
                self.add_error(None, WITH_VALUES.format(path=path or "In all", message=words))
        return facts

    @property
    def opening(self) -> str:
        return values.opening(self.chosen.configuration) if self.chosen else ""

    def filled(self) -> Configuration:
        """What speaks, with the values."""
        return values.filled(self.chosen.configuration, self.values()) if self.chosen else {}

    def intent(self) -> dict[str, Any]:
        """What `placing.place` takes."""
        facts = {name: self.cleaned_data[name] for name in ("destination", "number", "token")}
        return facts | {"one_time": self.chosen, "changes": Changes(variables=self.values())}

    def plan(self) -> plan.Plan | None:
        """What will be sent; None until a line and an assistant are chosen."""
        line, chosen = self.chosen_line, self.chosen
        if line is None or chosen is None:
            return None
        destination = self.cleaned_data.get("destination", "") if self.is_bound else self.echo().e164
        configuration = placing.as_sent(self.filled(), plan.LATER)
        changes = Changes(variables=self.values()).words()
        return plan.Plan(
            assistant=chosen.name,
            line=line.line_name or line.e164,
            destination=destination,
            changes=joined(changes),
            made_of=f"as its version {chosen.number} says",
            opening=str(configuration.get("first_message") or ""),
            unfilled=tuple(names_in(values.texts(configuration))),
            json=plan.as_json(
                outbound.transient_body(
                    number_id=line.number.remote_id,
                    destination=destination or plan.NO_NUMBER,
                    assistant=configuration,
                )
            ),
        )
