"""All URLs: staff at the root, clients under /c/<slug>/, auditors under /admin/."""

from django.urls import include, path

from tenants.accounts import account_page
from tenants.admin import site

urlpatterns = [
    path("", include("dashboard.overview.urls")),
    path("", include("dashboard.team.urls")),
    path("", include("dashboard.activity.urls")),
    path("", include("dashboard.clients.urls")),
    path("", include("dashboard.connections.urls")),
    path("", include("dashboard.calls.urls")),
    path("", include("dashboard.contact_rules.urls")),
    path("", include("dashboard.campaigns.urls")),
    path("", include("dashboard.live_updates.urls")),
    path("", include("dashboard.sandbox_admin.urls")),
    path("", include("dashboard.csp_reports.urls")),
    path("", include("dashboard.web.urls")),
    path("hooks/", include("dashboard.webhooks.urls")),
    path("account/", account_page.account, name="account"),
    path("accounts/", include("tenants.accounts.urls")),
    path("admin/", site.urls),
]

handler400 = "dashboard.overview.error_views.bad_request"
handler403 = "dashboard.overview.error_views.forbidden"
handler404 = "dashboard.overview.error_views.not_found"
handler429 = "dashboard.overview.error_views.too_many_requests"
handler500 = "dashboard.overview.error_views.server_error"
