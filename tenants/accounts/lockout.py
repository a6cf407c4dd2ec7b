"""When one may try to sign in again after too many failures, the same whether an account exists or not."""

from __future__ import annotations

import math
import time

from django.core.cache import cache
from django.http import HttpRequest

from tenants.accounts.allauth_private import ratelimit

LOCKED = "Too many failed attempts to sign in. Try again in {wait}."
LONGEST = "five minutes at most"  # of allauth's limits for failures, where it is not known which one was reached


def seconds_left(request: HttpRequest, key: str) -> float:
    """Until allauth's limits take another attempt to sign in with this key; 0 where they do now."""
    left, now = 0.0, time.time()
    for rate in ratelimit.get_rates(app="allauth.account", action="login_failed"):
        name = ratelimit.get_cache_key(request, app="allauth.account", action="login_failed", rate=rate, key=key)
        attempts = cache.get(name, [])  # the newest first
        if len(attempts) >= rate.amount:
            left = max(left, attempts[rate.amount - 1] + rate.duration - now)
    return left


def in_words(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    if minutes < 1:
        return LONGEST
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
