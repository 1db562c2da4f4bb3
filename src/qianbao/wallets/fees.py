"""The fee of a withdrawal: domain.md 1.6. Pure; amounts in minor units, figures from the settings.

A person's first withdrawals are free up to a lifetime amount; beyond it a share of what is charged,
with a least fee, is taken from the balance on top of the amount.
"""

from __future__ import annotations

from qianbao.money import round_half_up
from qianbao.settings import Settings


def withdrawal_fee(amount_minor: int, free_left_minor: int, settings: Settings) -> int:
    """The fee by the rule, whatever the balance is."""
    charged_minor = max(0, amount_minor - free_left_minor)
    if charged_minor == 0:
        return 0
    share_minor = round_half_up(charged_minor * settings.withdrawal_fee_per_mille, 1000)
    return max(settings.withdrawal_fee_least_minor, share_minor)


def withdraw_all(balance_minor: int, free_left_minor: int, settings: Settings) -> tuple[int, int]:
    """(amount, fee) that empty the balance: together always exactly `balance_minor`.

    The rule alone would now and then leave a few fen that no withdrawal could take out, because the
    fee grows in steps. Then the fee is rounded down in the holder's favour, to that of the largest
    amount the balance covers. A balance up to `withdrawal_unfeed_balance_minor` leaves free of fee.
    """
    if balance_minor <= settings.withdrawal_unfeed_balance_minor:
        return balance_minor, 0
    covered_minor = _largest_covered(balance_minor, free_left_minor, settings)
    fee_minor = withdrawal_fee(covered_minor, free_left_minor, settings)
    return balance_minor - fee_minor, fee_minor


def fee_from_balance(
    amount_minor: int, balance_minor: int, free_left_minor: int, settings: Settings
) -> int:
    """What withdrawing `amount_minor` from `balance_minor` costs: the rule's fee, rounded down
    where `withdraw_all` does. The balance covers amount and fee exactly when the amount is at most
    what `withdraw_all` gives."""
    fee_minor = withdrawal_fee(amount_minor, free_left_minor, settings)
    most_minor, fee_of_most_minor = withdraw_all(balance_minor, free_left_minor, settings)
    return min(fee_minor, fee_of_most_minor) if amount_minor <= most_minor else fee_minor


def _largest_covered(balance_minor: int, free_left_minor: int, settings: Settings) -> int:
    """The largest amount that leaves room for its fee. Amount plus fee grows with the amount."""
    low, high = 0, balance_minor
    while low < high:
        middle = (low + high + 1) // 2
        if middle + withdrawal_fee(middle, free_left_minor, settings) <= balance_minor:
            low = middle
        else:
            high = middle - 1
    return low
