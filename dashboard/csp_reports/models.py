"""What browsers report: parts of our pages that the content security policy kept from running or loading."""

from django.db import models
from django.db.models.functions import Now

from tenants.isolation.row_security import TenantRowPolicy


class BrowserReport(models.Model):
    """One kind of violation, counted. Whole addresses are not kept: they may hold secrets and ids."""

    directive = models.CharField(max_length=60)
    blocked = models.CharField(max_length=200, help_text="The origin that was blocked, or a word such as inline.")
    page = models.CharField(max_length=200, help_text="The pattern of the page's address.")
    count = models.PositiveBigIntegerField(default=1)
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["directive", "blocked", "page"], name="one_row_per_violation"),
            TenantRowPolicy(name="browser_report_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"{self.directive}: {self.blocked} on {self.page}"
