"""Addresses of this room."""

from django.urls import URLPattern, path

from dashboard.webhooks import views

urlpatterns: list[URLPattern] = [
    path("voicedock/<str:token>/", views.voicedock_hook, name="voicedock-hook"),
]
