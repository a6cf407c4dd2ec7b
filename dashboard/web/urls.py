"""URLs of health checks, security.txt and robots.txt."""

from django.urls import path

from dashboard.web import health_views

urlpatterns = [
    path("healthz", health_views.healthz, name="healthz"),
    path("readyz", health_views.readyz, name="readyz"),
    path(".well-known/security.txt", health_views.security_txt, name="security-txt"),
    path("robots.txt", health_views.robots, name="robots"),
]
