"""Closing: everything in the way is listed at once, each with where to resolve it."""

from __future__ import annotations

import pytest

from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.closing import closing_blockers
from qianbao.remedies.take import unmet
from tests.policy.cast import AFTER_ENFORCEMENT, anna, ben

CLEAN = anna(
    balance_minor=0, mandates_active=0, pay_score_on=False, card_banks=(), score_orders_open=0
)


def test_ben_sees_the_articles_four_blockers_together() -> None:
    found = {blocker.code: blocker for blocker in closing_blockers(ben())}
    assert list(found) == ["balance", "mandates", "pay_score", "cards"]
    assert found["balance"].en == "¥3,200.00 is still in the wallet."
    assert found["balance"].zh == "钱包中还有余额 ¥3,200.00。"
    assert found["balance"].amount_minor == 320_000
    assert (found["mandates"].count, found["mandates"].amount_minor) == (2, None)
    assert {code: blocker.screen for code, blocker in found.items()} == {
        "balance": "/me/pay/wallet/withdraw",
        "mandates": "/me/pay/manage/auto-deduction",
        "pay_score": "/me/pay/manage/pay-score",
        "cards": "/me/pay/cards",
    }
    assert found["mandates"].api == "DELETE /v1/mandates/{id}"


@pytest.mark.parametrize(
    ("change", "code", "count"),
    [
        ({"balance_minor": 1}, "balance", 1),
        ({"balance_minor": 5, "held_minor": 5}, "in_flight", 1),
        ({"in_flight": 2}, "in_flight", 2),
        ({"mandates_active": 3}, "mandates", 3),
        ({"score_orders_open": 1}, "score_orders", 1),
        ({"pay_score_on": True}, "pay_score", 1),
        ({"card_banks": ("ICBC", "ICBC")}, "cards", 2),
        ({"legal_hold": True}, "legal_hold", 1),
    ],
)
def test_each_blocker_alone_is_told_alone(change: dict[str, int], code: str, count: int) -> None:
    wallet = anna(**({name: getattr(CLEAN, name) for name in CLEAN.__struct_fields__} | change))
    assert [(one.code, one.count) for one in closing_blockers(wallet)] == [(code, count)]


def test_the_blockers_are_the_needs_of_closing_and_nothing_else() -> None:
    assert closing_blockers(CLEAN) == ()
    assert unmet(ACTIONS["close_wallet"], "", CLEAN, AFTER_ENFORCEMENT) == []
    busy = ben(in_flight=1, score_orders_open=1, legal_hold=True)
    needs = [need.code for need in unmet(ACTIONS["close_wallet"], "", busy, AFTER_ENFORCEMENT)]
    assert [blocker.code for blocker in closing_blockers(busy)] == needs


def test_each_cure_removes_its_blocker() -> None:
    """One after the other, in the order in which they are listed."""
    wallet = ben(in_flight=1, held_minor=7, score_orders_open=1, legal_hold=True)
    for blocker in closing_blockers(wallet):
        cure = ACTIONS[blocker.cure]
        wallet = cure.effect(wallet, str(blocker.count), AFTER_ENFORCEMENT)
        assert blocker.code not in [left.code for left in closing_blockers(wallet)]
    assert closing_blockers(wallet) == ()
