"""The withdrawal fee of domain.md 1.6, at its corners and everywhere between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianbao.settings import Settings
from qianbao.wallets.fees import fee_from_balance, withdraw_all, withdrawal_fee

SETTINGS = Settings()
BALANCES = st.integers(0, 10**9) | st.integers(0, 3_000)
FREE = st.integers(0, 100_000) | st.integers(0, 50)
RULES = st.builds(
    lambda per_mille, least: Settings(
        withdrawal_fee_per_mille=per_mille,
        withdrawal_fee_least_minor=least,
        withdrawal_unfeed_balance_minor=least,
    ),
    st.integers(0, 50),
    st.integers(0, 100),
)


@pytest.mark.parametrize(
    ("amount_minor", "free_left_minor", "fee_minor"),
    [
        (200_000, 100_000, 100),  # the worked example: 2,000.00 with 1,000.00 free costs 1.00
        (100_000, 100_000, 0),
        (100_001, 100_000, 10),  # one fen beyond costs the least fee
        (1, 0, 10),
        (10_000, 0, 10),
        (10_499, 0, 10),
        (10_500, 0, 11),  # half a fen is rounded up
        (320_000, 100_000, 220),
    ],
)
def test_the_fee_by_the_rule(amount_minor: int, free_left_minor: int, fee_minor: int) -> None:
    assert withdrawal_fee(amount_minor, free_left_minor, SETTINGS) == fee_minor


@pytest.mark.parametrize(
    ("balance_minor", "free_left_minor", "expected"),
    [
        (0, 0, (0, 0)),
        (10, 0, (10, 0)),
        (11, 0, (1, 10)),
        (320_000, 100_000, (319_780, 220)),
        (200_100, 100_000, (200_000, 100)),
        (10_510, 0, (10_500, 10)),  # 10,499 costs 10 and 10,500 costs 11: a fen would be left
        (100_005, 100_000, (100_005, 0)),  # too little is left over for even the least fee
    ],
)
def test_withdrawing_everything(
    balance_minor: int, free_left_minor: int, expected: tuple[int, int]
) -> None:
    assert withdraw_all(balance_minor, free_left_minor, SETTINGS) == expected


@given(BALANCES, FREE, RULES)
def test_everything_always_leaves_exactly_zero(balance: int, free: int, rule: Settings) -> None:
    amount, fee = withdraw_all(balance, free, rule)
    assert amount + fee == balance
    assert 0 <= fee <= withdrawal_fee(amount, free, rule)
    assert amount > 0 or balance == 0


@given(BALANCES, FREE, RULES, st.data())
def test_the_balance_covers_what_withdraw_all_gives_and_no_more(
    balance: int, free: int, rule: Settings, data: st.DataObject
) -> None:
    most, fee_of_most = withdraw_all(balance, free, rule)
    assert fee_from_balance(most, balance, free, rule) == fee_of_most
    amount = data.draw(st.integers(0, balance + 1))
    fee = fee_from_balance(amount, balance, free, rule)
    assert (amount + fee <= balance) == (amount <= most)
    assert 0 <= fee <= withdrawal_fee(amount, free, rule)


@given(BALANCES, FREE)
def test_the_rule_is_bent_by_less_than_the_least_fee_could_be(balance: int, free: int) -> None:
    amount, fee = withdraw_all(balance, free, SETTINGS)
    assert withdrawal_fee(amount, free, SETTINGS) - fee <= SETTINGS.withdrawal_fee_least_minor
