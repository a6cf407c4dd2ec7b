"""Which notifications were mailed to whom, so that none is mailed twice."""

from django.db import models
from django.db.models.functions import Now

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import MailKind, Tenant, User


class SentNotification(models.Model):
    """Holds no personal data: `subject` names a row and what became of it, or a day."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=MailKind.choices)
    subject = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user", "kind", "subject"], name="one_mail_per_notification"),
            TenantRowPolicy(name="sent_notification_rows"),
        ]
        indexes = [models.Index(fields=["at"], name="notifications_oldest_first")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
