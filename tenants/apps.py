"""Who owns what."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # What says what is missing, what watches every connection, and what listens at sign-in.
        from tenants.access import support_access  # noqa: F401
