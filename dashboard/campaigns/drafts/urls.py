"""URLs of campaign drafts."""

from django.urls import path

from dashboard.campaigns.drafts import views

DRAFT = "c/<slug:slug>/campaigns/drafts/<int:pk>"

urlpatterns = [
    path("c/<slug:slug>/campaigns/new/", views.new, name="campaign-new"),
    path("c/<slug:slug>/campaigns/<int:pk>/copy/", views.copy_campaign, name="campaign-copy"),
    path(f"{DRAFT}/", views.page, name="campaign-draft"),
    path(f"{DRAFT}/review/", views.review, name="campaign-draft-review"),
    path(f"{DRAFT}/delete/", views.delete, name="campaign-draft-delete"),
    path(f"{DRAFT}/copy/", views.copy, name="campaign-draft-copy"),
    path(f"{DRAFT}/preview/", views.preview, name="campaign-draft-preview"),
    path(f"{DRAFT}/test-call/", views.test_call, name="campaign-draft-test-call"),
]
