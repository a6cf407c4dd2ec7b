"""From a changed row to a changed screen."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "dashboard.live"
    default_auto_field = "django.db.models.BigAutoField"
