"""Read VoiceDock's lists of campaigns and leads, so that what is there already is not sent again."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from dashboard import voicedock
from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending import vendor
from tenants import names

Found = Mapping[str, list[str]]  # ids of leads by `key` of their numbers


def key(number: str) -> str:
    """A number by its digits, however VoiceDock writes it."""
    return re.sub(r"\D", "", number)


def by_number(remotes: Iterable[voicedock.RemoteLead]) -> Found:
    """Ids of the leads of a list, by number. The list itself may be large, and is not needed afterwards."""
    found: dict[str, list[str]] = defaultdict(list)
    for remote in remotes:
        found[key(remote.phone_number)].append(remote.id)
    return found


def like(draft: CampaignDraft, remotes: Iterable[voicedock.RemoteCampaign]) -> list[str]:
    """Ids of VoiceDock's campaigns with the name and the assistant of this draft."""
    name, assistant = _name(draft.name), vendor.assistant_of(draft).remote_id
    return [remote.id for remote in remotes if _name(remote.name) == name and remote.assistant_id == assistant]


def _name(text: str) -> str:
    return " ".join(names.clean(text, 300).split()).casefold()
