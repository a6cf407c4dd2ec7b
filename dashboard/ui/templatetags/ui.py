"""The tags every template may use without loading: icons, states, numbers, times, progress, fields.

Drawn here rather than in includes, because a table of a hundred rows calls them a thousand times.
"""

from __future__ import annotations

import math
import re
import secrets
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from dashboard.ui import account_team, phone_numbers, states, static_bundles, times, units
from dashboard.ui.initials import initials
from tenants import names
from tenants.access import form_recovery

register = template.Library()
COPIED = "Copied"
Context = template.Context
DEFERRED = '<script src="{}" defer></script>'
NUMBER_PATTERN = re.compile(r"\+?[0-9]{1,16}")
NUMBER_IN_TEXT = re.compile(r"(\+\d[\d \-()]{5,18}\d)")


@register.simple_tag(name="icon")
def icon(name: str, words: str = "") -> SafeString:
    """An icon of `static/icons/sprite.svg`; `words` says it aloud where nothing beside it does."""
    drawn = _drawn(name)
    return format_html('{}<span class="hidden">{}</span>', drawn, words) if words else drawn


@lru_cache(maxsize=500)
def _drawn(name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons/sprite.svg"), name
    )


@register.simple_tag
def stylesheets() -> SafeString:
    """Those of every page (`static_bundles`)."""
    return _links(static_bundles.STYLES, '<link rel="stylesheet" href="{}">')


@register.simple_tag
def scripts() -> SafeString:
    """Those of every page that run once it is read."""
    return _links(static_bundles.SCRIPTS, DEFERRED)


@register.simple_tag
def passkey_scripts() -> SafeString:
    """Those with which a browser uses its passkeys."""
    return _links(static_bundles.PASSKEYS, DEFERRED)


@lru_cache(maxsize=4)
def _links(bundle: str, shape: str) -> SafeString:
    return format_html_join("\n", shape, ((static(name),) for name in static_bundles.files(bundle)))


@register.simple_tag
@lru_cache(maxsize=1)
def favicon() -> SafeString:
    """The icon of the browser's tab, within the page: it is smaller than a request for it."""
    drawn = (settings.BASE_DIR / "static" / "icons" / "patchbay.svg").read_text()
    return format_html('<link rel="icon" href="data:image/svg+xml,{}" type="image/svg+xml">', quote(drawn))


@register.simple_tag
def state_mark(state: Any, words: str = "", kind: str = "call") -> SafeString:
    """A state's mark and words. `words` says it closer ("Ended, person hung up"), `kind` is a key of `STATES`."""
    mark, usual = states.read(str(state), kind)
    return format_html(
        '<span class="state{}">{}</span>', f" state--{mark}" if mark else "", words or usual or "No state"
    )


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> SafeString:
    """Django's, and beside it who opened the form (`tenants.access.form_recovery`)."""
    token, request = context.get("csrf_token"), context.get("request")
    if not token or token == "NOTPROVIDED":
        return mark_safe("")
    field = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)
    if request is None:
        return field
    shape = '{}<input type="hidden" name="{}" value="{}">'
    return format_html(shape, field, form_recovery.MARKER, form_recovery.opener_token(request))


@register.filter
def phone(e164: str | None) -> SafeString:
    """A number grouped as its country writes it; copying the text gives E.164 (widgets.js)."""
    text = str(e164 or "")
    if not text:
        return mark_safe('<span class="muted">No number</span>')
    kind = "number" if NUMBER_PATTERN.fullmatch(text) else "number number--address"
    return format_html('<span class="{}" data-e164="{}">{}</span>', kind, text, phone_numbers.grouped(text))


@register.filter
def with_numbers(sentence: str) -> SafeString:
    """A sentence whose phone numbers are set in tabular figures, as everywhere else."""
    parts = NUMBER_IN_TEXT.split(str(sentence))
    shapes = ("{}", '<span class="number">{}</span>')
    return format_html_join("", "{}", ((format_html(shapes[at % 2], part),) for at, part in enumerate(parts)))


@register.filter
def grouped(e164: str | None) -> str:
    """The same as plain text, for attributes and options."""
    return phone_numbers.grouped(str(e164 or ""))


@register.filter
def bdi(name: Any) -> SafeString:
    """A name within a page: cleaned, and kept from reordering the words around it.

    Only right-to-left writing can reorder them, since every page is left-to-right; other names are written plainly.
    """
    text = names.clean(name) if name else ""
    return format_html("<bdi>{}</bdi>" if names.has_right_to_left(text) else "{}", text)


@register.filter
def isolate(name: Any) -> str:
    """The same where no markup can stand: attributes, options, titles and mails."""
    return names.isolate(name) if name else ""


@register.filter
def decapitalize(sentence: Any) -> str:
    """A sentence to stand within another one: its first letter alone is lowered, names in it keep theirs."""
    text = str(sentence)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


@register.filter
def region(e164: str | None) -> str:
    """Country and kind of line: "Netherlands, mobile"."""
    return phone_numbers.region(str(e164 or ""))


@register.simple_tag
def copy(text: str, words: str = "") -> SafeString:
    """A button that copies `text`, and says so then; `words` are written on it."""
    if words:
        shape = (
            '<button class="button" type="button" data-copy="{}" data-copied="{}">{}<span aria-live="polite">{}</span>'
        )
        return format_html(shape + "</button>", text, COPIED, icon("copy"), words)
    shape = '<button class="{}" type="button" data-copy="{}" data-copied="{}" aria-label="{}">{}</button>'
    quiet = "button button--quiet button--icon extra"
    return format_html(shape, quiet, text, COPIED, f"Copy {text}", icon("copy"))


@register.simple_tag
def family_badge(family: str, where: str = "", plain: bool = False) -> SafeString:
    """A model family as a badge that explains itself when pressed.

    `where` keeps the explanation's id the same over refreshes (a call's id, say); `plain` is the badge alone, for rows
    that are a link as a whole.
    """
    from dashboard.voicedock import capabilities  # imported here: only this tag needs it

    badge = capabilities.badge(family)
    content = format_html("{}{}", icon(badge.icon), badge.label)
    mark = f"badge badge--{badge.kind}"
    if plain:
        return format_html('<span class="{}">{}</span>', mark, content)
    popover = f"family-{where or secrets.token_hex(3)}"
    return format_html(
        '<button class="{}" type="button" popovertarget="{}">{}</button><div popover id="{}"><p>{}</p></div>',
        mark,
        popover,
        content,
        popover,
        badge.explanation,
    )


@register.filter
def unit(number: Any, name: str) -> str:
    """The number with its unit, on one line."""
    return units.with_unit(number, name)


@register.filter
def talked(seconds: float | None) -> str:
    """Seconds as mm:ss."""
    return times.talked(seconds)


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime | None, tz: str = "", empty: str = "never") -> SafeString:
    """How long ago, kept current by clock.js; beyond the hour the local clock of `tz` or of the client shown.

    `empty` stands where there is no moment.
    """
    if not moment:
        return format_html('<span class="muted">{}</span>', empty)
    where = _zone(context, tz)
    return format_html(
        '<time datetime="{}" data-age title="{}">{}</time>',
        moment.isoformat(),
        times.whole(moment, where),
        times.ago(moment, where),
    )


@register.simple_tag(takes_context=True)
def data_from(context: Context, moment: datetime | None, tz: str = "") -> SafeString:
    """How old the data on the screen is, as words within a sentence; nothing may have come from VoiceDock yet."""
    return format_html("data from {}", ago(context, moment, tz)) if moment else mark_safe("no data yet")


@register.simple_tag(takes_context=True)
def local_time(context: Context, moment: datetime | None, tz: str = "") -> SafeString:
    """The local clock of `tz` or of the client shown; date and zone on hover."""
    if moment is None:
        return mark_safe('<span class="muted">—</span>')
    where = _zone(context, tz)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        times.whole(moment, where),
        times.local(moment, where),
    )


@register.simple_tag(takes_context=True)
def day_time(context: Context, moment: datetime, tz: str = "") -> SafeString:
    """The local clock, below a heading that names the day."""
    where = _zone(context, tz)
    shape = '<time datetime="{}" title="{}">{}</time>'
    return format_html(shape, moment.isoformat(), times.whole(moment, where), f"{moment.astimezone(where):%H:%M}")


@register.simple_tag(takes_context=True)
def page_zone(context: Context) -> str:
    """The zone in which this page writes its times, for scripts that write some too."""
    return str(_zone(context, "").key)


@register.simple_tag
def since(moment: datetime | None, key: Any = "") -> SafeString:
    """A running timer from `moment`, mm:ss, kept running by clock.js.

    With a `key` it never runs backwards, not even when VoiceDock corrects `moment`.
    """
    if moment is None:
        return mark_safe("<time>—</time>")
    passed = times.talked((timezone.now() - moment).total_seconds())
    timer = format_html(' data-timer="{}"', key) if key else ""
    return format_html('<time data-since="{}"{}>{}</time>', moment.isoformat(), timer, passed)


@register.simple_tag
def until(moment: datetime | None) -> SafeString:
    """The seconds until `moment`, counted down by clock.js."""
    if moment is None:
        return mark_safe("")
    left = max(0, math.ceil((moment - timezone.now()).total_seconds()))
    return format_html('<time data-until="{}">{} s</time>', moment.isoformat(), left)


def _zone(context: Context, name: str) -> Any:
    tenant = getattr(context.get("request"), "tenant", None)
    return times.zone(name or getattr(tenant, "timezone", "") or timezone.get_current_timezone_name())


@register.filter
def for_reader(words: str, actor: Any) -> str:
    """Who can allow what a client may not, by the reader: the account team itself is not led to the account team."""
    return account_team.for_reader(words, actor)


@register.simple_tag
def progress(done: int, failed: int, calling: int, total: int, legend: bool = True) -> SafeString:
    """How far a campaign is, drawn in percent; `legend` says the same in figures below."""
    parts = [("done", "completed", done or 0), ("failed", "failed", failed or 0), ("calling", "calling", calling or 0)]
    pending = max(0, (total or 0) - sum(count for _, _, count in parts))
    words = [(kind, f"{count:,} {word}") for kind, word, count in [*parts, ("pending", "pending", pending)]]
    drawn = _bar(", ".join(text for _, text in words), [(kind, count) for kind, _, count in parts], total or 0)
    if not legend:
        return drawn
    spans = format_html_join("", '<span class="{}">{}</span>', words)
    return format_html('{}<span class="legend" aria-hidden="true">{}</span>', drawn, spans)


@register.simple_tag
def campaign_progress(counts: Any, legend: bool = True) -> SafeString:
    """The same from parts that add up to the whole (`campaigns.counts`); those of nobody are left out."""
    words = [(part.kind, f"{part.figure:,} {part.label}") for part in counts.parts if part.figure]
    words = words or [("pending", "nobody is on it")]
    parts = [(part.kind, part.figure) for part in counts.parts if part.kind != "pending"]
    drawn = _bar(", ".join(text for _, text in words), parts, counts.total)
    if not legend:
        return drawn
    spans = format_html_join("", '<span class="{}">{}</span>', words)
    return format_html('{}<span class="legend" aria-hidden="true">{}</span>', drawn, spans)


@register.simple_tag
def sending_progress(sending: Any) -> SafeString:
    """How many people of a draft are with VoiceDock, of `campaigns.sending.progress`."""
    rate = f", {sending.rate_in_words}" if sending.rate_in_words else ""
    words = [("done", f"{sending.sent:,} sent")]
    words += [("failed", f"{sending.not_taken:,} refused")] if sending.not_taken else []
    words += [("pending", f"{sending.to_go:,} to go{rate}")] if sending.to_go else []
    counted = [("done", sending.sent), ("failed", sending.not_taken)]
    drawn = _bar(", ".join(text for _, text in words), counted, sending.people)
    spans = format_html_join("", '<span class="{}">{}</span>', words)
    return format_html('{}<span class="legend" aria-hidden="true">{}</span>', drawn, spans)


@register.simple_tag
def meter(value: int, total: int, words: str, tight: bool = False) -> SafeString:
    """One figure of a known total: requests of a budget, rows of an import."""
    return _bar(words, [("tight" if tight else "done", value or 0)], total or 0)


def _bar(words: str, parts: list[tuple[str, int]], total: int) -> SafeString:
    rects, x = [], 0.0
    for kind, count in parts:
        width = min(100.0 - x, 100.0 * count / total) if total else 0.0
        rects.append((kind, f"{x:.2f}", f"{width:.2f}"))
        x += width
    drawn = format_html_join("", '<rect class="{}" x="{}%" width="{}%" height="100%"/>', rects)
    return format_html('<svg class="progress" role="img" aria-label="{}">{}</svg>', words, drawn)


@register.simple_tag
def line_status(call: Any = None) -> SafeString:
    """One line of a client: the state of its call, which leads to the call, or a free line."""
    if call is None:
        return mark_safe('<span class="line-status line-status--free"></span>')
    mark, words = states.read(call.state)
    if getattr(call, "current_alarm", ""):
        mark, words = "person", call.alarm_words
    label = f"{phone_numbers.grouped(call.counterpart) or 'No number'}, {decapitalize(words)}"
    shape = f"line-status line-status--{mark}" if mark else "line-status"
    try:
        address = reverse("call", args=[call.tenant.slug, call.pk])
    except (AttributeError, NoReverseMatch):  # nobody's call: there is no page to lead to
        return format_html('<span class="{}" role="img" aria-label="{}"></span>', shape, label)
    return format_html('<a class="{}" href="{}" aria-label="{}" title="{}"></a>', shape, address, label, label)


@register.simple_tag
def avatar(name: Any, staff: bool = False) -> SafeString:
    """A person as two letters, in the colour of staff for the reseller's people."""
    return format_html(
        '<i class="avatar{}" aria-hidden="true">{}</i>', " avatar--staff" if staff else "", initials(name)
    )


@register.simple_tag
def field(
    bound: BoundField, hint: str | None = None, label: str = "", optional: bool = True, **attrs: Any
) -> SafeString:
    """A form field: label above, hint below, its error in the place of the hint.

    `optional` says beside what need not be filled in that it is optional; other words become attributes of the control.
    """
    if bound.is_hidden:
        return bound.as_widget()
    words, note = label or bound.label, bound.help_text if hint is None else hint
    own = attrs.get("id")
    description_id = f"{own or bound.auto_id}_description" if bound.errors or note else ""
    extra = {name.replace("_", "-"): value for name, value in attrs.items()}
    if description_id:
        extra["aria-describedby"] = description_id
    else:
        bound.help_text = ""  # the widget would name the id of a help text that is not shown
    if bound.errors:
        extra["aria-invalid"] = "true"
    widget = bound.field.widget
    if "maxlength" in widget.attrs:
        extra["maxlength"] = False  # a browser would cut what is pasted without a word; the form refuses and counts
    below = _below(bound, description_id, str(note))
    if isinstance(widget, CheckboxInput):
        shape = '<div class="field"><label class="check">{}<span>{}</span></label>{}</div>'
        return format_html(shape, bound.as_widget(attrs=extra), words, below)
    if isinstance(widget, (RadioSelect, CheckboxSelectMultiple)):
        described = format_html(' aria-describedby="{}"', description_id) if description_id else ""
        shape = '<fieldset class="field"{}><legend>{}</legend><div class="choice-list">{}</div>{}</fieldset>'
        return format_html(shape, described, words, _choices(bound), below)
    shape = '<div class="field"><label for="{}">{}{}</label>{}{}</div>'
    free = mark_safe(" <small>(optional)</small>") if optional and not bound.field.required else ""
    return format_html(shape, own or bound.id_for_label, words, free, bound.as_widget(attrs=extra), below)


@register.simple_block_tag(takes_context=True)
def nothing_to_show(
    context: Context, content: str, title: str, url: str = "", action: str = "", icon: str = ""
) -> SafeString:
    """Says that a list has nothing to show and why (the content), with a link to what can be done about it."""
    return _component(context, "_nothing_to_show.html", title=title, text=content, url=url, action=action, icon=icon)


@register.simple_block_tag(takes_context=True)
def error_message(context: Context, content: str, title: str, back: str = "", again: bool = False) -> SafeString:
    """Says that a page could not be shown and why (the content); `back` is the page to return to."""
    return _component(context, "_error_message.html", title=title, text=content, back=back, again=again)


@register.simple_block_tag(takes_context=True)
def confirm_dialog(
    context: Context, content: str, id: str, title: str, url: str, action: str, danger: bool = True, **more: str
) -> SafeString:
    """Asks before a form is posted that cannot be undone (the content says why).

    A button with `command="show-modal" commandfor="<id>"` opens it. `name` and `value` are a field to send, `next` is
    the page to return to, `keep` the words of the button that changes nothing.
    """
    values = {"name": "", "value": "yes", "next": "", "keep": "", **more}
    return _component(
        context,
        "_confirm_dialog.html",
        title=title,
        text=content,
        id=id,
        url=url,
        action=action,
        danger=danger,
        **values,
    )


def _component(context: Context, template_name: str, /, **values: Any) -> SafeString:
    assert context.template is not None  # a tag is rendered as part of one
    with context.push(**values):
        return context.template.engine.get_template(f"components/{template_name}").render(context)


@register.simple_tag
def refreshed_on(*changes: str, of: Any = "", also: str = "") -> SafeString:
    """The trigger with which a fragment fetches itself again when one of these kinds of rows changed (live_updates.js).

    A change is a kind and its modifiers ("call throttle:1s"); `of` is the id of the one row that is meant, `also` a
    trigger of another kind ("every 30s").
    """
    kinds = [change.partition(" ") for change in changes]
    named = [f"changed:{kind}{f':{of}' if of else ''} from:body {modifiers}".strip() for kind, _, modifiers in kinds]
    triggers = [*named, "changed:all from:body", "changed:poll from:body", *filter(None, [also])]
    return format_html('hx-trigger="{}"', ", ".join(triggers))


@register.simple_tag(takes_context=True)
def messages_at(context: Context, place: str) -> SafeString:
    """The messages about what was done in this part of a page: those with the extra tag `place`.

    The toasts (`_messages.html`) show the others, and these too on a page that has no such part.
    """
    notes = []
    for message in context.get("messages") or []:
        if message.extra_tags == place:
            message.is_placed = True
            notes.append(_note(message.level_tag, str(message)))
    return format_html_join("", "{}", ((note,) for note in notes))


@register.simple_tag
def refusal_at(place: str, refused: tuple[str, str] | None) -> SafeString:
    """Why what was tried in this part of a page was refused; `refused` is a place and the words."""
    return _note("error", refused[1]) if refused and refused[0] == place else mark_safe("")


def _note(level: str, words: str) -> SafeString:
    tone, mark, role = {
        "error": ("wrong", "alert", "alert"),
        "warning": ("waiting", "alert", "status"),
    }.get(level, ("live", "check", "status"))
    shape = '<div class="note note--{} note--placed" role="{}"{}>{}<p>{}</p></div>'
    receipt = "" if tone == "wrong" else mark_safe(" data-receipt")  # form_results.js brings it into view
    return format_html(shape, tone, role, receipt, icon(mark), words)


@register.simple_tag
def form_errors(form: Any) -> SafeString:
    """What is wrong with the form as a whole."""
    errors = form.non_field_errors() if form else []
    if not errors:
        return mark_safe("")
    lines = format_html_join("", "<p>{}</p>", ((error,) for error in errors))
    shape = '<div class="note note--wrong" role="alert" data-form-errors>{}<div>{}</div></div>'
    return format_html(shape, icon("alert"), lines)


def _below(bound: BoundField, description_id: str, note: str) -> SafeString:
    if bound.errors:
        words = format_html_join(" ", "{}", ((error,) for error in bound.errors))
        return format_html('<p class="error" id="{}">{}<span>{}</span></p>', description_id, icon("alert"), words)
    return format_html('<small id="{}">{}</small>', description_id, note) if note else mark_safe("")


def _choices(bound: BoundField) -> SafeString:
    boxes = ((choice.tag(), choice.choice_label) for choice in bound)
    return format_html_join("", "<label>{}<span>{}</span></label>", boxes)
