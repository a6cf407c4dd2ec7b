"""What browsers report about the content security policy."""

from django.apps import AppConfig


class CspReportsConfig(AppConfig):
    name = "dashboard.csp_reports"
    default_auto_field = "django.db.models.BigAutoField"
