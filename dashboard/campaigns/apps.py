"""Campaigns and their leads."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "dashboard.campaigns"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard.calls import leads
        from dashboard.campaigns import state_marks, sync
        from dashboard.campaigns.call_leads import PROVIDER
        from dashboard.sync import registry
        from dashboard.sync.models import Kind

        leads.provide(PROVIDER)
        state_marks.register()
        registry.register(Kind.CAMPAIGNS, sync.campaigns)
        registry.register(Kind.LEADS, sync.due_leads)
