"""From a changed row to a changed screen."""

from typing import Any

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "dashboard.live"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants.accounts import sessions

        sessions.ended.connect(_notice)


def _notice(user: Any, **_: Any) -> None:
    """Sessions of this person are no more: its open streams ask again at once."""
    from dashboard.live import changes
    from tenants.isolation import scope

    with scope.system("sessions were ended"):
        changes.note_access(person=user)
