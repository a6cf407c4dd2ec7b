"""When we looked at VoiceDock, and what came of it."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from tenants.isolation.row_security import Rows, UsedRows
from tenants.models import Connection, Tenant, User


class Kind(models.TextChoices):
    """What a sync brings."""

    ORGANIZATION = "organization", "Organization and credit"
    INVENTORY = "inventory", "Numbers and assistants"
    LIVE_CALLS = "live-calls", "Live calls"
    CALLS = "calls", "Finished calls"
    CAMPAIGNS = "campaigns", "Campaigns"
    LEADS = "leads", "Leads of campaigns"


class SyncRun(models.Model):
    """One look at VoiceDock through one connection, or several in a row that brought no news."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        WAITED = "waited", "Waited for its share"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="sync_runs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.RUNNING)
    looks = models.PositiveIntegerField(default=1, help_text="Looks in a row that came to the same, counted together.")
    requests = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0, help_text="Things VoiceDock listed.")
    changed = models.PositiveIntegerField(default=0, help_text="Rows that were not as we knew them.")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["connection", "kind", "-started_at"], name="runs_newest_first")]
        constraints = [UsedRows(name="run_rows", used="connection_id IN (SELECT id FROM tenants_connection)")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection_id}, {self.outcome}"


class SyncState(models.Model):
    """How old what we know is, per connection and kind, and when to look again."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="sync_states")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Somebody is looking until then.")
    fresh_at = models.DateTimeField(null=True, blank=True, help_text="When the last good look began.")
    failures = models.PositiveIntegerField(default=0)
    mark = models.JSONField(default=dict, blank=True, help_text="Where the next look goes on.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_state_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection_id}"


class UnreadableItem(models.Model):
    """An item of a list of VoiceDock that could not be taken over. Holds its id and the reason, never its content."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        NUMBER = "number", "Number"
        ASSISTANT = "assistant", "Assistant"
        CAMPAIGN = "campaign", "Campaign"
        LEAD = "lead", "Lead"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    remote_id = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "remote_id"], name="unreadable_item_once"),
            Rows(name="unreadable_item_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id or 'without an id'}"


class OrganizationRequest(models.Model):
    """An organization asked for below another; written before it is asked, since its key is told once (`§9.1`)."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "On its way"
        CREATED = "created", "Created"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "No answer"

    parent = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    for_client = models.ForeignKey(Tenant, models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    note = models.CharField(max_length=300, blank=True)
    organization_id = models.CharField(max_length=64, blank=True)
    sealed_api_key = models.TextField(blank=True, help_text="Only until the connection is made.")
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="+")
    put_aside_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [Rows(name="organization_request_rows", tenant=None)]

    def __str__(self) -> str:
        return f"{self.name} below {self.parent_id}, {self.outcome}"

    @property
    def place(self) -> str:
        """Where its key is sealed for."""
        return f"organization-request:{self.pk}:api_key"


class VendorRequest(models.Model):
    """A change asked of VoiceDock: committed with its audit entry before the request leaves, settled afterwards.

    Calls, commands and new organizations have rows of their own for the same purpose; this is for every other change.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", "On its way"
        ACCEPTED = "accepted", "Accepted by VoiceDock"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "No answer"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=80, help_text="As in the audit trail: campaign:12.")
    lost_action = models.CharField(max_length=60, help_text="The audit action that is written if nobody settles it.")
    details = models.JSONField(default=dict, help_text="Plain values for the sentence of that entry.")
    answered_action = models.CharField(
        max_length=60, blank=True, db_default="", help_text="Of the audit entry about the answer, until it is written."
    )
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [Rows(name="vendor_request_rows")]
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(outcome="waiting"), name="vendor_requests_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.outcome}"
