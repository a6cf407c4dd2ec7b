"""What VoiceDock holds for us: organizations, numbers, assistants, and when we last looked."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "dashboard.inventory"
    default_auto_field = "django.db.models.BigAutoField"
