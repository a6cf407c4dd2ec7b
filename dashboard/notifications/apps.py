"""Mails that people of a client choose to get."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "dashboard.notifications"
    default_auto_field = "django.db.models.BigAutoField"
