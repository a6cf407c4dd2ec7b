"""The do-not-call lists, and what clients' calls are held to, in the auditors' console."""

from __future__ import annotations

from django.contrib import admin

from dashboard.contact_rules import contact_settings, country_presets
from dashboard.contact_rules.models import ContactSettings, CountryPreset, DoNotCallEntry
from dashboard.ui import phone_numbers
from tenants.admin import ClientFilter, ReadOnlyModelAdmin, choice_filter, person_link, site
from tenants.auditor_admin.read_only_admin import column
from tenants.auditor_admin.site import Subject


@admin.register(DoNotCallEntry, site=site)
class DoNotCallEntryAdmin(ReadOnlyModelAdmin):
    """Without a client: the list of the reseller, which holds for every client and has hashes alone."""

    records = "Do-not-call lists"
    subject = Subject.RULES
    list_display = [
        column("number", "Number", lambda number: phone_numbers.grouped(number) if number else "Kept as a hash"),
        column("tenant", "Client"),
        column("source", "From"),
        column("added_at", "Since"),
        "added_by_name",
    ]
    page = [
        *list_display,
        column("digest", "Hash", lambda digest: digest or "—"),
        column("note", "Why", lambda note: note or "—"),
    ]
    list_filter = [ClientFilter, choice_filter("source", DoNotCallEntry.Source.choices, "from")]
    list_select_related = ["tenant"]
    search_fields = ["number"]
    person_columns = ["added_by"]

    @admin.display(description="Added by")
    def added_by_name(self, entry: DoNotCallEntry) -> str:
        return person_link(entry, "added_by")


@admin.register(CountryPreset, site=site)
class CountryPresetAdmin(ReadOnlyModelAdmin):
    """Those that staff have put in the place of Patchbay's own, for all clients."""

    records = "Hours of countries"
    subject = Subject.RULES
    list_display = [
        column("country", "Country", phone_numbers.country),
        "hours",
        column("source", "Written in"),
        column("read_on", "Read on"),
        column("changed_at", "Changed at"),
    ]
    page = [*list_display, "changed_by_name"]
    search_fields = ["country", "source"]
    person_columns = ["changed_by"]

    @admin.display(description="Calling hours")
    def hours(self, preset: CountryPreset) -> str:
        return country_presets.words(country_presets.of_row(preset))

    @admin.display(description="Changed by")
    def changed_by_name(self, preset: CountryPreset) -> str:
        return person_link(preset, "changed_by")


def _yes(value: object) -> str:
    return "yes" if value else "no"


@admin.register(ContactSettings, site=site)
class ContactSettingsAdmin(ReadOnlyModelAdmin):
    """Of clients whose settings staff have changed; the others have the defaults."""

    records = "Contact rules"
    subject = Subject.RULES
    list_display = [
        column("tenant", "Client", str),
        "own_hours",
        column("calls_keep_hours", "Calls keep hours", _yes),
        column("campaigns_keep_hours", "Campaigns keep hours", _yes),
        column("needs_consent", "Needs consent", _yes),
    ]
    page = [
        column("tenant", "Client"),
        *list_display[1:],
        column("uses_country_hours", "Hours of countries", _yes),
        column("calls_keep_attempts", "Calls keep attempts", _yes),
        column("campaigns_keep_attempts", "Campaigns keep attempts", _yes),
        column("most_attempts", "Attempts"),
        column("attempt_days", "In days"),
        column("gap_days", "Days between campaigns"),
        column("most_failed", "Campaigns pause at failures (%)"),
        column("failed_of_last", "Of the last calls"),
        column("low_credit", "Campaigns pause below minutes"),
    ]
    list_filter = [ClientFilter]
    list_select_related = ["tenant"]

    @admin.display(description="Calling hours")
    def own_hours(self, settings: ContactSettings) -> str:
        return contact_settings.own_hours(settings).words()
