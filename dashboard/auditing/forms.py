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


class PeriodForm(forms.Form):
    """Without a choice it is today, and the first client by name that the auditor may read."""

    client = forms.ModelChoiceField(
        Tenant.objects.none(),
        label="Client",
        empty_label=None,
        error_messages={"invalid_choice": "Choose a client of this list."},
    )
    since = date_fields.DayField(label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = date_fields.DayField(label="Until", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, query: QueryDict) -> None:
        clients = Tenant.objects.order_by("name", "pk")
        super().__init__(self._with_defaults(query, clients.first()))
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]

    @staticmethod
    def _with_defaults(query: QueryDict, first: Tenant | None) -> dict[str, Any]:
        chosen = query.get("client") or (str(first.pk) if first else "")
        zone = time_zones.or_utc(first.timezone if first else "UTC")
        until = query.get("until") or str(timezone.now().astimezone(zone).date())
        return {"client": chosen, "since": query.get("since") or until, "until": until}

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or {}
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since > until:
            self.add_error("since", "The first day is after the last one.")
        elif since and until and (until - since).days >= LONGEST:
            self.add_error("since", f"Choose at most {LONGEST} days.")
        return chosen

    def period(self) -> Period | None:
        """None when there is no client to ask about, or a field has an error."""
        if not self.is_valid():
            return None
        return Period(self.cleaned_data["client"], self.cleaned_data["since"], self.cleaned_data["until"])
