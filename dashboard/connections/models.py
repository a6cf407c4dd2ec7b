"""Changes requested at VoiceDock: new organizations, and all others."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Connection, Tenant, User


class OrganizationRequest(models.Model):
    """A request for an organization below another; stored before it is sent: its key is returned once (`§9.1`)."""

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
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [TenantRowPolicy(name="organization_request_rows", tenant=None)]

    def __str__(self) -> str:
        return f"{self.name} below {self.parent_id}, {self.outcome}"

    @property
    def place(self) -> str:
        """The context its key is encrypted for."""
        return f"organization-request:{self.pk}:api_key"


class VendorRequest(models.Model):
    """A change requested at VoiceDock: committed with its audit entry before the request is sent, settled afterwards.

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
    lost_action = models.CharField(max_length=60, help_text="The audit action that is written if it is never settled.")
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
        constraints = [TenantRowPolicy(name="vendor_request_rows")]
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(outcome="waiting"), name="vendor_requests_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.outcome}"
