"""The tags of calls that every template may use without loading."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.calls import outcomes
from dashboard.ui.templatetags.ui import icon

register = template.Library()


@register.simple_tag
def outcome_mark(slug: str, words: str = "") -> SafeString:
    """What came of a call (`Call.outcome`), as a mark with its icon; `words` says it closer ("Call back today")."""
    outcome = outcomes.read(slug)
    tone = f" outcome--{outcome.tone}" if outcome.tone else ""
    return format_html('<span class="outcome{}">{}{}</span>', tone, icon(outcome.icon), words or outcome.label)
