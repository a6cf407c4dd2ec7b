"""The overviews, and the layout of every page."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class OverviewConfig(AppConfig):
    name = "dashboard.overview"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("admin")  # each app registers its models in the auditors' admin
