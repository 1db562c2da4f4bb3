"""What went wrong with money for the users of other wallets, each case by its name, once."""

from __future__ import annotations

import asyncio

import pytest

from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.leaving.close import ClosingBlocked, close
from qianbao.ledger import InsufficientFunds, open_account
from qianbao.ledger.proof import prove_snapshot
from qianbao.money import Money
from qianbao.payments.errors import BlockedByPolicy, SameKeyOtherRequest
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw
from tests.kit.fingerprint import fingerprint
from tests.kit.money import NOW, SHOP, Hand, add_shop, add_wallet, balances, clearing, wallet_of
from tests.payments.story import answered, outcome_of
from tests.payments.test_limits import rule


async def test_two_first_time_creates_race(pool):
    """formance wallets PR#110: of two who make the same account at once, one makes it; of two who
    ask for the same payment, one is told when it is not the same after all."""
    await add_shop(pool)

    async def opening(currency: str) -> None:
        async with pool.connection() as conn:
            await open_account(
                conn, owner_id="wal_new", account_id="CNY", kind="wallet", currency=currency,
                now=NOW,
            )  # fmt: skip
            await asyncio.sleep(0.05)

    async def asking(amount: int) -> int:
        async with pool.connection() as conn:
            payment = await ask_payment(
                conn, merchant_id=SHOP, payment_id="pay_tea", amount=Money(amount),
                merchant_reference="1", description="Tea", now=NOW,
            )  # fmt: skip
            await asyncio.sleep(0.05)
            return payment.amount_minor

    await asyncio.gather(*(opening("CNY") for _ in range(5)))
    assert await balances(pool, "wal_new") == [(0, 0)]
    told = await asyncio.gather(asking(5), asking(5), asking(6), return_exceptions=True)
    first = next(amount for amount in told if isinstance(amount, int))
    others = [one for one in told if one != first]
    assert {type(one) for one in others} == {SameKeyOtherRequest}
    assert len(others) == (1 if first == 5 else 2)


@pytest.mark.parametrize("amount", [None, Money(100_00), Money(99_90)])
async def test_a_frozen_wallet_is_not_emptied_to_exactly_zero(pool, amount):
    """pgledger `examples/lock-account.sql`: a frozen account could be emptied as long as exactly
    nothing was left. Under a legal hold nothing goes out, and nothing comes in."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro", balance_minor=100_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET legal_hold = true WHERE wallet_id = %s", (anna,))
    async with clearing(pool, Hand()) as loop:
        asked = [Withdraw(anna, "w", "ord_w", card, amount), SendMoney(taro, "b", anna, Money(1))]
        if amount is not None:
            asked.append(SendMoney(anna, "a", taro, amount))
        outcomes = {await outcome_of(loop.submit(one)) for one in asked}
    assert outcomes == {"blocked_by_policy", "receiver_cannot_receive"}
    assert await balances(pool, anna, taro) == [(100_00, 0)] * 2


async def test_a_payout_fails_after_its_wallet_wanted_to_close(pool):
    """gratipay#3202, saproto#2127: the account is closed while a payout is under way, the payout
    fails, and money lies in a closed account. Here closing waits for the bank's word."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")

    async def closing() -> None:
        async with pool.connection() as conn:
            await close(conn, wallet_id=anna, reason="", now=NOW, free_minor=1000_00)

    async with clearing(pool, Hand()) as loop:
        order = await loop.submit(Withdraw(anna, "w", "ord_w", card, None))
        with pytest.raises(ClosingBlocked) as waiting:
            await closing()
        assert "in_flight" in {one.code for one in waiting.value.blockers}
        await loop.submit(answered(order, settled=False))
        assert await balances(pool, anna) == [(100_00, 0)]
        with pytest.raises(ClosingBlocked) as money:
            await closing()
        assert "balance" in {one.code for one in money.value.blockers}
        again = await loop.submit(Withdraw(anna, "x", "ord_x", card, None))
        await loop.submit(answered(again, settled=True))
    assert await balances(pool, anna, "bank:ICBC") == [(0, 0), (100_00, 0)]


async def test_balances_are_not_doubled_by_a_settlement(pool):
    """mojaloop/project#4115: balances doubled after settlement. A bank says the same thing many
    times, to two processes and long after: it is said once."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    card, clock = id_from_key("crd", "Anna", "0"), Hand()
    async with clearing(pool, clock) as one, clearing(pool, clock) as two:
        orders = [
            await one.submit(TopUp(anna, "u", "ord_u", card, Money(7_00))),
            await one.submit(Withdraw(anna, "w", "ord_w", card, Money(3_00))),
        ]
        words = [answered(order, settled=True) for order in orders]
        for _ in range(3):
            clock.move(days=2)
            await asyncio.gather(*(loop.submit(word) for word in words for loop in (one, two)))
    assert await balances(pool, anna, "bank:ICBC") == [(104_00, 0), (-4_00, 0)]
    assert (await prove_snapshot(pool)).sound


async def test_a_rule_about_one_thing_blocks_nothing_else(pool):
    """polar#10049: a rule about withdrawals blocked everything. A rule that forbids topping up
    forbids topping up."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    card, tea = id_from_key("crd", "Anna", "0"), id_from_key("pay", "test", "tea")
    async with pool.connection() as conn:
        await ask_payment(
            conn, merchant_id=SHOP, payment_id=tea, amount=Money(1_00), merchant_reference="1",
            description="Tea", now=NOW,
        )  # fmt: skip
    async with clearing(pool, Hand(), (rule("linked_banks > 99", "top_up"),)) as loop:
        outcomes = [
            await outcome_of(loop.submit(request))
            for request in (
                TopUp(anna, "u", "ord_u", card, Money(1)),
                SendMoney(anna, "a", taro, Money(1)),
                SendMoney(taro, "b", anna, Money(1)),
                Pay(anna, "p", SHOP, tea, Money(1_00)),
                Withdraw(anna, "w", "ord_w", card, Money(1)),
            )
        ]
    assert outcomes == ["blocked_by_policy", *["done"] * 4]


async def test_a_refusal_gives_its_own_reason(pool):
    """midaz#593, midaz PR#2314, opencollective#5997: a wrong reason is given for a refusal. What is
    held is not called spent, another's trouble is not called one's own, and where several things
    are wrong none of them is called by another's name."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    closed = await add_wallet(pool, "Closed")
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET status = 'closed' WHERE wallet_id = %s", (closed,))
        await conn.execute("UPDATE wallets SET verified_at = NULL WHERE wallet_id = %s", (taro,))
    async with clearing(pool, Hand()) as loop:
        await loop.submit(Withdraw(anna, "w", "ord_w", card, Money(60_00)))
        with pytest.raises(InsufficientFunds) as short:
            await loop.submit(Withdraw(anna, "x", "ord_x", card, Money(40_01)))
        assert short.value.detail == {"available": "¥40.00", "needed": "¥40.01"}
        told = []
        for to in (taro, closed, wallet_of("nobody")):  # whose trouble it is is not said
            with pytest.raises(QianbaoError) as refusal:
                await send(loop, SendMoney(anna, f"to {to}", to, Money(999_00)))
            told.append((refusal.value.code, refusal.value.sentence("en")))
        assert len(set(told)) == 1
        assert told[0][0] == "receiver_cannot_receive"
        with pytest.raises(BlockedByPolicy) as own:
            await send(loop, SendMoney(taro, "a", anna, Money(999_00)))  # nor has he the money
        assert {one.policy for one in own.value.decision.reasons} == {"real-name"}


async def test_the_reason_told_is_not_stale(pool):
    """gumroad PR#5482, FINERACT-16: the reason shown is stale. Told at each asking: first both,
    then what is left, then none."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    async with pool.connection() as conn:
        await conn.execute(
            """UPDATE wallets SET verified_at = NULL, document_valid_until = '2026-01-01'
               WHERE wallet_id = %s""",
            (anna,),
        )
    said = []
    async with clearing(pool, Hand()) as loop:
        for change in ("verified_at = opened_at", "document_valid_until = '2031-01-01'", None):
            try:
                await send(loop, SendMoney(anna, "a", taro, Money(1)))
                said.append(set())
            except BlockedByPolicy as refusal:
                said.append({one.policy for one in refusal.decision.reasons})
            if change:
                async with pool.connection() as conn:
                    await conn.execute(
                        f"UPDATE wallets SET {change} WHERE wallet_id = %s".encode(), (anna,)
                    )
    assert said == [{"real-name", "document-expiry"}, {"document-expiry"}, set()]


async def test_a_refused_request_leaves_nothing_behind(pool):
    """blnk `FuzzLedgerInvariants`: a rejection leaves the state byte-identical, in a batch of its
    own and beside others that are refused. (Every line of the stories is checked for it, too.)"""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    card, clock = id_from_key("crd", "Anna", "0"), Hand()
    refused = [
        SendMoney(anna, "a", taro, Money(100_01)),
        SendMoney(anna, "b", anna, Money(1)),
        SendMoney(anna, "c", taro, Money(1, "EUR")),
        SendMoney(anna, "d", wallet_of("nobody"), Money(1)),
        Pay(anna, "e", SHOP, "pay_none", Money(1)),
        Withdraw(anna, "f", "ord_f", card, Money(100_01)),
        Withdraw(anna, "g", "ord_g", "crd_none", Money(1)),
        TopUp(anna, "h", "ord_h", "crd_none", Money(1)),
    ]
    before = await fingerprint(pool)
    async with clearing(pool, clock) as loop:
        for together in ([[one] for one in refused], [refused], [refused * 50]):
            for batch in together:
                clock.move(seconds=1)
                outcomes = await asyncio.gather(*(outcome_of(loop.submit(one)) for one in batch))
                assert "done" not in outcomes
                assert await fingerprint(pool) == before
