"""Overviews, the doors between staff and clients, team, settings, activity; settings and addresses name the errors."""

from dashboard.home.error_views import bad_request, broken, csrf_failure, forbidden, not_found

__all__ = ["bad_request", "broken", "csrf_failure", "forbidden", "not_found"]
