"""Addresses of this room."""

from django.urls import path

from dashboard.live import views

urlpatterns = [path("events/", views.events, name="events")]
