"""Files that a worker reads. What waits stands in the database, so a reading that was ended begins again."""

from __future__ import annotations

from django.db.models import QuerySet

from dashboard.campaigns.lead_files import people
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.models import CampaignDraft, CampaignFile
from tenants.isolation import scope

MOST_TRIED = 20  # files that may be with other workers at this moment


@scope.opens_scope
def read_next() -> None:
    """The file that waits longest and that no other worker reads."""
    with scope.for_system("files of campaigns that wait to be read"):
        found = _waiting().order_by("asked_at").values_list("pk", "tenant_id")
        waiting = list(found[:MOST_TRIED])
    for file_id, tenant_id in waiting:
        if _read(file_id, tenant_id):
            return


def _read(file_id: int, tenant_id: int) -> bool:
    """Whether it was read here."""
    try:
        with scope.for_tenant(tenant_id):
            draft = _taken(file_id)
            if draft is not None:
                people.read(draft)
            return draft is not None
    except (FileRefused, people.FileNotReplaced) as error:
        with scope.for_tenant(tenant_id):
            CampaignFile.objects.filter(pk=file_id, read_at=None).update(problem=error.message[:500])
        return True


@scope.requires_scope
def _taken(file_id: int) -> CampaignDraft | None:
    """Its draft, with the file locked; None where it is read by now or another worker has it."""
    files = _waiting().select_for_update(of=("self",), skip_locked=True).select_related("draft")
    file = files.filter(pk=file_id).defer("content").first()
    return file.draft if file else None


def _waiting() -> QuerySet[CampaignFile]:
    return CampaignFile.objects.filter(read_at=None, problem="")
