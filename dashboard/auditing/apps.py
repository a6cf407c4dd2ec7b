"""The auditors' questions: each answered on one page, with the evidence as an archive."""

from django.apps import AppConfig


class AuditingConfig(AppConfig):
    name = "dashboard.auditing"

    def ready(self) -> None:
        from dashboard.auditing import urls
        from tenants.auditor_admin.site import site

        site.add_pages(urls.pages)
