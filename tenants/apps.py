"""Who owns what."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Clients, people and the audit trail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Registers system checks and signal receivers.
        from tenants.access import support_access  # noqa: F401
