"""Where a request comes from, as far as that can be known.

Behind proxies a connection comes from the nearest of them; which entries of `X-Forwarded-For` may
be believed is a setting, because whoever asks can write into it what they like.
"""

from __future__ import annotations

import ipaddress


def client_address(peer: str, forwarded: str, proxies: int) -> str:
    """The network that asks: an IPv4 address, or the /64 of an IPv6 address, which one subscriber
    has to themselves. Empty when it is one of our own network's (a proxy nobody told us of, this
    machine) or none: then it says nothing of who asks. `proxies` is how many stand in front."""
    hops = [hop.strip() for hop in forwarded.split(",")] if forwarded.strip() else []
    place = hops[-proxies] if 0 < proxies <= len(hops) else peer
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
