"""Reauthentication before actions on keys, exports and roles.

A sign-in counts as recent for ten minutes, and so does each reauthentication by password, code or passkey; users with a
second step reauthenticate with that (`tenants.accounts.adapter.Adapter`).
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

MAX_AGE = 10 * 60  # seconds
ASKED_EARLY = 10  # seconds before that the dialog asks, so that a form which is sent after its answer comes in time


class Confirm(TextChoices):
    """How a view goes on after a reauthentication; `NO` for views that need none."""

    NO = "no"
    THEN_GO_ON = "then-go-on"  # the request is kept in the session and repeated afterwards
    THEN_AGAIN = "then-again"  # the form has a secret, which is not kept: the other fields are filled in again
    THEN_FETCH = "then-fetch"  # the download starts afterwards


def is_recent(request: HttpRequest, within: float = MAX_AGE) -> bool:
    """Whether this session was authenticated less than `within` seconds ago."""
    user: Any = request.user
    records = get_authentication_records(request, user)
    return bool(records) and time.time() - records[-1]["at"] < within


def seconds_left(request: HttpRequest) -> int:
    """For how long this session counts as recently authenticated, 0 where it does not."""
    user: Any = request.user
    records = get_authentication_records(request, user)
    return max(0, int(MAX_AGE - time.time() + records[-1]["at"])) if records else 0


def require(request: HttpRequest, how: Confirm) -> None:
    """Redirect to the reauthentication unless the session is recent; called after the permission is checked."""
    if how == Confirm.THEN_FETCH:
        if not is_recent(request):
            download = f"{reverse('fetch')}?{urlencode({'file': request.get_full_path()})}"
            raise ImmediateHttpResponse(_redirect(request, download))
        return
    if how == Confirm.NO or request.method != "POST" or is_recent(request):
        return
    if how == Confirm.THEN_AGAIN:
        messages.warning(request, "Confirm that it is you, then fill the form in once more: of a key nothing is kept.")
        raise ImmediateHttpResponse(_redirect(request, form_recovery.save(request)))
    raise ReauthenticationRequired


def is_internal(request: HttpRequest, address: str) -> bool:
    """Whether an address is a page of this site."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )


def _redirect(request: HttpRequest, next_url: str) -> HttpResponse:
    user: Any = request.user
    methods = get_adapter().get_reauthentication_methods(user)
    target = f"{methods[0]['url'] if methods else reverse('account_login')}?{urlencode({'next': next_url})}"
    return HttpResponseClientRedirect(target) if getattr(request, "htmx", False) else HttpResponseRedirect(target)
