"""PINs and passwords hashed with little work, in the tests' own process.

Argon2 is slow on purpose, and most tests hash what nobody attacks. A test of what depends on its
taking long asks for `slow_hashing`. Other processes, a stack's say, always hash as in real use.
"""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from qianbao.rollouts import passwords
from qianbao.wallets import pin

_quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
_nobodys = _quick.hash("nobody has this password")


@pytest.fixture(autouse=True)
def _quick_hashing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "slow_hashing" not in request.fixturenames:
        monkeypatch.setattr(pin, "_hasher", _quick)
        monkeypatch.setattr(passwords, "_hasher", _quick)
        monkeypatch.setattr(passwords, "NOBODYS", _nobodys)


@pytest.fixture
def slow_hashing() -> None:
    """Hashing takes as long as in real use."""
