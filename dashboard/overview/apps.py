"""The overviews, and the frame around every page."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "dashboard.overview"
    default_auto_field = "django.db.models.BigAutoField"
