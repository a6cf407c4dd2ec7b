"""URLs of campaigns."""

from django.urls import path

from dashboard.campaigns import attestation, export, left_out, views
from dashboard.campaigns.do_not_call import views as do_not_call_views
from dashboard.campaigns.drafts import urls as drafts
from dashboard.campaigns.lead_files import urls as lead_files
from dashboard.campaigns.reports import views as reports
from dashboard.campaigns.sending import views as sending_views

DRAFT = "c/<slug:slug>/campaigns/drafts/<int:pk>"
CAMPAIGN = "c/<slug:slug>/campaigns/<int:pk>"

urlpatterns = [
    *drafts.urlpatterns,
    *lead_files.urlpatterns,
    path("campaigns/", views.staff_listing, name="staff-campaigns"),
    path("campaigns/calendar/", views.staff_calendar, name="staff-campaign-calendar"),
    path("c/<slug:slug>/campaigns/", views.listing, name="campaigns"),
    path("c/<slug:slug>/campaigns/<int:pk>/", views.page, name="campaign"),
    path("c/<slug:slug>/campaigns/<int:pk>/people.csv", export.results_export, name="campaign-export"),
    path(f"{DRAFT}/sending/", sending_views.sending, name="campaign-draft-sending"),
    path(f"{DRAFT}/send/", sending_views.send, name="campaign-draft-send"),
    path(f"{DRAFT}/stop/", sending_views.stop, name="campaign-draft-stop"),
    path(f"{DRAFT}/resume/", sending_views.resume, name="campaign-draft-resume"),
    path("c/<slug:slug>/campaigns/drafts/<int:pk>/left-out/", left_out.page, name="campaign-draft-left-out"),
    path(
        "c/<slug:slug>/campaigns/drafts/<int:pk>/left-out.csv",
        left_out.export,
        name="campaign-draft-left-out-export",
    ),
    path(f"{DRAFT}/do-not-call/", do_not_call_views.of_draft, name="campaign-draft-do-not-call"),
    path(f"{DRAFT}/do-not-call.csv", do_not_call_views.export_of_draft, name="campaign-draft-do-not-call-export"),
    path(f"{CAMPAIGN}/do-not-call/", do_not_call_views.of_campaign, name="campaign-do-not-call"),
    path(
        "c/<slug:slug>/campaigns/do-not-call/<int:pk>/remove/",
        do_not_call_views.remove,
        name="campaign-do-not-call-remove",
    ),
    path(f"{CAMPAIGN}/do-not-call.csv", do_not_call_views.export_of_campaign, name="campaign-do-not-call-export"),
    path("c/<slug:slug>/campaigns/<int:pk>/caller-id/", attestation.page, name="campaign-caller-id"),
    path("c/<slug:slug>/campaigns/<int:pk>/caller-id.csv", attestation.export, name="campaign-caller-id-export"),
    path("c/<slug:slug>/campaigns/<int:pk>/report/", reports.page, name="campaign-report"),
    path("c/<slug:slug>/campaigns/<int:pk>/report/share/", reports.share, name="campaign-report-share"),
    path("c/<slug:slug>/campaigns/report-links/<int:pk>/revoke/", reports.revoke, name="campaign-report-revoke"),
    path("report/<str:token>/", reports.shared, name="shared-report"),
    path("c/<slug:slug>/campaigns/<int:pk>/retry/", views.retry_people, name="campaign-retry"),
    path("c/<slug:slug>/campaigns/<int:pk>/<str:action>/", views.command, name="campaign-command"),
]
