"""Synchronization with VoiceDock."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "dashboard.sync"
    default_auto_field = "django.db.models.BigAutoField"
