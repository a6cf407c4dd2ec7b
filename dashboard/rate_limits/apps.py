"""Rate limits of VoiceDock: one budget of requests per connection, shared fairly."""

from django.apps import AppConfig


class RateLimitsConfig(AppConfig):
    name = "dashboard.rate_limits"
    default_auto_field = "django.db.models.BigAutoField"
