"""Money when two things happen at once, or one comes late: batches, processes, clocks, closing."""

from __future__ import annotations

import asyncio

import pytest

from qianbao.banks.cards.unlink import _check_settled, _unlink
from qianbao.banks.gateway import Gateway
from qianbao.http_client import HttpClient
from qianbao.identity.documents import add_document
from qianbao.ids import id_from_key, new_id
from qianbao.leaving.close import close
from qianbao.money import Money
from qianbao.payments.ask_bank import ask_forgotten
from qianbao.payments.errors import BlockedByPolicy
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay, pay
from qianbao.payments.refund import refund
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw
from tests.banks.scene import passport
from tests.kit.money import AGREED, KEYS, NOW, SHOP, Hand, add_shop, add_wallet, balances, clearing
from tests.payments.story import answered, outcome_of


async def test_a_refusal_beside_a_withdrawal_keeps_the_free_amount_right(pool):
    """A bank's refusal gives the free amount back in the very batch that uses some of it."""
    anna = await add_wallet(pool, "Anna", balance_minor=3200_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    for first, second in ((0, 1), (1, 0)):
        async with clearing(pool, Hand()) as loop:
            order = await loop.submit(
                Withdraw(anna, f"a{first}", f"ord_a{first}", card, Money(400_00))
            )
            requests = [
                answered(order, settled=False),
                Withdraw(anna, f"b{first}", f"ord_b{first}", card, Money(300_00)),
            ]
            await asyncio.gather(*(loop.submit(requests[n]) for n in (first, second)))
        used = await one(pool, "SELECT sum(free_withdrawal_used_minor) FROM people")
        open_ = await one(
            pool,
            "SELECT sum(free_used_minor) FROM bank_orders WHERE state <> 'refused'",
        )
        assert used == open_, first


async def test_no_key_of_a_holder_keeps_an_order_from_ending(pool):
    """Anna names her own request as the end of her withdrawal; the bank's answer is still heard."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as loop:
        order = await loop.submit(Withdraw(anna, "a", "ord_a", card, Money(10_00)))
        await send(loop, SendMoney(anna, "ord_a/ended", taro, Money(1)))
        assert await outcome_of(loop.submit(answered(order, settled=True))) == "done"


async def test_a_refund_goes_only_where_a_bank_has_confirmed_the_person(pool):
    """Anna closed her wallet; somebody types her passport's lines into theirs. Her refund waits."""
    async with clearing(pool, Hand()) as loop:
        anna, tea = await _bought_tea_and_closed(pool, loop)
        await _close(pool, anna)
        impostor = await add_wallet(pool, "Impostor", banks=(), evidence=())
        async with pool.connection() as conn:
            await conn.execute(
                "UPDATE wallets SET verified_at = NULL, person_id = %s WHERE wallet_id = %s",
                (id_from_key("per", "test", "Anna"), impostor),
            )
        await give_back(pool, loop, tea)
        assert await balances(pool, impostor, SHOP) == [(0, 0), (28_00, 0)]


async def test_a_refund_repeated_after_closing_gives_the_first_answer(pool):
    """The tea house never heard the answer and asks again when Anna has left."""
    async with clearing(pool, Hand()) as loop:
        anna, tea = await _bought_tea_and_closed(pool, loop)
        assert await give_back(pool, loop, tea) == "done"
        taro = await add_wallet(pool, "Taro")
        await send(loop, SendMoney(anna, "away", taro, Money(28_00)))
        await _close(pool, anna)
        assert await give_back(pool, loop, tea) == "done"


async def test_a_refund_into_another_wallet_leaves_its_limits_alone(pool):
    """What the new wallet has moved is its own: a refund of an earlier wallet's payment is not."""
    async with clearing(pool, Hand()) as loop:
        anna, tea = await _bought_tea_and_closed(pool, loop)
        await _close(pool, anna)
        again = await add_wallet(pool, "Again", balance_minor=20_00)
        taro = await add_wallet(pool, "Taro")
        async with pool.connection() as conn:
            await conn.execute(
                "UPDATE wallets SET person_id = %s WHERE wallet_id = %s",
                (id_from_key("per", "test", "Anna"), again),
            )
        await send(loop, SendMoney(again, "x", taro, Money(15_00)))
        assert await give_back(pool, loop, tea) == "done"
        moved = await one(
            pool, "SELECT moved_for_life_minor FROM accounts WHERE owner_id = %s", again
        )
        assert moved == (15_00,)


async def test_a_clock_that_is_behind_starts_no_year_again(pool):
    """At New Year one process is a second behind: the year's sum is not forgotten."""
    anna = await add_wallet(pool, "Anna", balance_minor=300_000_00)
    taro = await add_wallet(pool, "Taro")
    ahead = Hand(NOW.replace(month=12, day=31, hour=16, minute=0))
    behind = Hand(NOW.replace(month=12, day=31, hour=15, minute=59, second=59))
    async with clearing(pool, ahead, AGREED) as one_, clearing(pool, behind, AGREED) as two:
        assert await outcome_of(send(one_, SendMoney(anna, "a", taro, Money(100_000_00)))) == "done"
        await outcome_of(send(two, SendMoney(anna, "b", taro, Money(1))))
        over = await outcome_of(send(one_, SendMoney(anna, "c", taro, Money(100_000_00))))
        assert over == "blocked_by_policy"


async def test_blocked_by_a_neighbour_in_the_batch_says_as_much(pool):
    """gumroad#6901: two at once, together over the limit: reasons and ways out are those that a
    request by itself gets."""
    anna = await add_wallet(pool, "Anna", balance_minor=300_000_00)
    taro = await add_wallet(pool, "Taro")
    async with clearing(pool, Hand(), AGREED) as loop:
        results = await asyncio.gather(
            send(loop, SendMoney(anna, "a", taro, Money(60_000_00))),
            send(loop, SendMoney(anna, "b", taro, Money(60_000_00))),
            return_exceptions=True,
        )
        with pytest.raises(BlockedByPolicy) as alone:
            await send(loop, SendMoney(anna, "c", taro, Money(60_000_00)))
    together = results[1]
    assert isinstance(together, BlockedByPolicy)
    assert alone.value.ways_out
    assert together.decision.reasons == alone.value.decision.reasons
    assert together.ways_out == alone.value.ways_out


async def test_unlinking_while_a_withdrawal_is_cleared(pool):
    """The withdrawal waits, and finds the card gone: no order is left that no bank can be asked
    for."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as loop, pool.connection() as unlinking:
        await _check_settled(unlinking, anna)
        await _unlink(unlinking, anna, card, NOW)
        asked = asyncio.create_task(
            outcome_of(loop.submit(Withdraw(anna, "a", "ord_a", card, Money(10_00))))
        )
        await asyncio.sleep(0.5)
        await unlinking.commit()
        assert await asked == "card_not_linked"


async def test_a_document_and_a_withdrawal_at_once(pool):
    """Both touch the wallet and the person: neither waits for the other in a circle."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    submission = passport("MUELLER", "ANNA", "C01234567")
    async with pool.connection() as conn:
        await add_document(
            conn,
            KEYS,
            wallet_id=anna,
            document_id=new_id("doc", NOW),
            submission=submission,
            now=NOW,
        )
    renewed = passport("MUELLER", "ANNA", "C07654321")

    async def bring():
        async with pool.connection() as conn:
            await add_document(
                conn,
                KEYS,
                wallet_id=anna,
                document_id=new_id("doc", NOW),
                submission=renewed,
                now=NOW,
            )

    async with clearing(pool, Hand()) as loop, pool.connection() as gate:
        # Somebody else is at the new number just now: the document waits with the wallet locked.
        index = KEYS.index("passport:DEU:C07654321", "document")
        await gate.execute(
            "INSERT INTO document_numbers VALUES (%s, %s, %s)",
            (index, id_from_key("per", "test", "Anna"), NOW),
        )
        bringing = asyncio.create_task(bring())
        await asyncio.sleep(0.3)
        asked = asyncio.create_task(
            outcome_of(loop.submit(Withdraw(anna, "a", "ord_a", card, Money(10_00))))
        )
        await asyncio.sleep(0.3)
        await gate.commit()
        assert await asked == "done"
        await bringing


async def test_whoever_waits_when_the_loop_stops_is_told(pool):
    """A batch that is settled one by one is cut short: nobody waits for ever."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as loop:
        await loop.submit(Withdraw(anna, "first", "ord_same", card, Money(1_00)))
        tasks = [
            asyncio.create_task(
                outcome_of(loop.submit(Withdraw(anna, "clash", "ord_same", card, Money(1_00))))
            )
        ] + [
            asyncio.create_task(outcome_of(send(loop, SendMoney(anna, f"k{n}", taro, Money(1)))))
            for n in range(20)
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks), 3)
    assert set(outcomes) <= {"request_clash", "done", "clearing_interrupted", "clearing_busy"}


async def test_an_order_that_cannot_be_asked_about_keeps_no_other_waiting(pool):
    """One order's card is gone; the sweep asks about the next all the same."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    await add_shop(pool)
    cards = [id_from_key("crd", "Anna", str(n)) for n in (0, 1)]
    clock = Hand()
    http = HttpClient("http://127.0.0.1:9", "t", 0.5)
    nobody = Gateway(http)
    async with clearing(pool, clock) as loop:
        await loop.submit(Withdraw(anna, "a", "ord_a", cards[0], Money(1_00)))
        clock.move(seconds=1)
        await loop.submit(Withdraw(anna, "b", "ord_b", cards[1], Money(1_00)))
        async with pool.connection() as conn:
            await conn.execute(
                "UPDATE cards SET state = 'unlinked' WHERE card_id = %s", (cards[0],)
            )
        clock.move(minutes=5)
        await ask_forgotten(pool, loop, nobody, KEYS, now=clock())
    await http.close()
    assert await one(pool, "SELECT state FROM bank_orders WHERE order_id = 'ord_b'") == ("unknown",)


async def one(pool, query, *args):
    async with pool.connection() as conn:
        return await (await conn.execute(query, args)).fetchone()


async def _bought_tea_and_closed(pool, loop):
    anna = await add_wallet(pool, "Anna", balance_minor=28_00)
    await add_shop(pool)
    tea = id_from_key("pay", "test", "tea")
    async with pool.connection() as conn:
        await ask_payment(
            conn,
            merchant_id=SHOP,
            payment_id=tea,
            amount=Money(28_00),
            merchant_reference="1",
            description="Green tea",
            now=NOW,
        )
    await pay(loop, Pay(anna, "a", SHOP, tea, Money(28_00)))
    return anna, tea


async def _close(pool, wallet_id):
    async with pool.connection() as conn:
        await conn.execute("UPDATE cards SET state = 'unlinked' WHERE wallet_id = %s", (wallet_id,))
        await conn.execute(
            "UPDATE wallets SET card_banks = '{}' WHERE wallet_id = %s", (wallet_id,)
        )
        await close(conn, wallet_id=wallet_id, reason="", now=NOW, free_minor=1000_00)


async def give_back(pool, loop, tea, refund_id="r", amount=28_00):
    return await outcome_of(
        refund(
            loop,
            pool,
            merchant_id=SHOP,
            refund_id=refund_id,
            payment_id=tea,
            amount=Money(amount),
            reason="cold",
        )
    )
