"""Overviews, and the frame around every page."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "dashboard.home"
    default_auto_field = "django.db.models.BigAutoField"
