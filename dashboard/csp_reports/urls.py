"""URLs of what browsers report about the content security policy."""

from django.urls import path

from dashboard.csp_reports import views

urlpatterns = [
    path("csp-report/", views.take, name="browser-report"),
    path("staff/browser-reports/", views.listing, name="staff-browser-reports"),
]
