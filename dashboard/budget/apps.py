"""One budget of requests per connection, shared fairly."""

from django.apps import AppConfig


class BudgetConfig(AppConfig):
    name = "dashboard.budget"
    default_auto_field = "django.db.models.BigAutoField"
