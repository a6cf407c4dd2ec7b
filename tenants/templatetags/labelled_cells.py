"""Cells of the auditors' lists with the names of their columns, which narrow screens show beside the values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()


@register.filter
def labelled(cells: Iterable[SafeString], headers: list[dict[str, Any]]) -> list[SafeString]:
    """`cells` are whole `<td …>` and `<th …>` elements, as Django's admin draws them."""
    return [_labelled(cell, str(header["text"])) for cell, header in zip(cells, headers, strict=True)]


def _labelled(cell: SafeString, name: str) -> SafeString:
    label = format_html('{} data-label="{}"', mark_safe(cell[:3]), capfirst(name))
    return mark_safe(label + cell[3:])
