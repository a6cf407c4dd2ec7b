"""From a changed row to a changed screen."""

from typing import Any

from django.apps import AppConfig


class LiveUpdatesConfig(AppConfig):
    name = "dashboard.live_updates"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants.accounts import sessions

        sessions.ended.connect(_sessions_ended)


def _sessions_ended(user: Any, **_: Any) -> None:
    """The open streams of this user are checked again at once."""
    from dashboard.live_updates import publish
    from tenants.isolation import scope

    with scope.for_system("sessions were ended"):
        publish.access_changed(person=user)
