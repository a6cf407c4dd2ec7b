"""Cells of the auditors' lists: each with the name of its column, which narrow screens show beside the value, and a
mark on those that hold a long word, which may break where a short one stays whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()
LONGEST_WHOLE_WORD = 24  # characters


@register.filter
def labelled(cells: Iterable[SafeString], headers: list[dict[str, Any]]) -> list[SafeString]:
    """`cells` are whole `<td …>` and `<th …>` elements, as Django's admin draws them."""
    return [_labelled(cell, str(header["text"])) for cell, header in zip(cells, headers, strict=True)]


def _labelled(cell: SafeString, name: str) -> SafeString:
    label = format_html('{} data-label="{}"', mark_safe(cell[:3]), capfirst(name))
    long = any(len(word) > LONGEST_WHOLE_WORD for word in strip_tags(cell).split())
    return mark_safe(label + (" data-long" if long else "") + cell[3:])
