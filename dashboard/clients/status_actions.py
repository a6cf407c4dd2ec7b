"""What staff may do with a client's standing, in the words of its page."""

from __future__ import annotations

from dataclasses import dataclass

from tenants import tenant_status
from tenants.access.permissions import Permission
from tenants.models import Tenant


@dataclass(frozen=True)
class Turn:
    """One thing that can be done; `asks` what becomes of the calls that are live."""

    id: str
    url: str
    summary: str
    text: str
    deed: str
    permission: Permission
    asks: bool = True
    danger: bool = False


TURNS = [
    Turn(
        "reopen",
        "client-reopen",
        "Reopen it",
        "It may dial again, with what is dedicated to it. Its campaigns stay paused until somebody resumes them.",
        "Reopen",
        Permission.REOPEN_CLIENTS,
        asks=False,
    ),
    Turn(
        "suspend",
        "client-suspend",
        "Suspend it",
        "From this moment on nothing is dialed for it from here, and its campaigns are paused. Calls in are still "
        "answered, its people can still look. You can reopen it at any time.",
        "Suspend",
        Permission.SUSPEND_CLIENTS,
    ),
    Turn(
        "close",
        "client-close",
        "Close it",
        "Its numbers and assistants are released, its campaigns paused, its people shut out. Its calls, transcripts "
        "and audit trail are kept; the personal data of its calls until its retention ends, as set above. Reopened, it "
        "begins without numbers, and what was removed does not come back.",
        "Close",
        Permission.CLOSE_CLIENTS,
        danger=True,
    ),
]


def offered(tenant: Tenant) -> list[Turn]:
    return [turn for turn in TURNS if tenant.status in tenant_status.ALLOWED_FROM[turn.id]]
