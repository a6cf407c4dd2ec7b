"""The auditors' admin of clients, their dedications, people and the audit trail."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html

from tenants.audit import checkpoints, verification
from tenants.audit.messages import SENTENCES, sentence
from tenants.auditor_admin.bounded_lists import month_filter
from tenants.auditor_admin.read_only_admin import (
    ClientFilter,
    ConnectionFilter,
    HolderFilter,
    HomeConnectionFilter,
    ReadOnlyModelAdmin,
    choice_filter,
    column,
    format_facts,
    format_moment,
    in_words,
    link_by_key,
    person_link,
    person_name,
    row_link,
    subject_link,
    visible_connections,
)
from tenants.auditor_admin.site import Subject, site
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


def _action(action: str) -> str:
    """`call.transcript-read` → `Call: transcript read`."""
    kind, _, what = action.partition(".")
    return f"{'Client' if kind == 'tenant' else in_words(kind)}: {what.replace('-', ' ')}"


def _chain(chain: str) -> str:
    """`tenant-13` → `Client 13`; the reseller's own has a word for its name."""
    return in_words(chain.replace("tenant-", "client-"))


MOST_VERIFIED = 20_000  # entries: the chains of a page are verified when they have no more together


@admin.register(Tenant, site=site)
class TenantAdmin(ReadOnlyModelAdmin):
    records = "Clients"
    subject = Subject.ACCESS
    list_display = [
        column("name", "Client"),
        column("status", "Account status"),
        column("home_connection", "Connection"),
        column("timezone", "Time zone"),
        column("created_at", "Client since"),
    ]
    page = [
        *list_display,
        column("city", "Town"),
        column("slug", "Name in addresses"),
        column("max_concurrent_calls", "Calls at once"),
        column("max_calls_per_day", "Calls a day"),
        column("transient_calls", "One-time assistants allowed"),
        column("default_number", "Usual number"),
        column("default_assistant", "Usual assistant"),
        column("requires_second_step", "Two-factor authentication required"),
        column("retention_days", "Days that personal data is kept after closing"),
        column("closed_at", "Closed"),
        column("data_removed_at", "Personal data removed"),
    ]
    list_filter = ["status", HomeConnectionFilter, "created_at"]
    list_select_related = ["home_connection"]
    search_fields = ["name", "slug", "city"]


@admin.register(Connection, site=site)
class ConnectionAdmin(ReadOnlyModelAdmin):
    records = "Connections"
    list_display = [
        column("name", "Connection"),
        column("organization_name", "Organization at VoiceDock"),
        column("parent", "Below"),
        column("last_contact_at", "Last answer"),
        column("last_error", "Last error"),
        column("minutes_balance", "Minutes left"),
    ]
    page = [
        *list_display,
        column("last_error_at", "When that error was"),
        column("requests_per_minute", "Requests a minute"),
        column("organization_id", "VoiceDock’s id"),
        column("created_at", "Connected"),
    ]
    list_select_related = ["parent"]
    list_filter = ["last_contact_at"]
    search_fields = ["name", "organization_name", "organization_id"]

    def get_queryset(self, request: Any) -> QuerySet[Connection]:
        return super().get_queryset(request) & visible_connections(request)


class DedicationAdmin(ReadOnlyModelAdmin):
    """Which client had a number or an assistant, from when until when."""

    list_filter = [ClientFilter, ConnectionFilter, "made_at", month_filter("made_at")]
    person_columns = ["made_by", "ended_by"]

    @admin.display(description="From", ordering="period")
    def begins(self, dedication: Any) -> str:
        return format_moment(dedication.period.lower)

    @admin.display(description="Until")
    def ends(self, dedication: Any) -> str:
        return format_moment(dedication.period.upper) if dedication.period.upper else "still"

    @admin.display(description="Assigned by")
    def dedicated_by(self, dedication: Any) -> str:
        return person_link(dedication, "made_by")

    @admin.display(description="Released by")
    def released_by(self, dedication: Any) -> str:
        return person_link(dedication, "ended_by")


PERIOD: list[Any] = [column("tenant", "Client"), column("connection", "Connection"), "begins", "ends"]
MADE: list[Any] = ["dedicated_by", "released_by", column("withdrawn_at", "Withdrawn before it began")]


@admin.register(NumberDedication, site=site)
class NumberDedicationAdmin(DedicationAdmin):
    records = "Numbers of clients"
    subject = Subject.DEDICATIONS
    list_display = [column("e164", "Number"), *PERIOD]
    page = [column("number", "Number"), *PERIOD, *MADE]
    list_select_related = ["tenant", "connection", "number"]
    search_fields = ["e164", "tenant__name"]


@admin.register(AssistantDedication, site=site)
class AssistantDedicationAdmin(DedicationAdmin):
    records = "Assistants of clients"
    subject = Subject.DEDICATIONS
    list_display = [column("assistant", "Assistant", str), *PERIOD]
    page = [column("assistant", "Assistant"), *PERIOD, *MADE]
    list_select_related = ["tenant", "connection", "assistant"]
    search_fields = ["assistant__name", "tenant__name"]


@admin.register(Number, site=site)
class NumberAdmin(ReadOnlyModelAdmin):
    records = "Numbers"
    subject = Subject.DEDICATIONS
    list_display = [
        column("e164", "Number"),
        column("name", "Name"),
        column("connection", "Connection"),
        column("is_active", "Active at VoiceDock"),
        column("seen_at", "Last listed"),
        column("vanished_at", "Gone since"),
    ]
    page = [*list_display, column("business_name", "Business name"), column("remote_id", "VoiceDock’s id")]
    list_filter = [HolderFilter, ConnectionFilter, "is_active", "seen_at"]
    list_select_related = ["connection"]
    search_fields = ["e164", "name", "business_name"]


@admin.register(Assistant, site=site)
class AssistantAdmin(ReadOnlyModelAdmin):
    """Without `webhook_url`, whose last part is the secret token of our webhook URL."""

    records = "Assistants"
    subject = Subject.DEDICATIONS
    list_display = [
        column("name", "Assistant"),
        column("connection", "Connection"),
        column("provider", "Provider", in_words),
        column("family", "Kind of model", in_words),
        column("is_active", "Active at VoiceDock"),
        column("seen_at", "Last listed"),
        column("vanished_at", "Gone since"),
    ]
    page = [
        *list_display,
        column("business_name", "Business name"),
        column("model", "Model"),
        column("first_message", "First message"),
        column("hooked_at", "Webhooks set up"),
        column("remote_id", "VoiceDock’s id"),
    ]
    list_filter = [HolderFilter, ConnectionFilter, "family", "is_active", "seen_at"]
    list_select_related = ["connection"]
    search_fields = ["name", "business_name", "remote_id"]


@admin.register(Person, site=site)
class PersonAdmin(ReadOnlyModelAdmin):
    """The database view behind it has the staff, and the members of the clients that the auditor may read."""

    records = "People"
    subject = Subject.ACCESS
    list_display = [
        column("name", "Person"),
        column("email", "E-mail address"),
        column("is_active", "May sign in"),
        column("last_login", "Last signed in"),
    ]
    list_filter = ["is_active", "last_login"]
    search_fields = ["name", "email"]


@admin.register(Membership, site=site)
class MembershipAdmin(ReadOnlyModelAdmin):
    records = "Team members"
    subject = Subject.ACCESS
    is_main = True
    list_display = [
        "person",
        column("tenant", "Client"),
        column("role", "Role"),
        column("sees_transcripts", "Reads transcripts as a viewer"),
        column("places_transient_calls", "May use one-time assistants"),
        column("created_at", "Since"),
    ]
    list_filter = [ClientFilter, "role", "created_at"]
    list_select_related = ["tenant"]
    search_fields = ["tenant__name"]
    person_columns = ["user"]

    @admin.display(description="Person")
    def person(self, membership: Membership) -> str:
        return person_name(membership, "user")


@admin.register(Visit, site=site)
class VisitAdmin(ReadOnlyModelAdmin):
    records = "Visits of staff"
    subject = Subject.ACCESS
    is_main = True
    list_display = [
        column("started_at", "From"),
        column("ended_at", "Until"),
        "person",
        column("tenant", "Client"),
        column("reason", "Reason given"),
    ]
    list_filter = [ClientFilter, "started_at", month_filter("started_at")]
    list_select_related = ["tenant"]
    search_fields = ["tenant__name"]
    person_columns = ["user"]

    @admin.display(description="Person")
    def person(self, visit: Visit) -> str:
        return person_link(visit, "user")


@admin.register(AuditEntry, site=site)
class AuditAdmin(ReadOnlyModelAdmin):
    records = "Audit trail"
    is_main = True
    list_display = [
        column("at", "Time"),
        column("actor", "Person"),
        "sentence",
        column("tenant", "Client"),
        "about",
        column("seq", "Entry"),
    ]
    page = [
        *list_display,
        column("action", "Action"),
        "details",
        column("chain", "Chain", _chain),
        "hash_in_hex",
        "exact",
    ]
    list_filter = [
        ClientFilter,
        "at",
        month_filter("at"),
        choice_filter("action", ((action, _action(action)) for action in SENTENCES)),
    ]
    list_select_related = ["tenant"]
    search_fields = ["actor", "action", "subject", "body"]
    extra_export_columns = ["action", "chain", "subject", "body", "hash_in_hex"]

    @admin.display(description="What")
    def sentence(self, entry: AuditEntry) -> str:
        return sentence(entry)

    @admin.display(description="About")
    def about(self, entry: AuditEntry) -> str:
        return subject_link(entry.subject)  # the sentence beside it names the row

    @admin.display(description="Details")
    def details(self, entry: AuditEntry) -> str:
        return format_facts(json.loads(entry.body)["details"])

    @admin.display(description="Hash")
    def hash_in_hex(self, entry: AuditEntry) -> str:
        return bytes(entry.hash).hex()

    @admin.display(description="Exactly as it was hashed")
    def exact(self, entry: AuditEntry) -> str:
        return format_html("<details><summary>Show</summary><code>{}</code></details>", entry.body)


@admin.register(AuditHead, site=site)
class ChainAdmin(ReadOnlyModelAdmin):
    """The audit chains, each verified against its entries and against the checkpoints."""

    records = "Chains of the trail"
    list_display = [column("chain", "Chain", _chain), "client", column("seq", "Entries"), "state", "hash_in_hex"]
    search_fields = ["chain"]
    list_per_page = 25

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

    @admin.display(description="Client")
    def client(self, head: Any) -> str:
        """Of a client; the reseller's own chain has none."""
        key = str(head.chain).removeprefix("tenant-")
        names = self._names()
        return link_by_key(Tenant, key, names[int(key)]) if key.isdecimal() and int(key) in names else "The reseller"

    def _names(self) -> dict[int, str]:
        return dict(Tenant.objects.values_list("pk", "name"))

    @admin.display(description="Verified")
    def state(self, head: Any) -> str:
        if not hasattr(head, "result"):
            signed = checkpoints.load()
            head.result = _result(next(verification.verify([head.chain], signed), None), head, signed)
        return str(head.result)

    @admin.display(description="Hash of the last entry")
    def hash_in_hex(self, head: AuditHead) -> str:
        return bytes(head.hash).hex()


def _result(broken: verification.Broken | None, head: AuditHead, signed: checkpoints.Checkpoints) -> str:
    """Whether the chain holds and up to which checkpoint; without one, a chain written anew would not be noticed."""
    if broken:
        return f"broken at entry {broken.seq}: {broken.reason}"
    last = max(signed.of(head.chain).items(), default=None)
    if last is None:
        return "holds, not signed outside"
    entry, (_, signed_at) = last
    when = format_moment(verification.signed_moment(signed_at), seconds=False)
    return f"holds, signed outside up to entry {entry} at {when}"
