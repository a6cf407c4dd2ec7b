"""URLs of staff’s pages of clients and of the inventory."""

from django.urls import path

from dashboard.clients.views import client, clients, inventory, status

urlpatterns = [
    path("clients/", clients.listing, name="staff-clients"),
    path("clients/new/", clients.new, name="staff-client-new"),
    path("clients/<slug:slug>/", client.page, name="staff-client"),
    path("clients/<slug:slug>/numbers/", client.dedicate_number, name="client-dedicate-number"),
    path("clients/<slug:slug>/assistants/", client.dedicate_assistant, name="client-dedicate-assistant"),
    path("clients/<slug:slug>/numbers/<int:pk>/release/", client.release_number, name="client-release-number"),
    path("clients/<slug:slug>/assistants/<int:pk>/release/", client.release_assistant, name="client-release-assistant"),
    path("clients/<slug:slug>/people/", client.invite, name="client-invite"),
    path("clients/<slug:slug>/invitations/<int:pk>/withdraw/", client.withdraw, name="client-withdraw"),
    path("clients/<slug:slug>/limits/", client.limits, name="client-limits"),
    path("clients/<slug:slug>/countries/", client.countries, name="client-countries"),
    path("clients/<slug:slug>/suspend/", status.suspend, name="client-suspend"),
    path("clients/<slug:slug>/close/", status.close, name="client-close"),
    path("clients/<slug:slug>/reopen/", status.reopen, name="client-reopen"),
    path("clients/<slug:slug>/retention/", status.retention, name="client-retention"),
    path("clients/<slug:slug>/end-calls/", status.end_calls, name="client-end-calls"),
    path("inventory/", inventory.page, name="staff-inventory"),
    path("inventory/numbers/<int:pk>/dedicate/", inventory.dedicate_number, name="inventory-dedicate-number"),
    path("inventory/assistants/<int:pk>/dedicate/", inventory.dedicate_assistant, name="inventory-dedicate-assistant"),
]
