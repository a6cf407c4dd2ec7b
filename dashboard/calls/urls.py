"""URLs of calls."""

from django.urls import URLPattern, path

from dashboard.calls.caller_id import views as caller_id
from dashboard.calls.control import views as control
from dashboard.calls.history import export
from dashboard.calls.history import views as history
from dashboard.calls.live import board_view, call_view, end_selected, steering_view
from dashboard.calls.placing import views as placing
from dashboard.calls.planned import views as planned
from dashboard.calls.presets import views as presets
from dashboard.calls.transient import call_view as call_once
from dashboard.calls.transient import views as transient

urlpatterns: list[URLPattern] = [
    path("live/", board_view.staff_board, name="staff-live"),
    path("live/end/", end_selected.staff, name="staff-live-end"),
    path("live/commands/", control.measured_commands, name="staff-commands"),
    path("calls/", history.staff_calls, name="staff-calls"),
    path("clients/<slug:slug>/caller-id/", caller_id.staff, name="staff-caller-id"),
    path("clients/<slug:slug>/caller-id.csv", caller_id.staff_export, name="staff-caller-id-export"),
    path("c/<slug:slug>/caller-id/", caller_id.client, name="caller-id"),
    path("c/<slug:slug>/caller-id.csv", caller_id.client_export, name="caller-id-export"),
    path("c/<slug:slug>/call/", placing.call_now, name="call-now"),
    path("c/<slug:slug>/call/number/", placing.number_echo, name="call-number"),
    path("c/<slug:slug>/call/one-time/", transient.listing, name="drafts"),
    path("c/<slug:slug>/call/once/", call_once.call_once, name="call-once"),
    path("c/<slug:slug>/call/once/preview/", call_once.preview, name="call-once-preview"),
    path("c/<slug:slug>/call/one-time/new/", transient.new, name="draft-new"),
    path("c/<slug:slug>/call/one-time/<int:pk>/", transient.draft, name="draft"),
    path("c/<slug:slug>/call/one-time/<int:pk>/delete/", transient.delete, name="draft-delete"),
    path("c/<slug:slug>/call/preview/", placing.preview, name="call-preview"),
    path("c/<slug:slug>/settings/transfer-targets/", control.targets, name="transfer-targets"),
    path("c/<slug:slug>/settings/actions/", control.actions, name="actions"),
    path("c/<slug:slug>/settings/presets/", presets.presets, name="call-presets"),
    path("c/<slug:slug>/settings/presets/new/", presets.new, name="call-preset-new"),
    path("c/<slug:slug>/settings/presets/<int:pk>/", presets.edit, name="call-preset"),
    path("c/<slug:slug>/settings/presets/<int:pk>/delete/", presets.delete, name="call-preset-delete"),
    path("c/<slug:slug>/live/", board_view.board, name="live"),
    path("c/<slug:slug>/live/end/", end_selected.client, name="live-end"),
    path("c/<slug:slug>/calls/", history.calls, name="calls"),
    path("c/<slug:slug>/calls/export.csv", export.calls_export, name="calls-export"),
    path("c/<slug:slug>/calls/planned/", planned.planned_calls, name="planned-calls"),
    path("c/<slug:slug>/calls/planned/<uuid:planned_id>/cancel/", planned.cancel, name="planned-cancel"),
    path("c/<slug:slug>/calls/<uuid:call_id>/", call_view.call, name="call"),
    path("c/<slug:slug>/calls/<uuid:call_id>/take-back/", placing.take_back, name="call-take-back"),
    path("c/<slug:slug>/calls/<uuid:call_id>/command/", call_view.command, name="live-command"),
    path("c/<slug:slug>/calls/<uuid:call_id>/steer/", steering_view.steer, name="call-steer"),
    path("c/<slug:slug>/calls/<uuid:call_id>/stop-steering/", steering_view.stop_steering, name="call-stop-steering"),
    path("c/<slug:slug>/calls/<uuid:call_id>/do-not-call/", call_view.block, name="call-block"),
    path("c/<slug:slug>/calls/<uuid:call_id>/call-back/", call_view.mark_call_back, name="call-back-done"),
    path("c/<slug:slug>/calls/<uuid:call_id>/recording/", call_view.recording, name="call-recording"),
    path("c/<slug:slug>/calls/<uuid:call_id>/decide/", call_view.decide, name="call-decide"),
    path("c/<slug:slug>/calls/<uuid:call_id>/clear/", call_view.clear, name="call-clear"),
]
