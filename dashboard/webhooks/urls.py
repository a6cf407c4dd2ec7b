"""URL of the webhook endpoint, below `/hooks/`."""

from django.urls import URLPattern, path

from dashboard.webhooks import views

urlpatterns: list[URLPattern] = [
    path("voicedock/<str:token>/", views.receive_webhook, name="voicedock-webhook"),
]
