"""Where a request comes from."""

from __future__ import annotations

import pytest

from qianbao.client_address import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "found"),
    [
        ("8.8.8.8", "", 0, "8.8.8.8"),
        ("8.8.8.8", "1.1.1.1", 0, "8.8.8.8"),  # anybody may write this
        ("10.0.0.2", "1.1.1.1", 1, "1.1.1.1"),
        ("10.0.0.2", "9.9.9.9, 1.1.1.1", 1, "1.1.1.1"),  # the first was written by who asks
        ("10.0.0.2", "9.9.9.9, 1.1.1.1, 10.0.0.3", 2, "1.1.1.1"),
        ("10.0.0.2", "1.1.1.1", 0, ""),  # a proxy nobody told us of
        ("127.0.0.1", "", 0, ""),
        ("8.8.8.8", "", 1, "8.8.8.8"),
        ("10.0.0.2", "nonsense", 1, ""),
        ("", "", 0, ""),
        ("2a00:1450:4001:830::200e", "", 0, "2a00:1450:4001:830::/64"),
        ("::ffff:8.8.8.8", "", 0, "8.8.8.8"),
        ("fe80::1%eth0", "", 0, ""),
    ],
)
def test_who_asks(peer: str, forwarded: str, proxies: int, found: str) -> None:
    assert client_address(peer, forwarded, proxies) == found
