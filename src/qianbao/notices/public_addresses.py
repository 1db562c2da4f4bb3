"""Merchants say where their events go; it may not be somewhere inside the operator's network.

Here belongs looking at where an address leads before anything is sent there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import httpx


class NotPublic(httpx.ConnectError):
    """The address leads somewhere inside a network."""


NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def public_only(request: httpx.Request) -> None:
    """A request hook of httpx: sends to the very address that was looked at, so that a name cannot
    lead elsewhere a moment later. Raises `NotPublic` when any of the name's addresses is not
    public, `httpx.ConnectError` when it has none."""
    host = request.url.host
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, request.url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("no such host", request=request) from error
    addresses = [str(place[4][0]) for place in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise NotPublic("not a public address", request=request)
    request.extensions["sni_hostname"] = host  # the certificate is still the name's
    request.url = request.url.copy_with(host=addresses[0])


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet's; those that carry an IPv4 address inside
    are as public as that one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inner:
            return inner.is_global and not inner.is_multicast
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast
