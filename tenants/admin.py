"""What stands in the auditors' reading room about clients, what is dedicated to them, people and the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from tenants.audit import checkpoints, verification
from tenants.audit.messages import SENTENCES, sentence
from tenants.auditor_admin.read_only_admin import (
    ByClient,
    ByConnection,
    ByHolder,
    ByHome,
    ReadOnlyModelAdmin,
    at,
    connections_of,
    link_of,
    linked,
    one_of,
    person_of,
)
from tenants.auditor_admin.site import reader, site
from tenants.models import (
    Assistant,
    AssistantDedication,
    AuditEntry,
    AuditHead,
    Connection,
    Membership,
    Number,
    NumberDedication,
    Person,
    Tenant,
    Visit,
)

__all__ = ["ByClient", "ByConnection", "ReadOnlyModelAdmin", "at", "linked", "one_of", "person_of", "reader", "site"]
CHECKED_AT_ONCE = 20_000  # entries: a page of chains is verified when it has no more


@admin.register(Tenant, site=site)
class TenantAdmin(ReadOnlyModelAdmin):
    list_display = ["name", "slug", "status", "home", "timezone", "created_at"]
    list_filter = ["status", ByHome, "created_at"]
    list_select_related = ["home_connection"]
    search_fields = ["name", "slug", "city"]
    exclude = ["brand_hue", "brand_chroma"]

    @admin.display(description="connection", ordering="home_connection__name")
    def home(self, tenant: Tenant) -> str:
        return linked(tenant.home_connection)


@admin.register(Connection, site=site)
class ConnectionAdmin(ReadOnlyModelAdmin):
    list_display = ["name", "organization_name", "parent", "last_contact_at", "last_error", "minutes_balance"]
    list_select_related = ["parent"]
    list_filter = ["last_contact_at"]
    search_fields = ["name", "organization_name", "organization_id"]
    exclude = ["webhook_token"]

    def get_queryset(self, request: Any) -> QuerySet[Connection]:
        return super().get_queryset(request) & connections_of(request)


class DedicationAdmin(ReadOnlyModelAdmin):
    """Who had what, from when until when."""

    list_filter = [ByClient, ByConnection, "made_at"]
    list_select_related = ["tenant", "connection"]
    date_hierarchy = "made_at"
    exclude = people = ["made_by", "ended_by"]
    readonly_fields = ["dedicated_by", "released_by"]

    @admin.display(description="client", ordering="tenant__name")
    def client(self, dedication: Any) -> str:
        return linked(dedication.tenant)

    @admin.display(description="from", ordering="period")
    def begins(self, dedication: Any) -> str:
        return at(dedication.period.lower)

    @admin.display(description="until")
    def ends(self, dedication: Any) -> str:
        return at(dedication.period.upper) if dedication.period.upper else "open"

    def dedicated_by(self, dedication: Any) -> str:
        return person_of(dedication, "made_by")

    def released_by(self, dedication: Any) -> str:
        return person_of(dedication, "ended_by")


@admin.register(NumberDedication, site=site)
class NumberDedicationAdmin(DedicationAdmin):
    list_display = ["e164", "client", "connection", "begins", "ends"]
    search_fields = ["e164", "tenant__name"]


@admin.register(AssistantDedication, site=site)
class AssistantDedicationAdmin(DedicationAdmin):
    list_display = ["assistant", "client", "connection", "begins", "ends"]
    list_select_related = ["tenant", "connection", "assistant"]
    search_fields = ["assistant__name", "tenant__name"]


@admin.register(Number, site=site)
class NumberAdmin(ReadOnlyModelAdmin):
    list_display = ["e164", "name", "connection", "is_active", "seen_at", "vanished_at"]
    list_filter = [ByHolder, ByConnection, "is_active", "seen_at"]
    list_select_related = ["connection"]
    search_fields = ["e164", "name", "business_name"]


@admin.register(Assistant, site=site)
class AssistantAdmin(ReadOnlyModelAdmin):
    list_display = ["name", "connection", "provider", "family", "is_active", "seen_at", "vanished_at"]
    list_filter = [ByHolder, ByConnection, "family", "is_active", "seen_at"]
    list_select_related = ["connection"]
    search_fields = ["name", "business_name", "remote_id"]
    exclude = ["webhook_url"]  # its last part is the door's secret


@admin.register(Person, site=site)
class PersonAdmin(ReadOnlyModelAdmin):
    """The view behind it shows staff, and the people of the clients that one may read."""

    list_display = ["name", "email", "is_active", "last_login"]
    list_filter = ["is_active", "last_login"]
    search_fields = ["name", "email"]


@admin.register(Membership, site=site)
class MembershipAdmin(ReadOnlyModelAdmin):
    list_display = ["tenant", "person", "role", "sees_transcripts", "created_at"]
    list_filter = [ByClient, "role", "created_at"]
    list_select_related = ["tenant"]
    search_fields = ["tenant__name"]
    exclude = people = ["user"]
    readonly_fields = ["person"]

    def person(self, membership: Membership) -> str:
        return person_of(membership, "user")


@admin.register(Visit, site=site)
class VisitAdmin(ReadOnlyModelAdmin):
    list_display = ["started_at", "tenant", "person", "ended_at"]
    list_filter = [ByClient, "started_at"]
    list_select_related = ["tenant"]
    search_fields = ["tenant__name"]
    date_hierarchy = "started_at"
    exclude = people = ["user"]
    readonly_fields = ["person"]

    def person(self, visit: Visit) -> str:
        return person_of(visit, "user")


@admin.register(AuditEntry, site=site)
class AuditAdmin(ReadOnlyModelAdmin):
    list_display = ["at", "actor", "sentence", "tenant", "action", "about", "chain", "seq"]
    list_filter = [ByClient, "at", one_of("action", ((action, action) for action in SENTENCES))]
    list_select_related = ["tenant"]
    search_fields = ["actor", "action", "subject", "body"]
    date_hierarchy = "at"
    exclude = ["hash"]
    readonly_fields = ["sentence", "about", "hash_in_hex"]
    also_exported = ["subject", "body", "hash_in_hex"]

    def sentence(self, entry: AuditEntry) -> str:
        return sentence(entry)

    def about(self, entry: AuditEntry) -> str:
        return link_of(entry.subject)

    @admin.display(description="hash")
    def hash_in_hex(self, entry: AuditEntry) -> str:
        return bytes(entry.hash).hex()


@admin.register(AuditHead, site=site)
class ChainAdmin(ReadOnlyModelAdmin):
    """The chains, and whether each entry still follows from the one before it."""

    list_display = ["chain", "seq", "state", "hash_in_hex"]
    search_fields = ["chain"]
    list_per_page = 25
    exclude = ["hash"]
    readonly_fields = ["state", "hash_in_hex"]

    def get_queryset(self, request: Any) -> QuerySet[AuditHead]:
        found = super().get_queryset(request)
        if request.reader.sees_all:
            return found
        return found.filter(chain__in=[f"tenant-{pk}" for pk in Tenant.objects.values_list("pk", flat=True)])

    def get_changelist_instance(self, request: Any) -> Any:
        """Verifies the page in one walk, unless it is long; a row by itself is always verified."""
        page = super().get_changelist_instance(request)
        shown = list(page.result_list)
        short = sum(head.seq for head in shown) <= CHECKED_AT_ONCE
        chains, signed = [head.chain for head in shown], checkpoints.published()
        broken = {one.chain: one for one in verification.verify(chains, signed)} if short else {}
        for head in shown:
            head.told = _told(broken.get(head.chain), head, signed) if short else "long: open it to verify it"
        page.result_list = shown
        return page

    def state(self, head: Any) -> str:
        if not hasattr(head, "told"):
            signed = checkpoints.published()
            head.told = _told(next(iter(verification.verify([head.chain], signed)), None), head, signed)
        return str(head.told)

    @admin.display(description="hash of the last entry")
    def hash_in_hex(self, head: AuditHead) -> str:
        return bytes(head.hash).hex()


def _told(broken: verification.Broken | None, head: AuditHead, signed: checkpoints.Published) -> str:
    """What it was held against, too: without signed heads a chain written anew would not be noticed."""
    if broken:
        return f"broken at entry {broken.seq}: {broken.reason}"
    last = max(signed.of(head.chain).items(), default=None)
    return f"holds, signed outside up to entry {last[0]} at {last[1][1]}" if last else "holds, not signed outside"
