"""The form with which staff enter a client."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from tenants import names
from tenants.models.people import LONGEST_REASON


class VisitForm(forms.Form):
    """The reason that an admin gives before entering a client without consent to support access."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label="Why do you enter?",
        help_text="The client gave no support access. Its people see this reason, and what you do is marked.",
        error_messages={"required": "Write why; the client's people see it."},
    )

    def clean_reason(self) -> str:
        if not (reason := names.clean(self.cleaned_data["reason"])):
            raise ValidationError(self.fields["reason"].error_messages["required"])
        return reason
