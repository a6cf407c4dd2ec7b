"""Overviews, and the frame around every page."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class HomeConfig(AppConfig):
    name = "dashboard.home"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("admin")  # each room brings its own shelves to the reading room
