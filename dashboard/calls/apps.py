"""Calls: placing, live control, updates, history."""

from typing import Any

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "dashboard.calls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out

        from dashboard.calls import contact_history, state_marks
        from dashboard.calls.updates import sync
        from dashboard.contact_rules import contact_history as rules_history
        from dashboard.sync import registry
        from dashboard.sync.models import Kind
        from tenants.accounts import sessions

        registry.register(Kind.LIVE_CALLS, sync.live, busy=sync.connections_with_live_calls, busy_every=sync.WHILE_LIVE)
        registry.register(Kind.CALLS, sync.finished)
        state_marks.register()
        rules_history.count_with(contact_history.attempts)
        user_logged_out.connect(_signed_out)
        sessions.ended.connect(_sessions_ended)


def _signed_out(request: Any, **_: Any) -> None:
    from dashboard.calls.control import steering

    steering.end_of_session(request.session.session_key if hasattr(request, "session") else None)


def _sessions_ended(user: Any, **_: Any) -> None:
    from dashboard.calls.control import steering

    steering.end_of_sessions(user)
