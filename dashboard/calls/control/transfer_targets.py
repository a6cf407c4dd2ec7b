"""Where a call may be transferred to: a phone number, by the rules of calls, or a SIP address."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote

from dashboard.calls.placing import destinations, number_text
from dashboard.calls.placing.number_rules import Rule
from tenants.models import Tenant

LONGEST = 200
SIP_ADDRESS = "Write the SIP address like sip:desk@example.com."
SIP_HOST = "The SIP address needs the full name of its host, like sip:desk@example.com."
SIP_PASSWORD = "Leave the password out of the SIP address."
INTERNAL = (
    "“{text}” is an internal extension, which VoiceDock cannot dial. Type the full number of that phone, like "
    "+31 20 555 0150, or the SIP address of the extension, like sip:{text}@pbx.example.com."
)
USER = r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2})+"
SIP = re.compile(
    rf"(?P<scheme>sips?):(?:(?P<user>{USER})(?::(?P<password>[^@]*))?@)"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(?::(?P<port>\d{1,5}))?"
    r"(?:;[a-z\-]+(?:=[A-Za-z0-9\-_.:\[\]]+)?)*",
    re.IGNORECASE,
)
HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?")
NUMBER_LIKE = re.compile(r"\+?[\d\-.()\s]+")
REFUSED_IN_SIP = (Rule.EMERGENCY, Rule.COSTLY, Rule.NOBODY_ANSWERS, Rule.COUNTRY)


def read(tenant: Tenant, text: str) -> str:
    """What VoiceDock is given as `destination`. Raises `destinations.NotCallable`, and `Ambiguous` of numbers."""
    typed = number_text.visible(text)
    if typed.lower().startswith(("sip:", "sips:")):
        return _sip(tenant, typed)
    if "@" in typed:
        raise destinations.NotCallable(SIP_ADDRESS, Rule.UNREADABLE)
    try:
        return destinations.read_for(tenant, typed)
    except destinations.NotCallable as error:
        if error.rule == Rule.INVALID and re.fullmatch(rf"\d{{1,{destinations.SHORTEST}}}", typed):
            raise destinations.NotCallable(INTERNAL.format(text=typed), Rule.INVALID) from None
        raise


def _sip(tenant: Tenant, typed: str) -> str:
    found = SIP.fullmatch(typed)
    if found is None or len(typed) > LONGEST:
        raise destinations.NotCallable(SIP_ADDRESS, Rule.UNREADABLE)
    if found["password"] is not None:
        raise destinations.NotCallable(SIP_PASSWORD, Rule.UNREADABLE)
    if not _is_host(found["host"]) or not 0 < int(found["port"] or 5060) < 65536:
        raise destinations.NotCallable(SIP_HOST, Rule.UNREADABLE)
    _check_user(tenant, unquote(found["user"]).partition(";")[0])
    return typed


def _is_host(host: str) -> bool:
    """A host name with a domain, or an address that is reached from outside."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(labels) > 1 and all(map(HOST_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _check_user(tenant: Tenant, user: str) -> None:
    """A user that is a number is dialed by whoever has the host: refused where the number would be.

    Other digits are extensions of that host, and its own affair.
    """
    if not NUMBER_LIKE.fullmatch(user):
        return
    try:
        destinations.read_for(tenant, user)
    except destinations.NotCallable as error:
        if error.rule in REFUSED_IN_SIP:
            raise
