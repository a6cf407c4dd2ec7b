"""Which task beat starts how often, and in which queue. One that waited too long is dropped: the next one follows.

How often each kind is synchronized with VoiceDock is in `dashboard/sync/runs.py` (`INTERVALS`).
"""

from datetime import timedelta
from typing import Any

LEAST_EXPIRY = 10.0  # seconds: clocks of beat and workers may differ, and a busy worker is not a reason to skip a sweep


def _every(seconds: float, task: str, queue: str) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": timedelta(seconds=seconds),
        "options": {"queue": queue, "expires": max(LEAST_EXPIRY, seconds)},
    }


SCHEDULE = {
    "sweep calls": _every(2, "dashboard.calls.tasks.sweep_calls", "interactive"),
    "place planned calls": _every(2, "dashboard.calls.tasks.place_planned_calls", "interactive"),
    "end calls": _every(2, "dashboard.calls.tasks.end_calls", "requests"),
    "sweep requests": _every(2, "dashboard.calls.tasks.sweep_requests", "requests"),
    "pause campaigns after alarms": _every(2, "dashboard.campaigns.tasks.pause_after_alarms", "requests"),
    "take forbidden people off campaigns": _every(10, "dashboard.campaigns.tasks.remove_forbidden", "requests"),
    "mail alarms": _every(5, "dashboard.calls.tasks.mail_alarms", "bulk"),
    "mail notifications": _every(30, "dashboard.notifications.tasks.mail_notifications", "bulk"),
    "prune notifications": _every(3600, "dashboard.notifications.tasks.prune_notifications", "bulk"),
    "prune steering leases": _every(3600, "dashboard.calls.tasks.prune_steering_leases", "bulk"),
    "apply webhooks left behind": _every(5, "dashboard.webhooks.tasks.apply_waiting", "interactive"),
    "give up lost requests": _every(20, "dashboard.connections.tasks.give_up_lost_requests", "interactive"),
    "enqueue due runs": _every(1, "dashboard.sync.tasks.enqueue_due", "sync"),
    "recheck campaigns": _every(5, "dashboard.campaigns.tasks.recheck", "sync"),
    "follow the days of campaigns": _every(5, "dashboard.campaigns.tasks.follow_days", "sync"),
    "pause failing campaigns": _every(15, "dashboard.campaigns.tasks.pause_after_failures", "sync"),
    "count people of campaigns": _every(5, "dashboard.campaigns.tasks.count_people", "bulk"),
    "send campaigns": _every(2, "dashboard.campaigns.tasks.send_drafts", "sync"),
    "read files of campaigns": _every(2, "dashboard.campaigns.tasks.read_files", "bulk"),
    "publish audit checkpoints": _every(300, "tenants.tasks.publish_checkpoints", "audit"),
    "verify the audit trail": _every(3600, "tenants.tasks.verify_audit_trail", "audit"),
    "prune sessions": _every(3600, "tenants.tasks.prune_sessions", "bulk"),
    "end old visits": _every(300, "tenants.tasks.end_old_visits", "bulk"),
    "send waiting mail": _every(20, "tenants.tasks.send_waiting_mail", "bulk"),
    "remove old mail": _every(3600, "tenants.tasks.remove_old_mail", "bulk"),
    "finish connections": _every(30, "dashboard.connections.tasks.finish_connections", "sync"),
    "prune": _every(300, "dashboard.sync.tasks.prune", "bulk"),
    "prune browser reports": _every(3600, "dashboard.csp_reports.tasks.prune_reports", "bulk"),
    "prune vendor requests": _every(300, "dashboard.connections.tasks.prune_vendor_requests", "bulk"),
    "prune the history of campaigns": _every(3600, "dashboard.campaigns.tasks.prune_history", "bulk"),
    "remove old campaign drafts": _every(3600, "dashboard.campaigns.tasks.remove_old_drafts", "bulk"),
    "end retention": _every(600, "dashboard.clients.tasks.remove_expired_data", "bulk"),
    "forget old webhooks": _every(3600, "dashboard.webhooks.tasks.prune_deliveries", "bulk"),
}
