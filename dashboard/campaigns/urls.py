"""URLs of campaigns."""

from django.urls import path

from dashboard.campaigns import export, views
from dashboard.campaigns.drafts import urls as drafts

urlpatterns = [
    *drafts.urlpatterns,
    path("campaigns/", views.staff_listing, name="staff-campaigns"),
    path("c/<slug:slug>/campaigns/", views.listing, name="campaigns"),
    path("c/<slug:slug>/campaigns/<int:pk>/", views.page, name="campaign"),
    path("c/<slug:slug>/campaigns/<int:pk>/people.csv", export.results_export, name="campaign-export"),
    path("c/<slug:slug>/campaigns/<int:pk>/<str:action>/", views.command, name="campaign-command"),
]
