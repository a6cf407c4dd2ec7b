"""Forms of connections: keys, and organizations below ours."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.connections.queries import open_clients
from tenants.form_fields import NameField
from tenants.models import Tenant


class ConnectionForm(forms.Form):
    """The key is tested and stored encrypted; it is never written into a page."""

    name = NameField(required=False, label="Name", help_text="Empty: as VoiceDock calls it.")
    api_key = forms.CharField(
        max_length=300,
        label="API key",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="From VoiceDock’s own settings. It is tried once and kept encrypted; later only its ending is shown.",
    )


class KeyForm(forms.Form):
    api_key = forms.CharField(
        max_length=300,
        label="New API key",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="Of the same organization. It is tried first, then used for every request that begins. Withdraw the "
        "old one at VoiceDock a minute later: requests under way still go on with it.",
    )


class ChildKeyForm(forms.Form):
    """The key of an organization that VoiceDock listed."""

    organization = forms.CharField(max_length=64, widget=forms.HiddenInput)
    api_key = forms.CharField(
        max_length=300, label="API key", widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"})
    )


class OrganizationForm(forms.Form):
    """A new organization below ours; its key is encrypted as soon as VoiceDock returns it."""

    name = NameField(label="Name")
    client = forms.ModelChoiceField(
        Tenant.objects.none(),
        required=False,
        to_field_name="slug",
        label="For",
        empty_label="No client yet",
        help_text="It becomes this client’s home.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = open_clients()  # type: ignore[attr-defined]
