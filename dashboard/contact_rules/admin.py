"""The do-not-call lists in the auditors' console."""

from __future__ import annotations

from django.contrib import admin

from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.ui import phone_numbers
from tenants.admin import ClientFilter, ReadOnlyModelAdmin, choice_filter, person_link, site
from tenants.auditor_admin.read_only_admin import column


@admin.register(DoNotCallEntry, site=site)
class DoNotCallEntryAdmin(ReadOnlyModelAdmin):
    """Without a client: the list of the reseller, which holds for every client."""

    records = "Do-not-call lists"
    list_display = [
        column("number", "Number", phone_numbers.grouped),
        column("tenant", "Client"),
        column("source", "From"),
        column("added_at", "Since"),
        "added_by_name",
    ]
    page = [*list_display, column("note", "Why", lambda note: note or "—")]
    list_filter = [ClientFilter, choice_filter("source", DoNotCallEntry.Source.choices, "from")]
    list_select_related = ["tenant"]
    search_fields = ["number"]
    person_columns = ["added_by"]

    @admin.display(description="Added by")
    def added_by_name(self, entry: DoNotCallEntry) -> str:
        return person_link(entry, "added_by")
