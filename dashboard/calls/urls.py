"""Addresses of this room."""

from django.urls import URLPattern, path

from dashboard.calls.views import call, call_now, caller_id, export, listing, live

urlpatterns: list[URLPattern] = [
    path("live/", live.staff_wall, name="staff-live"),
    path("calls/", listing.staff_calls, name="staff-calls"),
    path("clients/<slug:slug>/caller-id/", caller_id.staff, name="staff-caller-id"),
    path("clients/<slug:slug>/caller-id.csv", caller_id.staff_export, name="staff-caller-id-export"),
    path("c/<slug:slug>/caller-id/", caller_id.client, name="caller-id"),
    path("c/<slug:slug>/caller-id.csv", caller_id.client_export, name="caller-id-export"),
    path("c/<slug:slug>/call/", call_now.call_now, name="call-now"),
    path("c/<slug:slug>/live/", live.wall, name="live"),
    path("c/<slug:slug>/calls/", listing.calls, name="calls"),
    path("c/<slug:slug>/calls/export.csv", export.calls_export, name="calls-export"),
    path("c/<slug:slug>/calls/<uuid:call_id>/", call.call, name="call"),
    path("c/<slug:slug>/calls/<uuid:call_id>/command/", call.command, name="live-command"),
    path("c/<slug:slug>/calls/<uuid:call_id>/recording/", call.recording, name="call-recording"),
    path("c/<slug:slug>/calls/<uuid:call_id>/decide/", call.decide, name="call-decide"),
    path("c/<slug:slug>/calls/<uuid:call_id>/clear/", call.clear, name="call-clear"),
]
