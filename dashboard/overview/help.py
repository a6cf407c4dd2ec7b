"""The help page: keyboard shortcuts, the legend of states, and whom to ask."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants.access import own_pages
from tenants.access.decorators import Actor, memberships_of, staff_of
from tenants.accounts import mfa

STATE_LEGEND = [  # state and kind for the mark, its words, what it means
    ("ringing", "call", "Connecting", "Dialing or ringing. Commands work once it is answered."),
    ("in-progress", "call", "In progress", "The call is answered. You can send commands to it."),
    ("needs-person", "call", "Needs a person", "Something is not certain or did not work. Open it and decide."),
    ("ended", "call", "Ended", "The call is over. Its page shows what VoiceDock reported."),
    ("failed", "call", "Not reached", "There was no answer, or the call was refused."),
    ("paused", "campaign", "Paused", "Somebody paused it. It calls nobody until somebody resumes it."),
]


@require_GET
@login_required
def page(request: Any) -> HttpResponse:
    """In the layout of staff, of the user's first client where its two-factor requirement is met, or of auditors."""
    staff = staff_of(request.user)
    found = [] if staff else memberships_of(request.user)
    layout = "base_app.html"
    if staff and mfa.staff_mfa_is_satisfied(request, request.user):
        request.actor = Actor(request.user, staff=staff)
    elif found and mfa.client_mfa_is_satisfied(request, request.user, found[0].tenant):
        request.tenant, request.actor = found[0].tenant, Actor(request.user, membership=found[0])
    elif staff or found:
        layout = "base_standalone.html"
    else:
        own_pages.identify(request)
    return render(request, "overview/help.html", {"layout": layout, "shapes": STATE_LEGEND, "is_staff": bool(staff)})
