"""The report of a campaign and its links, as they are asked for and read."""

from __future__ import annotations

import re
import uuid
from html import unescape

from dashboard.campaigns.models import ReportLink
from tenants.isolation import scope


def address(campaign, more=""):
    return f"/c/bloom-dental/campaigns/{campaign.pk}/report/{more}"


def read(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def share(browser, campaign, days=7, token=None):
    answer = post_share(browser, campaign, days, token)
    assert answer.status_code == 200, answer.status_code
    return re.search(r'value="http://testserver(/report/[^"]+/)"', answer.content.decode())[1]


def post_share(browser, campaign, days=7, token=None):
    return browser.post(address(campaign, "share/"), {"days": days, "token": token or uuid.uuid4()})


def the_link(setup):
    with scope.for_tenant(setup.tenant):
        return ReportLink.objects.select_related("campaign", "tenant").latest("pk")


def gone(answer):
    assert answer.status_code == 404
    assert "This link does not work any more" in read(answer) and "Ask the person who sent it" in read(answer)
    assert "Half-year" not in answer.content.decode() and "Bloom" not in answer.content.decode()
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "noindex" in answer["X-Robots-Tag"]
    return re.sub(r'nonce="[^"]*"|data-now="[^"]*"', "", answer.content.decode())
