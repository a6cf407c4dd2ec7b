"""The changes of a client's status that its page offers to staff, with their texts."""

from __future__ import annotations

from dataclasses import dataclass

from tenants import tenant_status
from tenants.access.permissions import Permission
from tenants.models import Tenant


@dataclass(frozen=True)
class StatusAction:
    """One change of status; with `asks` its form has the choice whether live calls are ended.

    `summary` and `consequence` stand in the menu, `text` in the dialog.
    """

    id: str
    url: str
    summary: str
    text: str
    button: str
    permission: Permission
    icon: str
    consequence: str
    asks: bool = True
    danger: bool = False


STATUS_ACTIONS = [
    StatusAction(
        "reopen",
        "client-reopen",
        "Reopen…",
        "It may dial again, with what is assigned to it. Its campaigns stay paused until somebody resumes them.",
        "Reopen",
        Permission.REOPEN_CLIENTS,
        "play",
        "It may call again; its campaigns stay paused",
        asks=False,
    ),
    StatusAction(
        "suspend",
        "client-suspend",
        "Suspend…",
        "From this moment on nothing is dialed for it from here, and its campaigns are paused. Calls in are still "
        "answered, its people can still look. You can reopen it at any time.",
        "Suspend",
        Permission.SUSPEND_CLIENTS,
        "pause",
        "No new calls; live calls go on",
    ),
    StatusAction(
        "close",
        "client-close",
        "Close the client…",
        "Its numbers and assistants are released, its planned calls cancelled, its campaigns paused, its people shut "
        "out. Its calls, transcripts "
        "and audit trail are kept; the personal data of its calls until its retention ends. Reopened, it "
        "begins without numbers, and what was removed does not come back.",
        "Close",
        Permission.CLOSE_CLIENTS,
        "x",
        "Numbers come free; its data stays for its retention",
        danger=True,
    ),
]


IDS = {action.id for action in STATUS_ACTIONS}


def offered(tenant: Tenant) -> list[StatusAction]:
    return [action for action in STATUS_ACTIONS if tenant.status in tenant_status.ALLOWED_FROM[action.id]]
