"""What VoiceDock answers, as frozen records; read tolerantly, since its own papers disagree (`voicedock-api.md §16`).

Fields that are missing, unknown or of another kind are fine. Only what has no id is `Malformed`. Dates are in UTC.
"""

from .calls import Accepted, PlacedCall, RemoteCall
from .campaigns import RemoteCampaign, RemoteLead
from .inventory import RemoteAssistant, RemoteNumber
from .organizations import CreatedOrganization, RemoteChild, RemoteOrganization
from .shape import Listing, Page, Unreadable
from .usage import RemoteHealth, RemoteUsage, UsageEntry

__all__ = [
    "Accepted",
    "CreatedOrganization",
    "Listing",
    "Page",
    "PlacedCall",
    "RemoteAssistant",
    "RemoteCall",
    "RemoteCampaign",
    "RemoteChild",
    "RemoteHealth",
    "RemoteLead",
    "RemoteNumber",
    "RemoteOrganization",
    "RemoteUsage",
    "Unreadable",
    "UsageEntry",
]
