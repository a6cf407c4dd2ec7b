"""URLs of the do-not-call lists."""

from django.urls import path

from dashboard.contact_rules import views

urlpatterns = [
    path("c/<slug:slug>/do-not-call/", views.client_list, name="do-not-call"),
    path("c/<slug:slug>/do-not-call/<int:pk>/remove/", views.client_remove, name="do-not-call-remove"),
    path("c/<slug:slug>/do-not-call/export.csv", views.client_export, name="do-not-call-export"),
    path("do-not-call/", views.staff_list, name="staff-do-not-call"),
    path("do-not-call/<int:pk>/remove/", views.staff_remove, name="staff-do-not-call-remove"),
    path("do-not-call/export.csv", views.staff_export, name="staff-do-not-call-export"),
]
