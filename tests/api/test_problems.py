"""A problem says when to come back, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from qianbao.api.access import TokenMissing
from qianbao.api.problems import DatabaseAway, as_response
from qianbao.errors import QianbaoError
from qianbao.rollouts.passwords import SignInBusy
from qianbao.wallets.code_limits import CodesFromAddress
from qianbao.wallets.errors import WalletClosed

NOBODY: Any = None


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (CodesFromAddress(limit=5, left_seconds=1801), "1801"),
        (SignInBusy(left_seconds=5), "5"),
        (DatabaseAway(), "1"),
        (WalletClosed(), None),
    ],
)
def test_when_to_come_back(error: QianbaoError, after: str | None) -> None:
    answer = as_response(NOBODY, error)
    assert answer.headers.get("Retry-After") == after
    assert answer.status_code == error.status
    assert answer.content.type == f"/errors/{error.code}"


def test_what_to_come_back_with() -> None:
    assert as_response(NOBODY, TokenMissing()).headers["WWW-Authenticate"] == "Bearer"
