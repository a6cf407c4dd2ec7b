"""The auditors' admin of clients, their dedications, people and the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from tenants.audit import checkpoints, verification
from tenants.audit.messages import SENTENCES, sentence
from tenants.auditor_admin.read_only_admin import (
    ClientFilter,
    ConnectionFilter,
    HolderFilter,
    HomeConnectionFilter,
    ReadOnlyModelAdmin,
    choice_filter,
    format_moment,
    person_link,
    row_link,
    subject_link,
    visible_connections,
)
from tenants.auditor_admin.site import site
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

__all__ = ["ClientFilter", "ConnectionFilter", "ReadOnlyModelAdmin", "choice_filter", "person_link", "row_link", "site"]
MOST_VERIFIED = 20_000  # entries: the chains of a page are verified when they have no more together


@admin.register(Tenant, site=site)
class TenantAdmin(ReadOnlyModelAdmin):
    list_display = ["name", "slug", "status", "home", "timezone", "created_at"]
    list_filter = ["status", HomeConnectionFilter, "created_at"]
    list_select_related = ["home_connection"]
    search_fields = ["name", "slug", "city"]
    exclude = ["brand_hue", "brand_chroma"]

    @admin.display(description="connection", ordering="home_connection__name")
    def home(self, tenant: Tenant) -> str:
        return row_link(tenant.home_connection)


@admin.register(Connection, site=site)
class ConnectionAdmin(ReadOnlyModelAdmin):
    list_display = ["name", "organization_name", "parent", "last_contact_at", "last_error", "minutes_balance"]
    list_select_related = ["parent"]
    list_filter = ["last_contact_at"]
    search_fields = ["name", "organization_name", "organization_id"]
    exclude = ["webhook_token"]

    def get_queryset(self, request: Any) -> QuerySet[Connection]:
        return super().get_queryset(request) & visible_connections(request)


class DedicationAdmin(ReadOnlyModelAdmin):
    """Which client had a number or an assistant, from when until when."""

    list_filter = [ClientFilter, ConnectionFilter, "made_at"]
    list_select_related = ["tenant", "connection"]
    date_hierarchy = "made_at"
    exclude = person_columns = ["made_by", "ended_by"]
    readonly_fields = ["dedicated_by", "released_by"]

    @admin.display(description="client", ordering="tenant__name")
    def client(self, dedication: Any) -> str:
        return row_link(dedication.tenant)

    @admin.display(description="from", ordering="period")
    def begins(self, dedication: Any) -> str:
        return format_moment(dedication.period.lower)

    @admin.display(description="until")
    def ends(self, dedication: Any) -> str:
        return format_moment(dedication.period.upper) if dedication.period.upper else "open"

    def dedicated_by(self, dedication: Any) -> str:
        return person_link(dedication, "made_by")

    def released_by(self, dedication: Any) -> str:
        return person_link(dedication, "ended_by")


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
    list_filter = [HolderFilter, ConnectionFilter, "is_active", "seen_at"]
    list_select_related = ["connection"]
    search_fields = ["e164", "name", "business_name"]


@admin.register(Assistant, site=site)
class AssistantAdmin(ReadOnlyModelAdmin):
    list_display = ["name", "connection", "provider", "family", "is_active", "seen_at", "vanished_at"]
    list_filter = [HolderFilter, ConnectionFilter, "family", "is_active", "seen_at"]
    list_select_related = ["connection"]
    search_fields = ["name", "business_name", "remote_id"]
    exclude = ["webhook_url"]  # its last part is the secret token of our webhook URL


@admin.register(Person, site=site)
class PersonAdmin(ReadOnlyModelAdmin):
    """The database view behind it has the staff, and the members of the clients that the auditor may read."""

    list_display = ["name", "email", "is_active", "last_login"]
    list_filter = ["is_active", "last_login"]
    search_fields = ["name", "email"]


@admin.register(Membership, site=site)
class MembershipAdmin(ReadOnlyModelAdmin):
    list_display = ["tenant", "person", "role", "sees_transcripts", "created_at"]
    list_filter = [ClientFilter, "role", "created_at"]
    list_select_related = ["tenant"]
    search_fields = ["tenant__name"]
    exclude = person_columns = ["user"]
    readonly_fields = ["person"]

    def person(self, membership: Membership) -> str:
        return person_link(membership, "user")


@admin.register(Visit, site=site)
class VisitAdmin(ReadOnlyModelAdmin):
    list_display = ["started_at", "tenant", "person", "ended_at"]
    list_filter = [ClientFilter, "started_at"]
    list_select_related = ["tenant"]
    search_fields = ["tenant__name"]
    date_hierarchy = "started_at"
    exclude = person_columns = ["user"]
    readonly_fields = ["person"]

    def person(self, visit: Visit) -> str:
        return person_link(visit, "user")


@admin.register(AuditEntry, site=site)
class AuditAdmin(ReadOnlyModelAdmin):
    list_display = ["at", "actor", "sentence", "tenant", "action", "about", "chain", "seq"]
    list_filter = [ClientFilter, "at", choice_filter("action", ((action, action) for action in SENTENCES))]
    list_select_related = ["tenant"]
    search_fields = ["actor", "action", "subject", "body"]
    date_hierarchy = "at"
    exclude = ["hash"]
    readonly_fields = ["sentence", "about", "hash_in_hex"]
    extra_export_columns = ["subject", "body", "hash_in_hex"]

    def sentence(self, entry: AuditEntry) -> str:
        return sentence(entry)

    def about(self, entry: AuditEntry) -> str:
        return subject_link(entry.subject)

    @admin.display(description="hash")
    def hash_in_hex(self, entry: AuditEntry) -> str:
        return bytes(entry.hash).hex()


@admin.register(AuditHead, site=site)
class ChainAdmin(ReadOnlyModelAdmin):
    """The audit chains, each verified against its entries and against the checkpoints."""

    list_display = ["chain", "seq", "state", "hash_in_hex"]
    search_fields = ["chain"]
    list_per_page = 25
    exclude = ["hash"]
    readonly_fields = ["state", "hash_in_hex"]

    def get_queryset(self, request: Any) -> QuerySet[AuditHead]:
        chains = super().get_queryset(request)
        if request.auditor.sees_all:
            return chains
        return chains.filter(chain__in=[f"tenant-{pk}" for pk in Tenant.objects.values_list("pk", flat=True)])

    def get_changelist_instance(self, request: Any) -> Any:
        """Verifies the chains of the page together, unless they are long; the page of one chain always verifies it."""
        changelist = super().get_changelist_instance(request)
        heads = list(changelist.result_list)
        short = sum(head.seq for head in heads) <= MOST_VERIFIED
        chains, signed = [head.chain for head in heads], checkpoints.load()
        broken = {row.chain: row for row in verification.verify(chains, signed)} if short else {}
        for head in heads:
            head.result = _result(broken.get(head.chain), head, signed) if short else "long: open it to verify it"
        changelist.result_list = heads
        return changelist

    def state(self, head: Any) -> str:
        if not hasattr(head, "result"):
            signed = checkpoints.load()
            head.result = _result(next(verification.verify([head.chain], signed), None), head, signed)
        return str(head.result)

    @admin.display(description="hash of the last entry")
    def hash_in_hex(self, head: AuditHead) -> str:
        return bytes(head.hash).hex()


def _result(broken: verification.Broken | None, head: AuditHead, signed: checkpoints.Checkpoints) -> str:
    """Whether the chain holds and up to which checkpoint; without one, a chain written anew would not be noticed."""
    if broken:
        return f"broken at entry {broken.seq}: {broken.reason}"
    last = max(signed.of(head.chain).items(), default=None)
    return f"holds, signed outside up to entry {last[0]} at {last[1][1]}" if last else "holds, not signed outside"
