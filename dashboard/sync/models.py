"""When we looked at VoiceDock, and what came of it."""

from django.db import models
from django.utils import timezone

from tenants.isolation.row_security import SharedRowPolicy, TenantRowPolicy
from tenants.models import Connection


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
    run_count = models.PositiveIntegerField(
        default=1, help_text="Looks in a row that came to the same, counted together."
    )
    requests = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0, help_text="Things VoiceDock listed.")
    changed = models.PositiveIntegerField(default=0, help_text="Rows that were not as we knew them.")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["connection", "kind", "-started_at"], name="runs_newest_first")]
        constraints = [SharedRowPolicy(name="run_rows", used="connection_id IN (SELECT id FROM tenants_connection)")]

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
    cursor = models.JSONField(default=dict, blank=True, help_text="Where the next look goes on.")

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
            TenantRowPolicy(name="unreadable_item_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id or 'without an id'}"
