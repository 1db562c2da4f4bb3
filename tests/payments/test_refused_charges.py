"""A tea house charges Anna, who cannot be charged: it is told just that, and nothing of hers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qianbao.api.problems import problem
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.money import Money
from qianbao.payments.charge import Charge, HolderLacksFunds, charge
from qianbao.payments.decisions import list_decisions
from qianbao.payments.errors import ChargeNeedsHolder
from qianbao.policy.policies import load_pack, load_policy
from tests.kit.money import SHOP, Hand, add_shop, add_wallet, clearing

ASKS = """\
policy: large
version: 1
title: {en: A code above 500, zh: 超过 500 元须验证}
basis: the operator's own
applies_to: 'TRUE'
when: amount_minor > 50000
otherwise: {require: [code], before: [be_charged]}
"""
LATER = datetime(2027, 2, 1, 2, 0, tzinfo=UTC)
BLOCKED_BY = {
    "legal-hold": "legal_hold = true",
    "two-banks": "card_banks = '{ICBC}'",
    "document-expiry": "document_valid_until = '2026-01-01'",
    "real-name": "verified_at = NULL",
}


async def _anna(pool: Pool, *, balance_minor: int = 3_200_00) -> str:
    anna = await add_wallet(pool, "Anna", balance_minor=balance_minor)
    await add_shop(pool)
    async with pool.connection() as conn:
        await conn.execute(
            """INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en,
               title_zh, per_charge_minor, currency, state, signed_at)
               VALUES (%s, 'm1', %s, 'tea', 'Tea', '茶', 90000, 'CNY', 'active', now())""",
            (anna, SHOP),
        )
    return anna


def _of(wallet_id: str, minor: int = 28_00, **permitted: str) -> Charge:
    payment_id = id_from_key("pay", "test", str(minor))
    return Charge(
        SHOP, payment_id, wallet_id, Money(minor), "Tea", "1", **permitted or {"mandate_id": "m1"}
    )


@pytest.mark.parametrize("rule", BLOCKED_BY)
@pytest.mark.parametrize("door", ["mandate", "score order"])
async def test_whatever_the_rule_the_merchant_hears_the_same(
    pool: Pool, rule: str, door: str
) -> None:
    anna = await _anna(pool)
    asked = _of(anna)
    async with pool.connection() as conn:
        await conn.execute(
            f"UPDATE wallets SET {BLOCKED_BY[rule]} WHERE wallet_id = %s".encode(), (anna,)
        )
        if door == "score order":
            asked = _of(anna, score_order_id="s1")
            await conn.execute(
                """INSERT INTO score_orders (wallet_id, score_order_id, merchant_id,
                   merchant_reference, introduction, deposit_minor, amount_minor, currency, state,
                   payment_id, created_at)
                   VALUES (%s, 's1', %s, '1', 'Tea', 9900, 2800, 'CNY', 'doing', %s, now())""",
                (anna, SHOP, asked.payment_id),
            )
    async with clearing(pool, Hand(LATER), load_pack()) as loop:
        with pytest.raises(QianbaoError) as refused:
            await charge(loop, asked)
    told = problem(refused.value)
    assert told.code == "holder_cannot_be_charged"
    assert (told.blockers, told.ways_out, told.asks, told.step_up) == (None,) * 4
    assert told.values == {}
    assert refused.value.__cause__ is None
    async with pool.connection() as conn:
        (logged,) = await list_decisions(conn, wallet_id=anna)
    assert rule in {one["policy"] for one in logged.reasons}  # operators and Anna know it all


async def test_a_rule_that_asks_for_her_code_is_not_named(pool: Pool) -> None:
    anna = await _anna(pool)
    async with clearing(
        pool, Hand(), (load_policy(ASKS),), mandate_per_charge_minor=900_00
    ) as loop:
        with pytest.raises(ChargeNeedsHolder) as refused:
            await charge(loop, _of(anna, 501_00))
    told = problem(refused.value)
    assert told.values == {}
    assert "500" not in told.detail


async def test_what_she_has_is_not_told(pool: Pool) -> None:
    anna = await _anna(pool, balance_minor=27_99)
    async with clearing(pool, Hand(), ()) as loop:
        with pytest.raises(HolderLacksFunds) as refused:
            await charge(loop, _of(anna))
    told = problem(refused.value)
    assert told.values == {}
    assert "27.99" not in str(told)
