"""A request whose answer was lost is sent again, later, when much has changed: its first answer is
given all the same, and nothing is done twice."""

from __future__ import annotations

import pytest

from qianbao.ids import id_from_key
from qianbao.ledger.proof import prove_snapshot
from qianbao.money import Money
from qianbao.payments.charge import Charge, charge
from qianbao.payments.errors import SameKeyOtherRequest
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay, pay
from qianbao.payments.refund import refund
from qianbao.payments.top_up import TopUp, top_up
from qianbao.payments.transfer import NoWalletAtPhone, send, to_phone
from qianbao.payments.withdraw import Withdraw, withdraw
from qianbao.wallets.opening import mark_closed
from tests.kit.money import KEYS, NOW, SHOP, Hand, add_shop, add_wallet, balances, clearing

TEA = Money(28_00)


async def phone_of(pool, wallet_id):
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT phone_cipher FROM wallets WHERE wallet_id = %s", (wallet_id,)
        )
        row = await cursor.fetchone()
    return KEYS.decrypt(row[0], "phone")


async def leave(pool, wallet_id):
    """The wallet is closed and its phone free, whatever is in it."""
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=wallet_id, now=NOW)


async def test_the_receiver_has_left_and_somebody_else_has_the_phone(pool):
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    phone = await phone_of(pool, taro)

    async def sent(key="a", amount=TEA):
        async with pool.connection() as conn:
            wish = await to_phone(
                conn, KEYS, wallet_id=anna, key=key, phone=phone, amount=amount, note="tea"
            )
        return await send(loop, wish)

    async with clearing(pool, Hand()) as loop:
        first = await sent()
        await leave(pool, taro)
        assert await sent() == first
        with pytest.raises(NoWalletAtPhone):
            await sent("b")
        with pytest.raises(SameKeyOtherRequest):
            await sent("a", Money(1_00))
        ben = await add_wallet(pool, "Ben")
        async with pool.connection() as conn:
            await conn.execute("UPDATE phones SET phone_index = %s WHERE wallet_id = %s",
                               (KEYS.index(phone, "phone"), ben))  # fmt: skip
        assert await sent() == first
        assert await balances(pool, anna, taro, ben) == [(72_00, 0), (28_00, 0), (0, 0)]
    assert (await prove_snapshot(pool)).sound


async def test_whoever_asked_has_left(pool):
    """Anna's wallet is closed, and the cards are gone: each verb still knows what it answered."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    phone, card = await phone_of(pool, taro), id_from_key("crd", "Anna", "0")
    await add_shop(pool)
    tea = id_from_key("pay", "test", "tea")
    async with pool.connection() as conn:
        await ask_payment(
            conn, merchant_id=SHOP, payment_id=tea, amount=TEA, merchant_reference="1",
            description="Green tea", now=NOW,
        )  # fmt: skip
        await conn.execute(
            """INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en,
               title_zh, per_charge_minor, currency, state, signed_at)
               VALUES (%s, 'man_tea', %s, 'tea', 'Tea', '茶', 5000, 'CNY', 'active', %s)""",
            (anna, SHOP, NOW),
        )

    async def transfer():
        async with pool.connection() as conn:
            wish = await to_phone(conn, KEYS, wallet_id=anna, key="t", phone=phone, amount=TEA)
        return await send(loop, wish)

    async def give_back():
        return await refund(
            loop, pool, merchant_id=SHOP, refund_id="ref_1", payment_id=tea, amount=Money(1_00),
            reason="cold",
        )  # fmt: skip

    async with clearing(pool, Hand()) as loop:
        asked = [
            transfer,
            lambda: pay(loop, Pay(anna, "p", SHOP, tea, TEA)),
            lambda: top_up(loop, TopUp(anna, "u", "ord_u", card, TEA)),
            lambda: withdraw(loop, Withdraw(anna, "w", "ord_w", card, Money(1_00))),
            lambda: charge(loop, Charge(SHOP, "pay_c", anna, TEA, "Tea", "2", "man_tea")),
            give_back,
        ]
        first = [await ask() for ask in asked]
        before = await balances(pool, anna, taro, SHOP)
        async with pool.connection() as conn:
            await conn.execute("UPDATE cards SET state = 'unlinked'")
            await conn.execute("UPDATE mandates SET state = 'ended'")
        await leave(pool, anna)
        await leave(pool, taro)
        assert [await ask() for ask in asked] == first
    assert await balances(pool, anna, taro, SHOP) == before


async def test_a_door_knows_a_repeat_before_it_looks_at_anything(pool):
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    wish = Withdraw(anna, "w", "ord_w", id_from_key("crd", "Anna", "0"), Money(1_00))
    other = Withdraw(anna, "w", "ord_w", id_from_key("crd", "Anna", "1"), Money(1_00))
    async with clearing(pool, Hand()) as loop:
        assert await loop.first_answer(wish) is None
        answer = await withdraw(loop, wish)
        assert await loop.first_answer(wish) == answer
        assert await loop.first_answer(other) is None
