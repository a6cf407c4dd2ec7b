"""Forms of staff’s pages of clients: a new client, dedications, limits, countries, retention, status, invitations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from dashboard.clients import dedicating
from dashboard.connections.queries import open_clients
from dashboard.ui import countries, date_fields, phone_numbers, search_fields
from dashboard.ui.country_field import CountryField
from tenants import names, time_zones
from tenants.access.permissions import Role
from tenants.destination_rules import COSTLY_KINDS
from tenants.form_fields import NameField, ZoneField, names_of_reseller, names_of_staff
from tenants.models import Assistant, Connection, Number, Tenant
from tenants.shown_values import ShownValues

RESERVED_SLUGS = {"new"}  # a page of the same path


class SelectOfThings(forms.Select):
    """A number or assistant that cannot be dedicated is listed with its client, and disabled."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        thing = getattr(value, "instance", None)
        if thing is not None and dedicating.blocking_reason_of(thing):
            option["attrs"]["disabled"] = True
        return option


class NumberField(forms.ModelChoiceField):
    widget = SelectOfThings

    def label_from_instance(self, number: Number) -> str:
        label = ", ".join(filter(None, (phone_numbers.grouped(number.e164), names.isolate(number.name))))
        return f"{label} ({_where(number)})"


class AssistantField(forms.ModelChoiceField):
    widget = SelectOfThings

    def label_from_instance(self, assistant: Assistant) -> str:
        return f"{names.isolate(assistant)} ({_where(assistant)})"


def _where(thing: Number | Assistant) -> str:
    """Its connection, and its client where the query has `holder`."""
    holder = getattr(thing, "holder", None)
    connection = names.isolate(thing.connection.name)
    return f"{connection}, {names.isolate(holder)} has it" if holder else connection


class ClientForm(forms.Form):
    """A new client with its connection, its first number and assistant, and its first owner."""

    name = NameField(reserved=names_of_reseller, label="Name")
    slug = forms.CharField(
        max_length=50,
        required=False,
        label="Short name",
        help_text="Part of its pages’ address; made from the name when left empty.",
    )
    city = NameField(max_length=80, required=False, label="City")
    timezone = ZoneField(label="Time zone", initial="Europe/Amsterdam")
    country = CountryField()
    connection = forms.ModelChoiceField(
        Connection.objects.none(),
        label="Connection",
        empty_label="Choose one",
        help_text="The VoiceDock organization it is at home in. One of its own keeps it apart from others.",
    )
    own = forms.BooleanField(
        required=False, label="Create an organization of its own below this connection, and make that its home"
    )
    number = NumberField(Number.objects.none(), required=False, label="First number", empty_label="None yet")
    assistant = AssistantField(
        Assistant.objects.none(), required=False, label="First assistant", empty_label="None yet"
    )
    owner_name = NameField(reserved=names_of_staff, required=False, label="First owner’s name")
    owner_email = forms.EmailField(
        label="First owner’s e-mail", required=False, help_text="Gets a mail with a link to join."
    )

    def __init__(self, *args: Any, free_numbers: Any, free_assistants: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connection"].queryset = Connection.objects.all()  # type: ignore[attr-defined]
        self.fields["number"].queryset = free_numbers  # type: ignore[attr-defined]
        self.fields["assistant"].queryset = free_assistants  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        slug = slugify(data.get("slug") or data.get("name") or "")[:50].strip("-").replace("_", "-")
        if not slug and "name" in data:
            self.add_error("slug", "Choose a short name of letters and digits.")
        elif slug in RESERVED_SLUGS or Tenant.objects.filter(slug=slug).exists():
            self.add_error("slug", f"“{slug}” is in use already. Choose another short name.")
        number, assistant = data.get("number"), data.get("assistant")
        if number and assistant and number.connection_id != assistant.connection_id:
            self.add_error("assistant", "Choose one of the number’s connection: a call needs both from the same.")
        if data.get("own") and (number or assistant):
            self.add_error("own", "A new organization has no numbers and assistants yet: choose none, or no new one.")
        return data | {"slug": slug}


class DedicateForm(forms.Form):
    """A number or an assistant for this client, now or from a later day."""

    offers: QuerySet[Any]

    start = date_fields.DayField(
        required=False,
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: now; else from 00:00 of that day.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = tenant.zone

    @property
    def blocking_reason(self) -> str:
        """Why nothing can be dedicated; empty where something can be chosen."""
        if self.offers.filter(is_kept=False).exists():
            return ""
        return "Everything that VoiceDock has is assigned. Release one where it is, or order another at VoiceDock."

    def clean_start(self) -> datetime | None:
        day: date | None = self.cleaned_data["start"]
        today = timezone.now().astimezone(self.zone).date()
        if day and day < today:
            raise ValidationError("It cannot begin in the past: calls made then would change hands.")
        return time_zones.start_of_day(day, self.zone) if day and day > today else None


class LineNameForm(ShownValues, forms.Form):
    """What the client's people call a line."""

    name = NameField(max_length=80, required=False, label="Name", help_text="Empty: its name at VoiceDock.")


class DedicateNumberForm(DedicateForm):
    number = NumberField(Number.objects.none(), label="Number", empty_label="Choose a number")
    name = NameField(max_length=80, required=False, label="Name for the client", help_text="What its people see.")

    field_order = ["number", "name", "start"]

    def __init__(self, *args: Any, numbers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].queryset = numbers  # type: ignore[attr-defined]
        self.offers = numbers


class DedicateAssistantForm(DedicateForm):
    assistant = AssistantField(Assistant.objects.none(), label="Assistant", empty_label="Choose an assistant")

    field_order = ["assistant", "start"]

    def __init__(self, *args: Any, assistants: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assistant"].queryset = assistants  # type: ignore[attr-defined]
        self.offers = assistants


class HolderForm(forms.Form):
    """The client that gets a number or an assistant."""

    client = forms.ModelChoiceField(
        Tenant.objects.none(), to_field_name="slug", label="Client", empty_label="Choose a client"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = open_clients()  # type: ignore[attr-defined]


class OneAtATime:
    """A form whose fields are also sent alone: with `only`, those that are not in it are left out."""

    fields: dict[str, forms.Field]

    def keep(self, only: Collection[str] | None) -> None:
        """Everything stays where nothing of `only` is a field, so that an empty form is told what it lacks."""
        if only and set(only) & set(self.fields):
            for name in set(self.fields) - set(only):
                del self.fields[name]


class LimitsForm(ShownValues, OneAtATime, forms.ModelForm):
    """How many calls a client may have at once, and in a day."""

    class Meta:
        model = Tenant
        fields = ("max_concurrent_calls", "max_calls_per_day")
        labels = {"max_concurrent_calls": "Calls at once", "max_calls_per_day": "Calls a day"}

    def __init__(self, *args: Any, only: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep(only)


class CountriesForm(ShownValues, OneAtATime, forms.Form):
    """The country of a client, and the countries it may call."""

    country = CountryField()
    allowed = forms.CharField(
        required=False,
        max_length=2000,
        label="Calls may go to",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Names or two-letter codes with commas between them; “the EU” for all of its countries. "
        "Empty: every country.",
    )

    def __init__(self, *args: Any, tenant: Tenant, only: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep(only)
        self.initial = {
            "country": tenant.country,
            "allowed": countries.words(tenant.allowed_countries) if tenant.allowed_countries else "",
        }

    def clean_allowed(self) -> list[str]:
        try:
            return countries.read(self.cleaned_data["allowed"])
        except countries.UnknownCountry as error:
            raise ValidationError(f"There is no country “{error}”. Write its English name or its code.") from None


class KindsForm(ShownValues, forms.Form):
    """The kinds of numbers that cost extra and may be called all the same."""

    kinds = forms.MultipleChoiceField(
        required=False,
        choices=list(COSTLY_KINDS.items()),
        label="Numbers that cost extra",
        widget=forms.CheckboxSelectMultiple,
        help_text="Calls to them are billed far above others. Fraud goes there.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": {"kinds": tenant.allowed_kinds}})


class TransientCallsForm(ShownValues, forms.ModelForm):
    """Whether a client may place calls with one-time assistants."""

    class Meta:
        model = Tenant
        fields = ("transient_calls",)
        labels = {"transient_calls": "It may place calls with one-time assistants"}
        help_texts = {
            "transient_calls": "Its people then decide all that such an assistant says. Its owner gives this right to "
            "members, on the team page."
        }


class RetentionForm(ShownValues, forms.ModelForm):
    class Meta:
        model = Tenant
        fields = ("retention_days",)
        labels = {"retention_days": "Days after closing"}
        help_texts = {"retention_days": "0: as soon as it is closed. Then it is removed for good."}


class StatusActionForm(forms.Form):
    """Why a client is suspended, closed or reopened, and whether its live calls are ended."""

    reason = forms.CharField(
        max_length=300,
        label="Why",
        error_messages={"required": "Write why; it stays in the audit trail."},
        help_text="Stays in the audit trail; the client’s people can read it.",
    )
    calls = forms.ChoiceField(
        choices=[("run", "Let them run"), ("end", "End them now")],
        initial="run",
        required=False,
        label="Live calls",
        widget=forms.RadioSelect,
    )


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail")
    name = NameField(reserved=names_of_staff, required=False, label="Name")
    role = forms.ChoiceField(initial=Role.OPERATOR, label="Role")

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class ClientFilter(forms.Form):
    q = search_fields.SearchField(required=False, label="Find a client")
    connection = forms.ModelChoiceField(
        Connection.objects.all(), required=False, label="Connection", empty_label="Every connection"
    )
    status = forms.ChoiceField(choices=[("", "Any status"), *Tenant.Status.choices], required=False, label="Status")


class InventoryFilter(forms.Form):
    q = search_fields.SearchField(
        required=False,
        label="Find a number, assistant or client",
        widget=forms.TextInput(attrs={"placeholder": "Number, name or client"}),
    )
    held = forms.ChoiceField(
        choices=[("", "Free and assigned"), ("free", "Free"), ("held", "Assigned"), ("gone", "Gone at VoiceDock")],
        required=False,
        label="Holder",
    )
    connection = forms.ModelChoiceField(
        Connection.objects.all(), required=False, label="Connection", empty_label="Every connection"
    )
