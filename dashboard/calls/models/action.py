"""Actions of a client: commands into a live call that are written beforehand, one key away in the live panel."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Tenant

LONGEST_NAME = 40


class Action(models.Model):
    """A command with its text; `{{code}}` in it is filled in when it is sent (`control.action_text`)."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="actions")
    key = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(9)])
    name = models.CharField(max_length=LONGEST_NAME)
    command = models.CharField(max_length=20)
    text = models.CharField(max_length=1000, blank=True, help_text="What is sent, said, or announced.")
    fields = models.CharField(
        max_length=200, blank=True, help_text="Names of what is asked for, with ? where it may stay empty."
    )
    trigger_response = models.BooleanField(default=False, help_text="Of context: the assistant answers at once.")
    end_after = models.BooleanField(default=False, help_text="Of say: the call ends afterwards.")
    families = ArrayField(
        models.CharField(max_length=20), blank=True, default=list, help_text="Of models; empty for every family."
    )

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="action_key_once"),
            models.CheckConstraint(condition=Q(key__gte=1) & Q(key__lte=9), name="action_key_is_a_digit"),
            TenantRowPolicy(name="action_rows"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_for(self, family: str) -> bool:
        return not self.families or family in self.families
