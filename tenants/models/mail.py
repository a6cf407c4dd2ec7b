"""The queue of outgoing mail."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tenants import secrets
from tenants.isolation.row_security import TenantRowPolicy

GIVE_UP_AFTER = timedelta(days=3)


class OutgoingMail(models.Model):
    """One message. Its text may have a link that signs a user in, so it is encrypted, and removed once it is sent."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        KEPT = "kept", "Kept in the demo"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipients = ArrayField(models.CharField(max_length=254))
    subject = models.CharField(max_length=300)
    sealed_text = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now(), help_text="When it is tried next.")
    give_up_at = models.DateTimeField(db_default=Now() + GIVE_UP_AFTER)
    attempts = models.PositiveIntegerField(default=0)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="mail_by_state"),
            models.Index(fields=["-created_at", "-id"], name="mail_newest_first"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "failed", "kept"]), name="outgoing_mail_state"
            ),
            TenantRowPolicy(name="outgoing_mail_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"

    @property
    def to(self) -> str:
        return ", ".join(self.recipients)

    @property
    def text(self) -> str:
        """The decrypted text; empty once the message is sent."""
        return secrets.decrypt(self.sealed_text, self._place)

    @text.setter
    def text(self, text: str) -> None:
        self.sealed_text = secrets.encrypt(text, self._place)

    @property
    def _place(self) -> str:
        return f"mail:{self.pk}"
