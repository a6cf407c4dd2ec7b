"""Where a call may be transferred to: a phone number, by the rules of calls, or a SIP address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import unquote

from dashboard.calls.placing import destinations, number_text
from dashboard.calls.placing.number_rules import Rule
from tenants.isolation import scope
from tenants.models import NumberDedication, Tenant

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
OWN_LINE = (
    "This is one of your own lines: an assistant answers there. Type the number of the person or team who takes over."
)
NUMBER_LIKE = re.compile(r"\+?[\d\-.()\s]+")
REFUSED_IN_SIP = (Rule.EMERGENCY, Rule.COSTLY, Rule.NOBODY_ANSWERS, Rule.COUNTRY, Rule.OWN_LINE)


@scope.requires_scope
def own_lines(tenant: Tenant) -> frozenset[str]:
    """The numbers (E.164) on which the client's own assistants answer."""
    return frozenset(NumberDedication.objects.open().filter(tenant=tenant).values_list("e164", flat=True))


def read(tenant: Tenant, text: str, *, own: Collection[str] = ()) -> str:
    """What VoiceDock is given as `destination`. Raises `destinations.NotCallable`, and `Ambiguous` of numbers.

    `own` are the client's lines, to which nothing is transferred.
    """
    typed = number_text.visible(text)
    if typed.lower().startswith(("sip:", "sips:")):
        return _sip(tenant, typed, own)
    if "@" in typed:
        raise destinations.NotCallable(SIP_ADDRESS, Rule.UNREADABLE)
    try:
        return _number(tenant, typed, own)
    except destinations.NotCallable as error:
        if error.rule == Rule.INVALID and re.fullmatch(rf"\d{{1,{destinations.SHORTEST}}}", typed):
            raise destinations.NotCallable(INTERNAL.format(text=typed), Rule.INVALID) from None
        raise


def _number(tenant: Tenant, text: str, own: Collection[str]) -> str:
    e164 = destinations.read_for(tenant, text)
    if e164 in own:
        raise destinations.NotCallable(OWN_LINE, Rule.OWN_LINE)
    return e164


def _sip(tenant: Tenant, typed: str, own: Collection[str]) -> str:
    found = SIP.fullmatch(typed)
    if found is None or len(typed) > LONGEST:
        raise destinations.NotCallable(SIP_ADDRESS, Rule.UNREADABLE)
    if found["password"] is not None:
        raise destinations.NotCallable(SIP_PASSWORD, Rule.UNREADABLE)
    if not _is_host(found["host"]) or not 0 < int(found["port"] or 5060) < 65536:
        raise destinations.NotCallable(SIP_HOST, Rule.UNREADABLE)
    _check_user(tenant, unquote(found["user"]).partition(";")[0], own)
    return typed


def _is_host(host: str) -> bool:
    """A host name with a domain, or an address that is reached from outside."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(labels) > 1 and all(map(HOST_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _check_user(tenant: Tenant, user: str, own: Collection[str]) -> None:
    """A user that is a number is dialed by whoever has the host: refused where the number would be.

    Other digits are extensions of that host, and its own affair.
    """
    if not NUMBER_LIKE.fullmatch(user):
        return
    try:
        _number(tenant, user, own)
    except destinations.NotCallable as error:
        if error.rule in REFUSED_IN_SIP:
            raise
