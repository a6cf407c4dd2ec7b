"""Copies of VoiceDock's campaigns and their leads, and those that are being made here."""

from dashboard.campaigns.models.campaign import CallVerdict, Campaign, Lead, PauseCause
from dashboard.campaigns.models.do_not_call import CampaignDoNotCallEntry
from dashboard.campaigns.models.draft import CampaignDraft, CampaignFile, DraftLead
from dashboard.campaigns.models.schedule import CampaignSchedule

__all__ = [
    "CallVerdict",
    "Campaign",
    "CampaignDoNotCallEntry",
    "CampaignDraft",
    "CampaignFile",
    "CampaignSchedule",
    "DraftLead",
    "Lead",
    "PauseCause",
]
