"""What VoiceDock holds for us: numbers and assistants."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "dashboard.inventory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard.inventory import sync
        from dashboard.sync import registry
        from dashboard.sync.models import Kind

        registry.register(Kind.INVENTORY, sync.inventory)
