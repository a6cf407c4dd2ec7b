"""The address book: staff at the root, clients under /c/<slug>/, auditors under /admin/."""

from django.urls import include, path

from tenants.admin import site

urlpatterns = [
    path("", include("dashboard.home.urls")),
    path("", include("dashboard.inventory.urls")),
    path("", include("dashboard.calls.urls")),
    path("", include("dashboard.campaigns.urls")),
    path("", include("dashboard.live.urls")),
    path("", include("dashboard.practice.urls")),
    path("hooks/", include("dashboard.hooks.urls")),
    path("accounts/", include("tenants.accounts.urls")),
    path("admin/", site.urls),
]

handler400 = "dashboard.home.views.bad_request"
handler403 = "dashboard.home.views.forbidden"
handler404 = "dashboard.home.views.not_found"
handler500 = "dashboard.home.views.broken"
