"""The pages of a campaign draft, as they are asked for and read."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from dashboard.campaigns.models import CampaignDraft

LIST = "/c/bloom-dental/campaigns/"
TEMPLATE = "Call {{name}}. Offer a {{daypart}} first."


def address(draft: CampaignDraft, more: str = "") -> str:
    return f"{LIST}drafts/{draft.pk}/{more}"


def read(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def says(template: str, **more: str) -> dict[str, str]:
    return {"says-template": template, **more}
