"""Connections to VoiceDock, their secrets, and copies of their numbers and assistants."""

import secrets as random

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants import secrets
from tenants.isolation.row_security import SharedRowPolicy, TenantRowPolicy

DEDICATED = (
    "EXISTS (SELECT 1 FROM tenants_{kind}dedication d "
    "WHERE d.{kind}_id = tenants_{kind}.id)"  # the policy of dedications limits this to the open scope
)
DEDICATED_NOW = (
    "EXISTS (SELECT 1 FROM tenants_assistantdedication d "
    "WHERE d.assistant_id = tenants_assistantconfiguration.assistant_id "
    "AND d.withdrawn_at IS NULL AND d.period @> statement_timestamp())"
)
USED = (  # by a client in the open scope: as its home connection, or by a dedication
    "id IN (SELECT home_connection_id FROM tenants_tenant UNION SELECT connection_id FROM tenants_numberdedication "
    "UNION SELECT connection_id FROM tenants_assistantdedication)"
)


def _token() -> str:
    return random.token_urlsafe(24)


class Connection(models.Model):
    """One VoiceDock organization and its API key (`voicedock-api.md §9.1`)."""

    name = models.CharField(max_length=120)
    organization_id = models.CharField(max_length=64, unique=True)
    organization_name = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    webhook_token = models.CharField(max_length=64, unique=True, default=_token, editable=False)
    requests_per_minute = models.PositiveSmallIntegerField(default=100, help_text="What VoiceDock allows this key.")
    minutes_balance = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    last_contact_at = models.DateTimeField(null=True, blank=True, help_text="When VoiceDock last answered this key.")
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    resting_until = models.DateTimeField(null=True, blank=True, help_text="Background work waits until then.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [SharedRowPolicy(name="connection_rows", used=USED)]

    def __str__(self) -> str:
        return self.name

    @property
    def is_resting(self) -> bool:
        """Whether VoiceDock asked to wait and that time is not over."""
        return self.resting_until is not None and self.resting_until > timezone.now()


class ConnectionSecret(models.Model):
    """The encrypted API key and webhook secrets of a connection, in a table that auditors cannot read."""

    connection = models.OneToOneField(Connection, models.CASCADE, primary_key=True, related_name="secret")
    sealed_api_key = models.TextField(blank=True)
    key_ending = models.CharField(max_length=4, blank=True)
    sealed_webhook_secret = models.TextField(blank=True)
    sealed_webhook_secret_before = models.TextField(blank=True, help_text="Still accepted while it is being changed.")
    rotated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [TenantRowPolicy(name="secret_rows", tenant=None)]

    def __str__(self) -> str:
        return f"secrets of connection {self.connection_id}"

    @property
    def api_key(self) -> str:
        return secrets.decrypt(self.sealed_api_key, f"connection:{self.connection_id}:api_key")

    @api_key.setter
    def api_key(self, key: str) -> None:
        self.sealed_api_key = secrets.encrypt(key, f"connection:{self.connection_id}:api_key")
        self.key_ending = key[-4:]

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets that a webhook may be signed with, the current one first."""
        place = f"connection:{self.connection_id}:webhook"
        sealed = [self.sealed_webhook_secret, self.sealed_webhook_secret_before]
        return [secrets.decrypt(secret, place) for secret in sealed if secret]

    def new_webhook_secret(self) -> str:
        """Make a new secret; the one before it stays valid until it is retired."""
        secret = random.token_urlsafe(32)
        self.sealed_webhook_secret_before = self.sealed_webhook_secret
        self.sealed_webhook_secret = secrets.encrypt(secret, f"connection:{self.connection_id}:webhook")
        self.rotated_at = timezone.now()
        return secret


class RemoteCopy(models.Model):
    """A copy of an object at VoiceDock, kept by sync; when it vanishes there, it is marked and not deleted."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="%(class)ss")
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    business_name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    seen_at = models.DateTimeField(default=timezone.now)
    vanished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Number(RemoteCopy):
    """A phone number of a VoiceDock organization (`voicedock-api.md §7`)."""

    e164 = models.CharField(max_length=16)
    remote_assistant_id = models.CharField(max_length=64, blank=True, help_text="Answers calls to this number.")
    has_trunk = models.BooleanField(default=False)

    class Meta:
        ordering = ["e164"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="one_copy_per_number"),
            models.UniqueConstraint(fields=["connection", "id", "e164"], name="number_key"),
            models.CheckConstraint(condition=Q(e164__regex=r"^\+[1-9][0-9]{5,14}$"), name="number_is_e164"),
            TenantRowPolicy(name="number_rows", tenant=None, also=DEDICATED.format(kind="number")),
        ]

    def __str__(self) -> str:
        return self.e164


class Assistant(RemoteCopy):
    """An assistant of a VoiceDock organization (`voicedock-api.md §8`), without the secrets of its configuration."""

    provider = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    family = models.CharField(max_length=20, default="unknown", help_text="How it hears commands (§4.2).")
    first_message = models.TextField(blank=True)
    webhook_url = models.CharField(max_length=300, blank=True)
    hooked_at = models.DateTimeField(null=True, blank=True, help_text="When its webhook address was last set.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="one_copy_per_assistant"),
            models.UniqueConstraint(fields=["connection", "id"], name="assistant_key"),
            TenantRowPolicy(name="assistant_rows", tenant=None, also=DEDICATED.format(kind="assistant")),
        ]

    def __str__(self) -> str:
        return self.name or self.remote_id


class AssistantConfiguration(models.Model):
    """What a call can change of an assistant, as VoiceDock has it (`voicedock-api.md §5.5, §8`).

    A client reads that of an assistant only while it is dedicated to it; auditors do not.
    """

    assistant = models.OneToOneField(Assistant, models.CASCADE, primary_key=True, related_name="configuration")
    blocks = models.JSONField(default=dict, help_text="By VoiceDock's names; each is whole.")
    withheld = models.JSONField(default=list, help_text="Blocks that were not kept, since they hold a secret.")
    read_at = models.DateTimeField(default=timezone.now, help_text="When VoiceDock last listed it.")

    class Meta:
        constraints = [TenantRowPolicy(name="assistant_configuration_rows", tenant=None, also=DEDICATED_NOW)]

    def __str__(self) -> str:
        return f"configuration of assistant {self.assistant_id}"
