"""Addresses of this room."""

from django.urls import path

from dashboard.home.views import (
    activity,
    browser_reports,
    help_sheet,
    invitation,
    mail,
    overview,
    settings,
    staff,
    support,
    team,
    visits,
)
from dashboard.web import health_views

urlpatterns = [
    path("", overview.home, name="home"),
    path("c/<slug:slug>/", overview.client, name="client-home"),
    path("c/<slug:slug>/status/", overview.client_status, name="client-status"),
    path("enter/<slug:slug>/", visits.enter, name="enter"),
    path("leave/", visits.leave, name="leave"),
    path("invitation/<str:token>/", invitation.page, name="invitation"),
    path("c/<slug:slug>/team/", team.page, name="team"),
    path("c/<slug:slug>/team/invite/", team.invite, name="team-invite"),
    path("c/<slug:slug>/team/<int:pk>/role/", team.change_role, name="team-role"),
    path("c/<slug:slug>/team/<int:pk>/remove/", team.remove, name="team-remove"),
    path("c/<slug:slug>/team/invitations/<int:pk>/withdraw/", team.withdraw, name="team-withdraw"),
    path("c/<slug:slug>/team/support/", support.give, name="support-pass"),
    path("c/<slug:slug>/team/support/withdraw/", support.withdraw, name="support-pass-withdraw"),
    path("staff/", staff.listing, name="staff-people"),
    path("staff/invite/", staff.invite, name="staff-invite"),
    path("staff/<int:pk>/", staff.page, name="staff-person"),
    path("staff/<int:pk>/change/", staff.change, name="staff-change"),
    path("staff/<int:pk>/remove/", staff.remove, name="staff-remove"),
    path("staff/<int:pk>/clients/", staff.let_in, name="staff-let-in"),
    path("staff/<int:pk>/clients/<slug:slug>/end/", staff.keep_out, name="staff-keep-out"),
    path("mail/", mail.page, name="staff-mail"),
    path("mail/<uuid:pk>/retry/", mail.retry, name="staff-mail-retry"),
    path("c/<slug:slug>/settings/", settings.page, name="settings"),
    path("brand/<slug:slug>.css", settings.brand_css, name="brand-css"),
    path("c/<slug:slug>/activity/", activity.client, name="activity"),
    path("activity/", activity.staff, name="staff-activity"),
    path("help/", help_sheet.page, name="help"),
    path("healthz", health_views.healthz, name="healthz"),
    path("readyz", health_views.readyz, name="readyz"),
    path("csp-report/", browser_reports.take, name="browser-report"),
    path("staff/browser-reports/", browser_reports.listing, name="staff-browser-reports"),
    path(".well-known/security.txt", health_views.security_txt, name="security-txt"),
    path("robots.txt", health_views.robots, name="robots"),
]
