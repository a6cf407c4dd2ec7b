"""The tags of calls that every template may use without loading."""

from __future__ import annotations

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from dashboard.calls import labels, outcomes
from dashboard.calls.at_once import AtOnce
from dashboard.calls.control.action_text import Piece
from dashboard.calls.models import Call
from dashboard.ui.templatetags.ui import icon
from tenants.access.permissions import Permission

register = template.Library()


@register.simple_tag
def outcome_mark(slug: str, words: str = "") -> SafeString:
    """What came of a call (`Call.outcome`), as a mark with its icon; `words` says it closer ("Call back today")."""
    outcome = outcomes.read(slug)
    tone = f" outcome--{outcome.tone}" if outcome.tone else ""
    return format_html('<span class="outcome{}">{}{}</span>', tone, icon(outcome.icon), words or outcome.label)


@register.filter
def of_limit(used: int, limit: int) -> AtOnce:
    """How many calls a client has at once beside how many it may have, to be put into words."""
    return AtOnce(used, limit)


@register.simple_tag
def filled_text(pieces: list[tuple[Piece, str]]) -> SafeString:
    """The text of an action, with marks around what is filled in; what is missing shows its name."""
    slot = '<span class="slot" data-slot="{0}" data-empty="{0}"{1}>{2}</span>'
    missing = mark_safe(" data-missing")
    parts = (
        format_html(slot, piece.slot, "" if value else missing, value or piece.slot) if piece.slot else piece.words
        for piece, value in pieces
    )
    return format_html_join("", "{}", ((part,) for part in parts))


@register.simple_tag(takes_context=True)
def call_again_url(context: Context, call: Call) -> str:
    """*Call now* with what this call was made with: person, line, assistant, preset and changes. It dials nothing.

    The name of a person whom a campaign called is the value of `{{name}}`.

    A call with a one-time assistant leads to the page for these, for those who may place such calls.
    """
    is_once = call.is_transient and _may_call_once(context, call)
    keeps_changes = (call.overrides or call.preset_name) and not call.is_transient
    keeps_all = is_once or keeps_changes
    parameters = {
        "to": call.counterpart,
        "number": call.number_dedication_id,
        "assistant": call.assistant_dedication_id,
        "again": str(call.pk) if keeps_all else None,
        "name": None if keeps_all else labels.person(call),
    }
    page = reverse("call-once" if is_once else "call-now", args=[call.tenant.slug])  # type: ignore[union-attr]
    return f"{page}?{urlencode({name: value for name, value in parameters.items() if value})}"


def _may_call_once(context: Context, call: Call) -> bool:
    """The right counts where the page is of the call's own client."""
    request = context.get("request")
    actor, tenant = getattr(request, "actor", None), getattr(request, "tenant", None)
    if actor is None or tenant is None or tenant.pk != call.tenant_id:
        return False
    return bool(actor.may(Permission.PLACE_TRANSIENT_CALLS))
