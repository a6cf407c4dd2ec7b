"""URLs of browsers' reports about the content security policy."""

from django.urls import path

from dashboard.csp_reports import views

urlpatterns = [
    path("csp-report/", views.receive_report, name="browser-report"),
    path("staff/browser-reports/", views.list_reports, name="staff-browser-reports"),
]
