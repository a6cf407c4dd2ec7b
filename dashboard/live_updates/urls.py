"""The URL of the server-sent events."""

from django.urls import path

from dashboard.live_updates import views

urlpatterns = [path("events/", views.events, name="events")]
