"""URLs of the people of a campaign draft."""

from django.urls import path

from dashboard.campaigns.lead_files import views

DRAFT = "c/<slug:slug>/campaigns/drafts/<int:pk>"

urlpatterns = [
    path(f"{DRAFT}/people/", views.people_page, name="campaign-draft-people"),
    path(f"{DRAFT}/people/to-correct/", views.refused_export, name="campaign-draft-refused"),
]
