"""Calls: placing, live control, updates, history."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "dashboard.calls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard.calls import state_marks
        from dashboard.calls.updates import sync
        from dashboard.sync import registry
        from dashboard.sync.models import Kind

        registry.register(Kind.LIVE_CALLS, sync.live, busy=sync.connections_with_live_calls, busy_every=sync.WHILE_LIVE)
        registry.register(Kind.CALLS, sync.finished)
        state_marks.register()
