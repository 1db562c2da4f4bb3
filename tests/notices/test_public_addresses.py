"""Events go to merchants, and never into the operator's own network."""

from __future__ import annotations

import socket

import httpx
import pytest

from qianbao.notices.public_addresses import is_public, public_only


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::a9fe:a9fe",
        "ff02::1",
    ],
)  # fmt: skip
def test_what_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_what_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x",
                                 "https://2130706433/x", "https://0x7f.1/x"])  # fmt: skip
async def test_an_inner_address_is_not_reached(url):
    """However it is written."""
    arrived = []
    transport = httpx.MockTransport(lambda request: arrived.append(request) or httpx.Response(204))
    hooks = {"request": [public_only]}
    async with httpx.AsyncClient(transport=transport, event_hooks=hooks) as http:
        with pytest.raises(httpx.ConnectError):
            await http.post(url)
    assert arrived == []


async def test_the_address_looked_at_is_the_one_sent_to(monkeypatch):
    """A name that leads elsewhere a moment later changes nothing; the certificate asked for is
    still the name's."""
    arrived = []
    transport = httpx.MockTransport(lambda request: arrived.append(request) or httpx.Response(204))
    place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [place])
    hooks = {"request": [public_only]}
    async with httpx.AsyncClient(transport=transport, event_hooks=hooks) as http:
        await http.post("https://noodles.test/hooks")
    [request] = arrived
    assert request.url.host == "93.184.215.14"
    assert request.headers["host"] == "noodles.test"
    assert request.extensions["sni_hostname"] == "noodles.test"
