"""URLs of connections and their organizations."""

from django.urls import path

from dashboard.connections.views import connections, organizations

urlpatterns = [
    path("connections/", connections.listing, name="staff-connections"),
    path("connections/add/", connections.add, name="connection-add"),
    path("connections/<int:pk>/", connections.page, name="staff-connection"),
    path("connections/<int:pk>/sync/", connections.sync_now, name="connection-sync"),
    path("connections/<int:pk>/replay/", connections.replay, name="connection-replay"),
    path("connections/<int:pk>/webhooks/", connections.set_up_webhooks, name="connection-webhooks"),
    path("connections/<int:pk>/secret/", organizations.change_secret, name="connection-secret"),
    path("connections/<int:pk>/secret/retire/", organizations.retire_secret, name="connection-secret-retire"),
    path("connections/<int:pk>/organizations/", organizations.create, name="connection-organization"),
    path("connections/<int:pk>/organizations/key/", organizations.enter_key, name="connection-child-key"),
    path(
        "connections/asked/<int:pk>/dismiss/",
        organizations.dismiss,
        name="organization-dismiss",
    ),
    path("connections/<int:pk>/key/", connections.replace_key, name="connection-key"),
]
