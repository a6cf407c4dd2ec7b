"""Calls: placing, steering, hearing how they went."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "dashboard.calls"
    default_auto_field = "django.db.models.BigAutoField"
