"""Campaigns and their leads."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "dashboard.campaigns"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard.calls import leads, placed_for
        from dashboard.campaigns import contact_history, state_marks, sync
        from dashboard.campaigns.call_leads import PROVIDER
        from dashboard.campaigns.drafts import trial_call
        from dashboard.contact_rules import contact_history as rules_history
        from dashboard.contact_rules import entries
        from dashboard.sync import registry
        from dashboard.sync.models import Kind

        leads.provide(PROVIDER)
        placed_for.find_with(trial_call.placed_for)
        state_marks.register()
        rules_history.count_with(contact_history.attempts)
        rules_history.find_campaigns_with(contact_history.campaigns)
        entries.notify_with(_numbers_added)
        registry.register(Kind.CAMPAIGNS, sync.campaigns)
        registry.register(Kind.LEADS, sync.due_leads)


def _numbers_added() -> None:
    from dashboard.campaigns.tasks import remove_forbidden

    remove_forbidden.delay_on_commit()  # type: ignore[attr-defined]
