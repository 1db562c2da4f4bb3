"""A merchant's payments, as its engineer pages through them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.db.pages import CursorInvalid
from qianbao.ids import id_from_key
from qianbao.money import Money
from qianbao.payments.answers import sql
from qianbao.payments.merchants import ask_payment, list_payments
from tests.kit.money import NOW, SHOP, add_shop

OTHER = "mch_00000000000000000000"


async def ask(conn, number, *, minutes, merchant_id=SHOP):
    """A payment whose id says nothing of when it was asked for, as the API makes them."""
    payment = await ask_payment(
        conn, merchant_id=merchant_id, payment_id=id_from_key("pay", merchant_id, str(number)),
        amount=Money(1_00), merchant_reference=str(number), description="Tea",
        now=NOW + timedelta(minutes=minutes),
    )  # fmt: skip
    return payment.payment_id


async def test_newest_first_and_each_once(pool):
    """Two at one moment are told apart by their ids, and what comes in meanwhile moves nothing."""
    await add_shop(pool)
    async with pool.connection() as conn:
        asked = [await ask(conn, number, minutes=number // 2) for number in range(9)]
        page = await list_payments(conn, merchant_id=SHOP, limit=4)
        seen = list(page.items)
        await ask(conn, "late", minutes=60)
        while page.next is not None:
            page = await list_payments(conn, merchant_id=SHOP, limit=4, after=page.next)
            seen += page.items
    assert {one.payment_id for one in seen} == set(asked)
    assert len(seen) == len(asked)
    places = [(one.created_at, one.payment_id) for one in seen]
    assert places == sorted(places, reverse=True)


async def test_a_place_is_only_a_place(pool):
    """A cursor of another merchant's list shows nothing of it; nonsense is told to be."""
    await add_shop(pool)
    await add_shop(pool, OTHER)
    async with pool.connection() as conn:
        for number in range(3):
            await ask(conn, number, minutes=number)
        await ask(conn, 9, minutes=-1, merchant_id=OTHER)
        stolen = (await list_payments(conn, merchant_id=SHOP, limit=1)).next
        mine = await list_payments(conn, merchant_id=OTHER, after=stolen)
        assert {one.merchant_id for one in mine.items} == {OTHER}
        forged = ("tea", "~", "é", "bnVsbA", "WyIyMDI2LTEyLTIwVDAxOjAwOjAwIiwieCJd")
        for nonsense in forged:  # the last names a moment without a zone
            with pytest.raises(CursorInvalid):
                await list_payments(conn, merchant_id=SHOP, after=nonsense)


async def test_an_index_finds_the_page(pool):
    async with pool.connection() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        cursor = await conn.execute(
            b"EXPLAIN " + sql.list_payments,
            {"merchant_id": SHOP, "after_at": "infinity", "after_id": "", "limit": 51},
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "payments_by_merchant" in plan
    assert "Sort" not in plan
