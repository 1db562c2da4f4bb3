"""Money moves, or does not: each story is a table of requests with the outcome expected of each."""

from __future__ import annotations

import asyncio

import pytest

from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.ledger.proof import prove_snapshot
from qianbao.money import MAX_AMOUNT_MINOR, Money
from qianbao.payments.bank_orders import BankAnswered
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay, pay
from qianbao.payments.refund import refund
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw
from tests.kit.money import (
    NOW,
    SHOP,
    Hand,
    add_shop,
    add_wallet,
    balances,
    clearing,
    wallet_of,
)


async def test_sending(pool):
    """Anna sends Taro money, in every way it can go wrong and one in which it does not."""
    anna, taro = [await add_wallet(pool, name, balance_minor=100_00) for name in ("Anna", "Taro")]
    story = [
        # key, amount, currency, to, outcome
        ("a", 30_00, "CNY", taro, "done"),
        ("a", 30_00, "CNY", taro, "done"),  # the same again: the first answer, no more money
        ("a", 31_00, "CNY", taro, "same_key_other_request"),
        ("b", 0, "CNY", taro, "amount_out_of_range"),
        ("c", -1, "CNY", taro, "amount_out_of_range"),
        ("d", 10**18, "CNY", taro, "amount_out_of_range"),
        ("e", MAX_AMOUNT_MINOR, "CNY", taro, "blocked_by_policy"),
        ("f", 10_00, "EUR", taro, "currency_unsupported"),
        ("g", 10_00, "CNY", anna, "same_account"),
        ("h", 70_01, "CNY", taro, "insufficient_funds"),
        ("h", 70_00, "CNY", taro, "done"),  # a refusal is not remembered under its key
        ("i", 1, "CNY", taro, "insufficient_funds"),
        ("j", 1, "CNY", wallet_of("nobody"), "receiver_cannot_receive"),
    ]
    async with clearing(pool, Hand()) as loop:
        for key, amount, currency, to, outcome in story:
            request = SendMoney(anna, key, to, Money(amount, currency))
            assert await outcome_of(send(loop, request)) == outcome, (key, amount)
    assert await balances(pool, anna, taro) == [(0, 0), (200_00, 0)]
    assert (await prove_snapshot(pool)).sound


async def test_paying_and_refunding(pool):
    """A tea is paid once, and refunded in parts that never add up to more than it cost."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    tea, other = (id_from_key("pay", "test", word) for word in ("tea", "other"))
    async with pool.connection() as conn:
        await ask_payment(
            conn, merchant_id=SHOP, payment_id=tea, amount=Money(28_00), merchant_reference="1",
            description="Green tea", now=NOW,
        )  # fmt: skip
    async with clearing(pool, Hand()) as loop:

        async def give_back(refund_id: str, amount: int) -> str:
            return await outcome_of(
                refund(
                    loop, pool, merchant_id=SHOP, refund_id=refund_id, payment_id=tea,
                    amount=Money(amount), reason="cold",
                )
            )  # fmt: skip

        assert await give_back("r0", 1_00) == "payment_not_paid"
        for key, payment, amount, outcome in [
            ("a", other, 28_00, "payment_unknown"),
            ("a", tea, 27_00, "payment_unknown"),  # not the amount that was shown
            ("a", tea, 28_00, "done"),
            ("a", tea, 28_00, "done"),
            ("b", tea, 28_00, "payment_not_awaiting"),
        ]:
            request = Pay(anna, key, SHOP, payment, Money(amount))
            assert await outcome_of(pay(loop, request)) == outcome, (key, amount)
        assert await balances(pool, anna, SHOP) == [(72_00, 0), (28_00, 0)]
        for refund_id, amount, outcome in [
            ("r1", 20_00, "done"),
            ("r1", 20_00, "done"),
            ("r1", 8_00, "same_key_other_request"),
            ("r2", 8_01, "refund_exceeds_payment"),
            ("r2", 8_00, "done"),
            ("r3", 1, "refund_exceeds_payment"),
        ]:
            assert await give_back(refund_id, amount) == outcome, refund_id
    assert await balances(pool, anna, SHOP) == [(100_00, 0), (0, 0)]
    assert (await prove_snapshot(pool)).sound


async def test_a_payment_is_made_once_by_two_at_once(pool):
    """Anna and Taro scan the same code at the same moment: one pays, one is told."""
    people = [await add_wallet(pool, name, balance_minor=50_00) for name in ("Anna", "Taro")]
    await add_shop(pool)
    tea = id_from_key("pay", "test", "tea")
    async with pool.connection() as conn:
        await ask_payment(
            conn, merchant_id=SHOP, payment_id=tea, amount=Money(28_00), merchant_reference="1",
            description="Green tea", now=NOW,
        )  # fmt: skip
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        loops = (one, two)
        outcomes = await asyncio.gather(
            *(
                outcome_of(pay(loop, Pay(person, "k", SHOP, tea, Money(28_00))))
                for loop, person in zip(loops, people, strict=True)
            )
        )
    assert sorted(outcomes) == ["done", "payment_not_awaiting"]
    assert (await balances(pool, SHOP)) == [(28_00, 0)]


async def test_withdrawing(pool):
    """domain.md 1.6: 1,000 free for life, then 0.1 %, at least 0.10; a bank's refusal gives all
    of it back, the free amount included."""
    anna = await add_wallet(pool, "Anna", balance_minor=3200_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as loop:
        order = await loop.submit(Withdraw(anna, "a", "ord_a", card, Money(2000_00)))
        assert (order.amount_minor, order.fee_minor, order.free_used_minor) == (
            2000_00,
            1_00,
            1000_00,
        )
        assert await balances(pool, anna) == [(3200_00, 2001_00)]
        assert await outcome_of(loop.submit(answered(order, settled=False))) == "done"
        assert await balances(pool, anna) == [(3200_00, 0)]

        everything = await loop.submit(Withdraw(anna, "b", "ord_b", card, None))
        assert (everything.amount_minor, everything.fee_minor) == (3197_80, 2_20)
        assert await outcome_of(loop.submit(answered(everything, settled=True))) == "done"
        assert await outcome_of(loop.submit(answered(everything, settled=True))) == "done"
        assert await balances(pool, anna, "bank:ICBC", "operator:fees") == [
            (0, 0),
            (3197_80, 0),
            (2_20, 0),
        ]
        refused = await outcome_of(loop.submit(Withdraw(anna, "c", "ord_c", card, None)))
        assert refused == "insufficient_funds"
        other = await outcome_of(loop.submit(Withdraw(anna, "d", "ord_d", "crd_x", Money(1))))
        assert other == "card_not_linked"
    assert (await prove_snapshot(pool)).sound


async def test_topping_up(pool):
    """Money counts as received from when it is asked for; a bank's refusal gives the limit back."""
    taro = await add_wallet(pool, "Taro", banks=("BOC",), evidence=())  # Category I: 1,000 for life
    await add_shop(pool)
    card = id_from_key("crd", "Taro", "0")
    async with clearing(pool, Hand()) as loop:
        order = await loop.submit(TopUp(taro, "a", "ord_a", card, Money(700_00)))
        blocked = await outcome_of(loop.submit(TopUp(taro, "b", "ord_b", card, Money(400_00))))
        assert blocked == "blocked_by_policy"
        await loop.submit(answered(order, settled=False))
        again = await loop.submit(TopUp(taro, "b", "ord_b", card, Money(400_00)))
        await loop.submit(answered(again, settled=True))
    assert await balances(pool, taro, "bank:BOC") == [(400_00, 0), (-400_00, 0)]
    assert (await prove_snapshot(pool)).sound


async def test_six_holds_of_a_thousand_on_five_thousand(pool):
    """blnk#181: six withdrawals at once from 5,000: what is held never passes the balance."""
    anna = await add_wallet(pool, "Anna", balance_minor=5000_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        outcomes = await asyncio.gather(
            *(
                outcome_of(
                    (one, two)[n % 2].submit(
                        Withdraw(anna, f"k{n}", f"ord_{n}", card, Money(1000_00))
                    )
                )
                for n in range(6)
            )
        )
    assert sorted(set(outcomes)) == ["done", "insufficient_funds"]
    [(balance, held)] = await balances(pool, anna)
    assert balance == 5000_00
    assert held <= balance


async def test_two_banks_bites_at_midnight(pool):
    """The day before, one bank is enough; on the day, the refusal says everything, and withdrawing
    stays free."""
    anna = await add_wallet(pool, "Anna", balance_minor=3200_00, banks=("ICBC",))
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    clock = Hand()
    clock.at = clock.at.replace(year=2027, month=1, day=14, hour=15, minute=59)  # 23:59 in Shanghai
    async with clearing(pool, clock) as loop:
        await send(loop, SendMoney(anna, "a", taro, Money(1_00)))
        clock.move(minutes=1)
        with pytest.raises(BlockedByPolicy) as refusal:
            await send(loop, SendMoney(anna, "b", taro, Money(1_00)))
        [reason] = refusal.value.decision.reasons
        assert reason.policy == "two-banks"
        assert next((leaf.fact, leaf.actual) for leaf in reason.compared) == ("linked_banks", 1)
        codes = [[step.action for step in way.steps] for way in refusal.value.ways_out]
        assert any("link_card" in steps and "close_wallet" not in steps for steps in codes)
        assert any("close_wallet" in steps and "reopen_wallet" in steps for steps in codes)
        card = id_from_key("crd", "Anna", "0")
        order = await loop.submit(Withdraw(anna, "c", "ord_c", card, None))
        assert order.amount_minor + order.fee_minor == 3199_00
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT wallet_id, capability, outcome FROM decisions")
        assert (anna, "transfer", "blocked") in await cursor.fetchall()


async def test_limits_start_again_with_the_year(pool):
    """Category II: 100,000 a year, counted where the holder lives."""
    anna = await add_wallet(pool, "Anna", balance_minor=200_000_00)
    taro = await add_wallet(pool, "Taro")
    clock = Hand(NOW.replace(month=12, day=31, hour=15, minute=59))  # 23:59 on New Year's Eve there
    async with clearing(pool, clock) as loop:
        assert await outcome_of(send(loop, SendMoney(anna, "a", taro, Money(100_000_00)))) == "done"
        over = await outcome_of(send(loop, SendMoney(anna, "b", taro, Money(1))))
        assert over == "blocked_by_policy"
        clock.move(minutes=1)
        assert await outcome_of(send(loop, SendMoney(anna, "b", taro, Money(1)))) == "done"


async def test_the_same_request_from_two_processes_at_once(pool):
    """formance#364: concurrent duplicates get one and the same whole answer."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        request = SendMoney(anna, "a", taro, Money(30_00))
        answers = await asyncio.gather(*(send((one, two)[n % 2], request) for n in range(8)))
    assert len({answer.transfer_id for answer in answers}) == 1
    assert await balances(pool, anna, taro) == [(70_00, 0), (30_00, 0)]


async def test_a_bad_neighbour_fails_alone(pool):
    """One request in the batch breaks a rule of the database; the others are settled."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as loop:
        await loop.submit(Withdraw(anna, "first", "ord_same", card, Money(1_00)))
        outcomes = await asyncio.gather(
            outcome_of(send(loop, SendMoney(anna, "a", taro, Money(10_00)))),
            outcome_of(loop.submit(Withdraw(anna, "clash", "ord_same", card, Money(1_00)))),
            outcome_of(send(loop, SendMoney(anna, "b", taro, Money(10_00)))),
        )
    assert outcomes == ["done", "request_clash", "done"]
    assert (await prove_snapshot(pool)).sound


def answered(order, *, settled):
    """The bank's word on an order."""
    return BankAnswered(
        wallet_id=order.wallet_id,
        order_id=order.order_id,
        bank=order.bank,
        currency=order.currency,
        hold_id=order.hold_id,
        settled=settled,
        result="OK" if settled else "CARD_LOST",
    )


async def outcome_of(coroutine):
    """ "done", or the code of the error."""
    try:
        await coroutine
    except QianbaoError as error:
        return error.code
    return "done"
