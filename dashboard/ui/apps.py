"""The look."""

from django.apps import AppConfig


class LookConfig(AppConfig):
    name = "dashboard.ui"
