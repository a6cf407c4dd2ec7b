"""Connections to VoiceDock."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "dashboard.connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard.connections import sync
        from dashboard.sync import registry
        from dashboard.sync.models import Kind

        registry.register(Kind.ORGANIZATION, sync.organization)
