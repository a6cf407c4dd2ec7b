"""Addresses of this room."""

from django.urls import path

from dashboard.practice import views

urlpatterns = [
    path("sandbox/", views.page, name="sandbox"),
    path("sandbox/mails/", views.mails, name="sandbox-mails"),
    path("sandbox/faults/", views.order_fault, name="sandbox-fault"),
    path("sandbox/faults/clear/", views.clear_faults, name="sandbox-clear"),
    path("sandbox/scenario/", views.play, name="sandbox-scenario"),
    path("sandbox/clock/", views.turn_clock, name="sandbox-clock"),
    path("sandbox/outcome/", views.choose_outcome, name="sandbox-outcome"),
    path("sandbox/ring/", views.ring, name="sandbox-ring"),
    path("sandbox/balance/", views.set_balance, name="sandbox-balance"),
]
