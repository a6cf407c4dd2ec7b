"""What may become of a request while a draft is sent, and how long is waited after which."""

from __future__ import annotations

from datetime import timedelta

from dashboard import voicedock
from dashboard.campaigns.sending.leases import LeaseLost
from dashboard.rate_limits.limiter import RateLimitExceeded
from tenants.errors import ActionRefused

SETTLED = timedelta(seconds=75)  # a request without an answer has arrived by then, or it never will
UNREADABLE_FOR = timedelta(minutes=5)  # after a request without an answer; then a person looks at VoiceDock's list
AFTER_SILENCE = 20.0  # seconds until the next request, where the last one was not answered
AFTER_429 = 30.0  # where VoiceDock does not say

NOT_DONE = (RateLimitExceeded, LeaseLost, voicedock.NotSent, voicedock.Invalid, voicedock.RateLimited)
NOTHING_GOES = (voicedock.BadKey, voicedock.NoCredit, voicedock.Forbidden)


class Stopped(ActionRefused):
    """Sending cannot go on before a person has looked; `message` says why."""
