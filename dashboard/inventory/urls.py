"""Addresses of this room."""

from django.urls import path

from dashboard.inventory.views import client, clients, connections, organizations, standing, stock

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
    path("clients/<slug:slug>/suspend/", standing.suspend, name="client-suspend"),
    path("clients/<slug:slug>/close/", standing.close, name="client-close"),
    path("clients/<slug:slug>/reopen/", standing.reopen, name="client-reopen"),
    path("clients/<slug:slug>/retention/", standing.retention, name="client-retention"),
    path("clients/<slug:slug>/end-calls/", standing.end_calls, name="client-end-calls"),
    path("inventory/", stock.page, name="staff-inventory"),
    path("inventory/numbers/<int:pk>/dedicate/", stock.dedicate_number, name="stock-dedicate-number"),
    path("inventory/assistants/<int:pk>/dedicate/", stock.dedicate_assistant, name="stock-dedicate-assistant"),
    path("connections/", connections.listing, name="staff-connections"),
    path("connections/add/", connections.add, name="connection-add"),
    path("connections/<int:pk>/", connections.page, name="staff-connection"),
    path("connections/<int:pk>/sync/", connections.sync_now, name="connection-sync"),
    path("connections/<int:pk>/replay/", connections.replay, name="connection-replay"),
    path("connections/<int:pk>/hook-up/", connections.hook_up, name="connection-hook-up"),
    path("connections/<int:pk>/secret/", organizations.change_secret, name="connection-secret"),
    path("connections/<int:pk>/secret/retire/", organizations.retire_secret, name="connection-secret-retire"),
    path("connections/<int:pk>/organizations/", organizations.create, name="connection-organization"),
    path("connections/<int:pk>/organizations/key/", organizations.enter_key, name="connection-child-key"),
    path(
        "connections/asked/<int:pk>/put-aside/",
        organizations.put_aside,
        name="connection-put-aside",
    ),
    path("connections/<int:pk>/key/", connections.replace_key, name="connection-key"),
]
