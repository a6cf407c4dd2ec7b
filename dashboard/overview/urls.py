"""URLs of the overviews and of help."""

from django.urls import path

from dashboard.overview import help, views

urlpatterns = [
    path("", views.home, name="home"),
    path("c/<slug:slug>/", views.client, name="client-home"),
    path("c/<slug:slug>/status/", views.client_status, name="client-status"),
    path("help/", help.page, name="help"),
]
