"""One part of the sending of a draft, by whichever worker takes it. A worker may die at any step of it.

Every request is recorded before it leaves, and what came of it afterwards. Whoever takes the draft next looks up in
VoiceDock's lists what was asked and not recorded, so that nobody is sent twice and nobody is left out.
"""

from __future__ import annotations

from dashboard import voicedock
from dashboard.campaigns.models import CampaignDraft
from dashboard.campaigns.sending import begin, checks, counting, creation, leases, made, people, vendor
from dashboard.campaigns.sending.leases import Lease, LeaseLost
from dashboard.campaigns.sending.outcomes import AFTER_429, AFTER_SILENCE, Stopped
from dashboard.rate_limits import limiter
from tenants.isolation import scope


@scope.opens_scope
def run(draft_id: int) -> None:
    """Any number of times, by anybody at once. Opens scopes of its own, but none during a request to VoiceDock."""
    taken = leases.take(draft_id)
    if taken is None:
        return
    draft, lease = taken
    try:
        again = _part(draft, lease)
    except LeaseLost:
        return
    except (Stopped, voicedock.Invalid) as error:
        begin.stop_by_itself(draft, error.message)
        return
    except limiter.RateLimitExceeded as error:
        again = error.retry_after
    except voicedock.RateLimited as error:
        again = error.retry_after or AFTER_429
    except (voicedock.Unreachable, voicedock.Unanswered):
        again = AFTER_SILENCE
    except voicedock.Refused as error:
        begin.stop_by_itself(draft, error.message)
        return
    if again is not None:
        lease.release(again)


def _part(draft: CampaignDraft, lease: Lease) -> float | None:
    """Returns in how many seconds to go on; None at the end."""
    with scope.for_system("may a draft still be sent?"):
        message = checks.blocker(draft)
    if message:
        raise Stopped(message)
    made.interrupted(draft)
    if not draft.remote_id:
        return creation.make(draft, lease)
    if draft.campaign_id is None:
        _link(draft, lease)
    people.look_up(draft, lease)
    again = people.send(draft, lease)
    return counting.finish(draft, lease) if again is None else again


def _link(draft: CampaignDraft, lease: Lease) -> None:
    """A worker died, or the answer was lost, between the creation and our copy of it."""
    with vendor.client_for(draft, lease) as client:
        remote = client.campaign(draft.remote_id)
    made.link(draft, remote)
