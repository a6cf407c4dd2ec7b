"""The tags of calls that every template may use without loading."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from dashboard.calls import outcomes
from dashboard.calls.at_once import AtOnce
from dashboard.calls.control.action_text import Piece
from dashboard.calls.models import Call
from dashboard.ui.templatetags.ui import icon

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


@register.simple_tag
def call_again_url(call: Call) -> str:
    """*Call now* with what this call was made with: person, line, assistant, preset and changes. It dials nothing.

    A one-time assistant is chosen anew there, by those who may.
    """
    facts = {"to": call.counterpart, "number": call.number_dedication_id, "assistant": call.assistant_dedication_id}
    facts["again"] = str(call.pk) if (call.overrides or call.preset_name) and not call.is_transient else None
    return f"{reverse('call-now', args=[call.tenant.slug])}?{urlencode({k: v for k, v in facts.items() if v})}"  # type: ignore[union-attr]
