"""URLs of the sandbox's page."""

from django.urls import path

from dashboard.sandbox_admin import views

urlpatterns = [
    path("sandbox/", views.page, name="sandbox"),
    path("sandbox/mails/", views.mails, name="sandbox-mails"),
    path("sandbox/faults/", views.add_fault, name="sandbox-fault"),
    path("sandbox/faults/clear/", views.clear_faults, name="sandbox-clear-faults"),
    path("sandbox/scenario/", views.play_scenario, name="sandbox-scenario"),
    path("sandbox/clock/", views.change_clock, name="sandbox-clock"),
    path("sandbox/outcome/", views.set_outcome, name="sandbox-outcome"),
    path("sandbox/inbound-call/", views.receive_inbound_call, name="sandbox-inbound-call"),
    path("sandbox/balance/", views.set_balance, name="sandbox-balance"),
]
