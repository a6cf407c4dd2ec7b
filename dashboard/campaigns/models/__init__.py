"""Copies of VoiceDock's campaigns and their leads, and those that are being made here."""

from dashboard.campaigns.models.campaign import CallVerdict, Campaign, Lead, PauseCause
from dashboard.campaigns.models.do_not_call import CampaignDoNotCallEntry
from dashboard.campaigns.models.draft import CampaignDraft, CampaignFile, DraftLead
from dashboard.campaigns.models.report_link import ReportLink
from dashboard.campaigns.models.schedule import CampaignSchedule
from dashboard.campaigns.models.snapshot import CampaignSnapshot

__all__ = [
    "CallVerdict",
    "Campaign",
    "CampaignDoNotCallEntry",
    "CampaignDraft",
    "CampaignFile",
    "CampaignSchedule",
    "CampaignSnapshot",
    "DraftLead",
    "Lead",
    "PauseCause",
    "ReportLink",
]
