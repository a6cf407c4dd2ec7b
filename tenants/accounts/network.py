"""Whose network an address belongs to: one subscriber holds a whole IPv6 /64, and may use a new address every time."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

IPV6_PREFIX = 64  # as allauth groups addresses in its rate limits


def network_of(address: str) -> str:
    """An IPv4 address itself, also one written as IPv6; the /64 of any other IPv6 address; other text unchanged."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), IPV6_PREFIX), strict=False))
