"""Campaigns and their leads."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "dashboard.campaigns"
    default_auto_field = "django.db.models.BigAutoField"
