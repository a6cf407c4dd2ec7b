"""Shared parts of the screens: template tags, forms, paging, phone numbers and times."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "dashboard.ui"
