"""What merchants are told of the payments of a batch."""

from __future__ import annotations

import asyncio

from qianbao.db.pool import Pool
from qianbao.money import Money
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay, pay
from tests.kit.money import NOW, Hand, add_shop, add_wallet, clearing


async def test_jobs_are_left_for_merchants_who_want_to_be_told_only(pool: Pool) -> None:
    """Two shops are paid in one batch; one of them has given an address."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    told = await add_shop(pool, "mch_000000000000c0ffee00")
    shops = [await add_shop(pool), told]
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO webhooks (merchant_id, url, set_at) VALUES (%s, %s, %s)",
            (told, "https://shop.example/told", NOW),
        )
        for shop in shops:
            await ask_payment(
                conn, merchant_id=shop, payment_id=f"pay_{shop[4:]}", amount=Money(1_00),
                merchant_reference="table 1", description="tea", now=NOW,
            )  # fmt: skip
    async with clearing(pool, Hand()) as loop:
        await asyncio.gather(
            *(pay(loop, Pay(anna, shop, shop, f"pay_{shop[4:]}", Money(1_00))) for shop in shops)
        )
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT args->>'merchant_id' FROM procrastinate_jobs "
            "WHERE task_name = 'deliver_webhook'"
        )
        assert await cursor.fetchall() == [(told,)]
