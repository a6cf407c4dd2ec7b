"""Connections to VoiceDock."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "dashboard.connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard.connections import sync
        from dashboard.inventory.models import Kind
        from dashboard.sync import registry

        registry.register(Kind.ORGANIZATION, sync.organization)
