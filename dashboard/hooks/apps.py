"""VoiceDock's door: verify, keep, apply."""

from django.apps import AppConfig


class HooksConfig(AppConfig):
    name = "dashboard.hooks"
    default_auto_field = "django.db.models.BigAutoField"
