"""URLs of people, invitations, support access, settings and outgoing mail."""

from django.urls import path

from dashboard.team.views import invitation, outgoing_mail, settings, staff, support, team, visits

urlpatterns = [
    path("enter/<slug:slug>/", visits.enter, name="enter"),
    path("leave/", visits.leave, name="leave"),
    path("invitation/<str:token>/", invitation.page, name="invitation"),
    path("c/<slug:slug>/team/", team.page, name="team"),
    path("c/<slug:slug>/team/invite/", team.invite, name="team-invite"),
    path("c/<slug:slug>/team/<int:pk>/role/", team.change_role, name="team-role"),
    path("c/<slug:slug>/team/<int:pk>/one-time-assistants/", team.transient_calls, name="team-transient-calls"),
    path("c/<slug:slug>/team/<int:pk>/remove/", team.remove, name="team-remove"),
    path("c/<slug:slug>/team/invitations/<int:pk>/withdraw/", team.withdraw, name="team-withdraw"),
    path("c/<slug:slug>/team/support/", support.grant, name="support-pass"),
    path("c/<slug:slug>/team/support/withdraw/", support.withdraw, name="support-pass-withdraw"),
    path("staff/", staff.listing, name="staff-people"),
    path("staff/invite/", staff.invite, name="staff-invite"),
    path("staff/<int:pk>/", staff.page, name="staff-person"),
    path("staff/<int:pk>/change/", staff.change, name="staff-change"),
    path("staff/<int:pk>/remove/", staff.remove, name="staff-remove"),
    path("staff/<int:pk>/clients/", staff.grant_client, name="staff-grant-client"),
    path("staff/<int:pk>/clients/<slug:slug>/end/", staff.revoke_client, name="staff-revoke-client"),
    path("mail/", outgoing_mail.page, name="staff-mail"),
    path("mail/<uuid:pk>/retry/", outgoing_mail.retry, name="staff-mail-retry"),
    path("c/<slug:slug>/settings/", settings.page, name="settings"),
    path("brand/<slug:slug>.css", settings.brand_css, name="brand-css"),
]
