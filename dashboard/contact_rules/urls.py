"""URLs of the do-not-call lists and of the contact rules."""

from django.urls import path

from dashboard.contact_rules import country_views, settings_views, views

urlpatterns = [
    path("c/<slug:slug>/do-not-call/", views.client_list, name="do-not-call"),
    path("c/<slug:slug>/do-not-call/<int:pk>/remove/", views.client_remove, name="do-not-call-remove"),
    path("c/<slug:slug>/do-not-call/export.csv", views.client_export, name="do-not-call-export"),
    path("c/<slug:slug>/contact-rules/", settings_views.client_page, name="contact-rules"),
    path("clients/<slug:slug>/contact-rules/", settings_views.staff_page, name="staff-contact-rules"),
    path("clients/<slug:slug>/contact-rules/<slug:key>/", settings_views.change, name="staff-contact-rules-change"),
    path("country-rules/", country_views.listing, name="staff-country-rules"),
    path("country-rules/<str:code>/", country_views.edit, name="staff-country-rule"),
    path("country-rules/<str:code>/reset/", country_views.reset, name="staff-country-rule-reset"),
    path("do-not-call/", views.staff_list, name="staff-do-not-call"),
    path("do-not-call/<int:pk>/remove/", views.staff_remove, name="staff-do-not-call-remove"),
    path("do-not-call/export.csv", views.staff_export, name="staff-do-not-call-export"),
]
