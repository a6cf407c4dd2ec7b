"""Whether a person may be called."""

from django.apps import AppConfig


class ContactRulesConfig(AppConfig):
    name = "dashboard.contact_rules"
    default_auto_field = "django.db.models.BigAutoField"
