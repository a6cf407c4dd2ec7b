"""Step-up: whoever opens keys, takes data away or hands out roles proves once more that it is they.

A sign-in counts as proof for ten minutes, and so does every confirmation by password, code or passkey; whoever has a
second step confirms with that (`tenants.accounts.adapter.Adapter`).
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.contrib import messages
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from tenants.access import form_recovery
from tenants.accounts.allauth_private import get_authentication_records

FRESH = 10 * 60  # seconds
WHILE_FILLING_IN = 5 * 60  # seconds more for a form that was opened while the proof was fresh


class Confirm(TextChoices):
    """What a door does with somebody who has not proved it lately."""

    NO = "no"
    THEN_GO_ON = "then-go-on"  # the request is kept in the session, and done once it is proved
    THEN_AGAIN = "then-again"  # it holds a secret, which is kept nowhere: the rest is filled in again
    THEN_FETCH = "then-fetch"  # a file: it comes once it is proved


def confirmed(request: HttpRequest, within: float = FRESH) -> bool:
    """Whether this session proved who sits there less than `within` seconds ago."""
    user: Any = request.user
    proofs = get_authentication_records(request, user)
    return bool(proofs) and time.time() - proofs[-1]["at"] < within


def require(request: HttpRequest, how: Confirm) -> None:
    """Let go on whoever proved it lately; send the others to prove it. For a door, after the permission."""
    if how == Confirm.THEN_FETCH:
        if not confirmed(request):
            then = f"{reverse('fetch')}?{urlencode({'file': request.get_full_path()})}"
            raise ImmediateHttpResponse(_ask(request, then))
        return
    if how == Confirm.NO or request.method != "POST" or confirmed(request, FRESH + WHILE_FILLING_IN):
        return
    if how == Confirm.THEN_AGAIN:
        messages.warning(request, "Confirm that it is you, then fill the form in once more: of a key nothing is kept.")
        raise ImmediateHttpResponse(_ask(request, form_recovery.keep(request)))
    raise ReauthenticationRequired


def is_ours(request: HttpRequest, address: str) -> bool:
    """Whether an address leads to a page of this house."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )


def _ask(request: HttpRequest, then: str) -> HttpResponse:
    user: Any = request.user
    ways = get_adapter().get_reauthentication_methods(user)
    where = f"{ways[0]['url'] if ways else reverse('account_login')}?{urlencode({'next': then})}"
    return HttpResponseClientRedirect(where) if getattr(request, "htmx", False) else HttpResponseRedirect(where)
