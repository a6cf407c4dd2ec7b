"""What an auditor types: which client, and which days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from dashboard.auditing.periods import Period
from dashboard.ui import date_fields
from tenants import time_zones
from tenants.models import Tenant

LONGEST = 366  # days


class PeriodForm(date_fields.PeriodForm):
    """Without a choice it is today, and the first client by name that the auditor may read."""

    field_order = ("client", "since", "until")

    client = forms.ModelChoiceField(
        Tenant.objects.none(),
        label="Client",
        empty_label=None,
        error_messages={"invalid_choice": "Choose a client of this list."},
    )
    since = date_fields.DayField(label="From", widget=date_fields.day_input())
    until = date_fields.DayField(label="Until", widget=date_fields.day_input())

    def __init__(self, query: QueryDict) -> None:
        clients = Tenant.objects.order_by("name", "pk")
        named = query.get("client", "")
        chosen = clients.filter(pk=named).first() if named.isascii() and named.isdecimal() and len(named) < 19 else None
        super().__init__(self._with_defaults(query, chosen or clients.first()))
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]

    @staticmethod
    def _with_defaults(query: QueryDict, client: Tenant | None) -> dict[str, Any]:
        """Today is that of the client which is asked about."""
        chosen = query.get("client") or (str(client.pk) if client else "")
        zone = time_zones.or_utc(client.timezone if client else "UTC")
        until = query.get("until") or str(timezone.now().astimezone(zone).date())
        return {"client": chosen, "since": query.get("since") or until, "until": until}

    def clean(self) -> dict[str, Any]:
        chosen = super().clean()
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and (until - since).days >= LONGEST:
            self.add_error("since", f"Choose at most {LONGEST} days.")
        elif since and "client" in chosen and since > timezone.now().astimezone(chosen["client"].zone).date():
            self.add_error("since", "This day has not begun yet.")
        return chosen

    def period(self) -> Period | None:
        """None when there is no client to ask about, or a field has an error."""
        if not self.is_valid():
            return None
        return Period(self.cleaned_data["client"], self.cleaned_data["since"], self.cleaned_data["until"])
