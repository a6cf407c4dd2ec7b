"""The filter "Client" of staff's lists: a page holds the chosen one alone, and fetches the others when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.urls import reverse_lazy

from tenants.isolation import scope
from tenants.models import Tenant

Choice = tuple[str, str]
EVERY = ("", "Every client")
LONGEST_SLUG = 50


class ClientField(forms.ChoiceField):
    """Takes the slug of any client of the open scope; `choose` has to be called before it is validated or shown.

    `more` are choices that are no client, such as "Unassigned".
    """

    def __init__(self, *, more: Sequence[Choice] = (), **kwargs: Any) -> None:
        super().__init__(choices=[EVERY, *more], required=False, label="Client", **kwargs)
        self.more = tuple(more)
        self.widget.attrs |= {
            "hx-get": reverse_lazy("client-choices"),
            "hx-trigger": "intersect once",
            "hx-swap": "beforeend",
        }

    @scope.requires_scope
    def choose(self, slug: str) -> None:
        """Offer the client of this slug; one query, and none while no client is chosen."""
        chosen: list[Choice] = []
        if slug and slug not in dict(self.more):
            chosen = list(Tenant.objects.filter(slug=slug[:LONGEST_SLUG]).values_list("slug", "name"))
        self.choices = [EVERY, *self.more, *chosen]
