"""Where a call may be transferred to: a phone number, by the rules of calls, or a SIP address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from dashboard.calls.control import sip_user
from dashboard.calls.placing import destinations, number_text
from dashboard.calls.placing.number_rules import Rule
from tenants.isolation import scope
from tenants.models import NumberDedication, Tenant

LONGEST = 200
SIP_ADDRESS = "Write the SIP address like sip:desk@example.com."
SIP_HOST = "The SIP address needs the full name of its host, like sip:desk@example.com."
SIP_USER = (
    "“{user}” in front of the @ cannot be read. Write a name, an extension or a whole phone number there, like "
    "sip:desk@example.com or sip:+31205550150@example.com."
)
SIP_PARAMETER = "Leave “{parameter}” out of the SIP address. Only ;transport and ;user can stand behind the host."
PARAMETER = re.compile(r"transport=(?:udp|tcp|tls|wss?)|user=(?:phone|ip)|lr", re.IGNORECASE)
SIP_PASSWORD = "Leave the password out of the SIP address."
INTERNAL = (
    "“{text}” is an internal extension, which VoiceDock cannot dial. Type the full number of that phone, like "
    "+31 20 555 0150, or the SIP address of the extension, like sip:{text}@pbx.example.com."
)
USER = r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2})+"
SIP = re.compile(
    rf"(?P<scheme>sips?):(?:(?P<user>{USER})(?::(?P<password>[^@]*))?@)"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(?::(?P<port>\d{1,5}))?"
    r"(?P<parameters>(?:;[A-Za-z0-9\-]+(?:=[A-Za-z0-9\-_.:\[\]]+)?)*)",
    re.IGNORECASE,
)
HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?")
OWN_LINE = (
    "This is one of your own lines: an assistant answers there. Type the number of the person or team who takes over."
)
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
    for parameter in filter(None, found["parameters"].split(";")):
        if not PARAMETER.fullmatch(parameter):  # such as maddr, which leads to another host
            raise destinations.NotCallable(SIP_PARAMETER.format(parameter=f";{parameter}"), Rule.UNREADABLE)
    _check_user(tenant, found["user"], own)
    return typed


def _is_host(host: str) -> bool:
    """A host name with a domain, or an address that is reached from outside."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(labels) > 1 and all(map(HOST_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _check_user(tenant: Tenant, user: str, own: Collection[str]) -> None:
    """A user that may be dialed as a number by whoever has the host is refused where that number would be.

    Other digits are extensions of that host, and its own affair.
    """
    try:
        numbers = sip_user.numbers(user)
    except sip_user.UnreadableUser:
        raise destinations.NotCallable(SIP_USER.format(user=user), Rule.UNREADABLE) from None
    for number in sorted(numbers):
        for reading in _readings(tenant, number, own):
            _refuse(tenant, reading, own)


def _readings(tenant: Tenant, number: str, own: Collection[str]) -> Collection[str]:
    """The number, or each of those (E.164) that it can be read as."""
    try:
        _number(tenant, number, own)
    except destinations.Ambiguous as error:
        return error.readings
    except destinations.NotCallable:
        pass
    return [number]


def _refuse(tenant: Tenant, number: str, own: Collection[str]) -> None:
    try:
        _number(tenant, number, own)
    except destinations.NotCallable as error:
        if error.rule in REFUSED_IN_SIP:
            raise
