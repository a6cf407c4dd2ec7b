"""VoiceDock's responses as frozen dataclasses, read tolerantly: its own pages disagree (`docs/voicedock-api.md §16`).

Fields that are missing, unknown or of another type are None; only an item without an id is `Malformed`. Dates are UTC.
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
