"""URLs of the activity lists."""

from django.urls import path

from dashboard.activity import views

urlpatterns = [
    path("c/<slug:slug>/activity/", views.client, name="activity"),
    path("activity/", views.staff, name="staff-activity"),
]
