"""Staff’s pages of clients."""

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "dashboard.clients"
    default_auto_field = "django.db.models.BigAutoField"
