"""URLs of staff’s pages of clients and of the inventory."""

from django.urls import path

from dashboard.clients.views import choices, client, clients, dedications, inventory, people, settings, status

urlpatterns = [
    path("client-choices/", choices.choices, name="client-choices"),
    path("clients/", clients.listing, name="staff-clients"),
    path("clients/new/", clients.new, name="staff-client-new"),
    path("clients/<slug:slug>/", client.page, name="staff-client"),
    path("clients/<slug:slug>/numbers/", dedications.dedicate_number, name="client-dedicate-number"),
    path("clients/<slug:slug>/assistants/", dedications.dedicate_assistant, name="client-dedicate-assistant"),
    path("clients/<slug:slug>/numbers/<int:pk>/release/", dedications.release_number, name="client-release-number"),
    path("clients/<slug:slug>/numbers/<int:pk>/name/", dedications.name_number, name="client-name-number"),
    path(
        "clients/<slug:slug>/assistants/<int:pk>/release/",
        dedications.release_assistant,
        name="client-release-assistant",
    ),
    path("clients/<slug:slug>/people/", people.invite, name="client-invite"),
    path("clients/<slug:slug>/invitations/<int:pk>/withdraw/", people.withdraw, name="client-withdraw"),
    path("clients/<slug:slug>/limits/", settings.limits, name="client-limits"),
    path("clients/<slug:slug>/countries/", settings.countries, name="client-countries"),
    path("clients/<slug:slug>/kinds/", settings.kinds, name="client-kinds"),
    path("clients/<slug:slug>/one-time-assistants/", settings.transient_calls, name="client-transient-calls"),
    path("clients/<slug:slug>/suspend/", status.suspend, name="client-suspend"),
    path("clients/<slug:slug>/close/", status.close, name="client-close"),
    path("clients/<slug:slug>/reopen/", status.reopen, name="client-reopen"),
    path("clients/<slug:slug>/retention/", settings.retention, name="client-retention"),
    path("clients/<slug:slug>/end-calls/", status.end_calls, name="client-end-calls"),
    path("inventory/", inventory.page, name="staff-inventory"),
    path("inventory/numbers/<int:pk>/dedicate/", inventory.dedicate_number, name="inventory-dedicate-number"),
    path("inventory/assistants/<int:pk>/dedicate/", inventory.dedicate_assistant, name="inventory-dedicate-assistant"),
]
