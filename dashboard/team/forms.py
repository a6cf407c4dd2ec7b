"""Forms of people, invitations, roles, support access and a client's settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from dashboard.ui import phone_numbers
from dashboard.ui.country_field import CountryField
from tenants import names
from tenants.access.permissions import Role, StaffRole
from tenants.access.support_access import PASS_HOURS
from tenants.form_fields import NameField, ZoneField, names_of_reseller, names_of_staff
from tenants.models import AssistantDedication, NumberDedication, Tenant, User
from tenants.shown_values import ShownValues

NO_SUCH_ROLE = {"required": "Choose one of the roles.", "invalid_choice": "Choose one of the roles."}
MAX_PHRASES, MAX_PHRASE_LENGTH = 24, 300


class JoinForm(forms.Form):
    """Name and password of a new user."""

    name = NameField(reserved=names_of_staff, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label="Choose a password",
        max_length=200,
        strip=False,
        help_text=" ".join(password_validators_help_texts()),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned:
            try:
                validate_password(cleaned["password"], User(email=self.email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class TeamForm(forms.Form):
    email = forms.EmailField(label="E-mail")
    name = NameField(reserved=names_of_staff, required=False, label="Name")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.OPERATOR, label="Role")


class RoleForm(ShownValues, forms.Form):
    role = forms.ChoiceField(choices=Role.choices, error_messages=NO_SUCH_ROLE)
    sees_transcripts = forms.BooleanField(required=False)


class PassForm(forms.Form):
    hours = forms.TypedChoiceField(choices=list(PASS_HOURS.items()), coerce=int, label="For how long")


class StaffRoleForm(forms.Form):
    role = forms.ChoiceField(
        choices=StaffRole.choices, initial=StaffRole.SUPPORT, label="Role", error_messages=NO_SUCH_ROLE
    )
    sees_all = forms.BooleanField(
        required=False,
        initial=True,
        label="Sees every client",
        help_text="Only support can be limited to some clients.",
    )


class StaffMemberForm(ShownValues, StaffRoleForm):
    """The role of somebody who is of the staff already."""


class StaffForm(StaffRoleForm):
    email = forms.EmailField(label="E-mail")
    name = NameField(label="Name")
    field_order = ("email", "name", "role", "sees_all")


class GrantForm(forms.Form):
    client = forms.ModelChoiceField(Tenant.objects.none(), label="Client", empty_label="Choose a client")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = Tenant.objects.exclude(status=Tenant.Status.CLOSED)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]


class NumberDedicationField(forms.ModelChoiceField):
    def label_from_instance(self, dedication: NumberDedication) -> str:
        return f"{phone_numbers.grouped(dedication.e164)} {names.isolate(dedication.line_name)}".strip()


class AssistantDedicationField(forms.ModelChoiceField):
    def label_from_instance(self, dedication: AssistantDedication) -> str:
        return names.isolate(dedication.assistant)


class SettingsForm(ShownValues, forms.ModelForm):
    """A client's settings: name, colours, time zone, default number and assistant, phrases."""

    name = NameField(reserved=names_of_reseller, label="Name")
    city = NameField(max_length=80, required=False, label="City")
    timezone = ZoneField(label="Time zone")
    country = CountryField()
    default_number = NumberDedicationField(NumberDedication.objects.none(), required=False, label="Usual line")
    default_assistant = AssistantDedicationField(
        AssistantDedication.objects.none(), required=False, label="Usual assistant"
    )
    phrases = forms.CharField(
        required=False,
        label="Saved phrases",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One on each line; they are one press away in the live panel.",
    )

    class Meta:
        model = Tenant
        fields = ("name", "city", "timezone", "country", "brand_hue", "brand_chroma", "requires_second_step")
        labels = {
            "brand_hue": "Hue",
            "brand_chroma": "Strength",
            "requires_second_step": "Everybody signs in with two-factor authentication",
        }
        help_texts = {
            "requires_second_step": "An app or a passkey. Whoever has none is led to it, and sees nothing "
            "of this client before.",
        }
        widgets = {
            "brand_hue": forms.NumberInput(attrs={"type": "range", "min": 0, "max": 360, "step": 1}),
            "brand_chroma": forms.NumberInput(attrs={"type": "range", "min": 0, "max": 0.2, "step": 0.001}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant: Tenant = self.instance
        numbers = NumberDedication.objects.select_related("number").filter(tenant=tenant).open()
        assistants = AssistantDedication.objects.select_related("assistant").filter(tenant=tenant).open()
        for name, dedications in (("default_number", numbers), ("default_assistant", assistants)):
            self.fields[name].queryset = dedications  # type: ignore[attr-defined]
            self.fields[name].empty_label = "The first of them"  # type: ignore[attr-defined]
            self.initial.setdefault(name, getattr(tenant, f"{name}_id"))

    def clean_country(self) -> str:
        """What a form without the field leaves as it is."""
        return self.cleaned_data["country"] if "country" in self.data else self.instance.country

    def clean_brand_chroma(self) -> Decimal:
        return self.cleaned_data["brand_chroma"].quantize(Decimal("0.001"))

    def clean_phrases(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["phrases"].splitlines()]
        phrases = list(dict.fromkeys(line for line in lines if line))
        if len(phrases) > MAX_PHRASES:
            raise ValidationError(f"That are {len(phrases)} phrases; the panel has room for {MAX_PHRASES}.")
        if too_long := next((phrase for phrase in phrases if len(phrase) > MAX_PHRASE_LENGTH), ""):
            raise ValidationError(f"“{too_long[:40]}…” is longer than {MAX_PHRASE_LENGTH} characters.")
        return phrases
