"""Sync runs with their outcomes, the state of each kind of sync, and items that could not be read."""

from django.db import models
from django.utils import timezone

from tenants.isolation.row_security import SharedRowPolicy, TenantRowPolicy
from tenants.models import Connection


class Kind(models.TextChoices):
    """What a sync fetches."""

    ORGANIZATION = "organization", "Organization and credit"
    INVENTORY = "inventory", "Numbers and assistants"
    LIVE_CALLS = "live-calls", "Live calls"
    CALLS = "calls", "Finished calls"
    CAMPAIGNS = "campaigns", "Campaigns"
    LEADS = "leads", "Leads of campaigns"


class SyncRun(models.Model):
    """One sync of a kind through a connection, or several in a row that changed nothing."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        WAITED = "waited", "Waited for the rate limit"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="sync_runs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.RUNNING)
    run_count = models.PositiveIntegerField(
        default=1, help_text="Consecutive runs with the same outcome, counted together."
    )
    requests = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0, help_text="Items VoiceDock listed.")
    changed = models.PositiveIntegerField(default=0, help_text="Rows that were changed.")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["connection", "kind", "-started_at"], name="runs_newest_first"),
            models.Index(fields=["-started_at"], name="all_runs_newest_first"),
        ]
        constraints = [SharedRowPolicy(name="run_rows", used="connection_id IN (SELECT id FROM tenants_connection)")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection_id}, {self.outcome}"


class SyncState(models.Model):
    """Per connection and kind: how fresh our copy is, and when the next run is due."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="sync_states")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="A run holds the lease until then.")
    begun_at = models.DateTimeField(null=True, blank=True, help_text="When the last run began, whatever came of it.")
    fresh_at = models.DateTimeField(null=True, blank=True, help_text="When the last successful run began.")
    failures = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict, blank=True, help_text="Where the next run continues.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="one_state_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection_id}"


class UnreadableItem(models.Model):
    """An item of a list of VoiceDock that could not be copied. Holds its id and the reason, never its content."""

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
            TenantRowPolicy(name="unreadable_item_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id or 'without an id'}"
