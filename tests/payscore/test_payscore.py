"""Anna turns Pay Score on, takes a power bank without a deposit, pays for it, and turns it off."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key, new_id
from qianbao.money import AmountOutOfRange, CurrencyUnsupported, Money
from qianbao.payscore import (
    PayScoreOff,
    ScoreOrder,
    ScoreOrderAmountTooHigh,
    ScoreOrderCollecting,
    ScoreOrderIdTaken,
    ScoreOrderNotFound,
    ScoreOrdersOpen,
    ScoreOrderState,
    begin_completion,
    cancel_order,
    confirm_order,
    create_order,
    decline_order,
    disable,
    enable,
    expire_orders,
    finish_collected,
    finish_completion,
    get_merchant_order,
    get_order,
    give_up_completion,
    list_merchant_orders,
    list_orders,
    pay_score,
    score,
)
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.opening import mark_closed
from tests.mandates.scene import (
    BEN,
    NOW,
    Connection,
    a_merchant,
    a_wallet,
    events,
    facts,
    notices,
)

LATER = NOW + timedelta(hours=1)
PAYMENT, OTHER_PAYMENT = new_id("pay", NOW), new_id("pay", NOW)


async def an_order(
    conn: Connection,
    wallet_id: str,
    merchant_id: str,
    *,
    deposit_minor: int = 9_900,
    minutes: int = 0,
) -> ScoreOrder:
    """Its id says nothing of when it was made, as the API makes them."""
    order_id = id_from_key("sco", merchant_id, os.urandom(8).hex())
    return await create_order(
        conn, wallet_id=wallet_id, score_order_id=order_id, merchant_id=merchant_id,
        merchant_reference="R-1", introduction="Power bank",
        deposit=Money(deposit_minor), now=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


async def a_running_order(conn: Connection) -> tuple[str, str, str]:
    """(wallet, merchant, order): Anna has confirmed it."""
    anna, energy = await a_wallet(conn), await a_merchant(conn, "Energy Monster", "怪兽充电")
    await enable(conn, wallet_id=anna, now=NOW)
    order = await an_order(conn, anna, energy)
    await confirm_order(conn, wallet_id=anna, score_order_id=order.score_order_id, now=NOW)
    return anna, energy, order.score_order_id


async def pay_it(
    conn: Connection, wallet_id: str, merchant_id: str, payment_id: str, amount_minor: int
) -> None:
    """The row that the clearing loop leaves when a charge went through."""
    await conn.execute(
        "INSERT INTO payments (merchant_id, payment_id, merchant_reference, description, "
        "amount_minor, currency, state, wallet_id, created_at, paid_at) "
        "VALUES (%s, %s, 'R-1', 'Power bank', %s, 'CNY', 'paid', %s, %s, %s)",
        (merchant_id, payment_id, amount_minor, wallet_id, NOW, NOW),
    )


async def test_one_order_from_beginning_to_end(conn: Connection) -> None:
    """On, an order, confirmed, collected, done, off; the facts that rules read follow each step."""
    anna, energy = await a_wallet(conn), await a_merchant(conn, "Energy Monster", "怪兽充电")
    await enable(conn, wallet_id=anna, now=NOW)
    assert (await facts(conn, anna))["pay_score_on"] is True

    order = await an_order(conn, anna, energy)
    assert (order.state, order.deposit_minor, order.amount_minor) == ("created", 9_900, None)
    assert (await facts(conn, anna))["score_orders_open"] == 1
    keys = {"merchant_id": energy, "score_order_id": order.score_order_id}
    running = await confirm_order(
        conn, wallet_id=anna, score_order_id=order.score_order_id, now=NOW
    )
    assert running.state == "doing"

    completion = await begin_completion(conn, amount_minor=400, payment_id=PAYMENT, **keys)
    assert (completion.wallet_id, completion.payment_id, completion.amount_minor) == (
        anna,
        PAYMENT,
        400,
    )
    await pay_it(conn, anna, energy, PAYMENT, 400)
    done = await finish_completion(conn, payment_id=PAYMENT, now=LATER, **keys)
    assert (done.state, done.amount_minor, done.ended_at) == ("done", 400, LATER)
    assert (await facts(conn, anna))["score_orders_open"] == 0
    again = await finish_completion(conn, payment_id=PAYMENT, now=LATER, **keys)
    assert again == done
    repeated = await begin_completion(conn, amount_minor=400, payment_id=PAYMENT, **keys)
    assert repeated == completion
    with pytest.raises(ScoreOrderState):
        await begin_completion(conn, amount_minor=400, payment_id=OTHER_PAYMENT, **keys)

    switched = await disable(conn, wallet_id=anna, now=LATER)
    assert switched.disabled_at == LATER
    after = await facts(conn, anna)
    assert (after["pay_score_on"], after["facts_changed_at"]) == (False, LATER)
    assert await events(conn, energy) == ["score_order.confirmed", "score_order.done"]
    assert sorted(await notices(conn, anna)) == [
        "pay_score_off", "pay_score_on", "score_order_created", "score_order_done",
    ]  # fmt: skip


async def test_open_orders_keep_it_on(conn: Connection) -> None:
    """Turning off is refused while an order is open, and names it; declining it clears the way."""
    anna, energy = await a_wallet(conn), await a_merchant(conn, "Energy Monster", "怪兽充电")
    await enable(conn, wallet_id=anna, now=NOW)
    order = await an_order(conn, anna, energy)
    with pytest.raises(ScoreOrdersOpen) as refusal:
        await disable(conn, wallet_id=anna, now=NOW)
    assert "Energy Monster, Power bank" in refusal.value.sentence("en")
    assert "怪兽充电" in refusal.value.sentence("zh")
    assert refusal.value.detail["score_order_ids"] == [order.score_order_id]
    assert (await facts(conn, anna))["pay_score_on"] is True
    await decline_order(conn, wallet_id=anna, score_order_id=order.score_order_id, now=NOW)
    await disable(conn, wallet_id=anna, now=NOW)
    assert (await facts(conn, anna))["score_orders_open"] == 0


async def test_on_twice_off_twice(conn: Connection) -> None:
    """On again changes nothing; off again says it is off; each time on is a row of its own."""
    anna = await a_wallet(conn)
    assert await pay_score(conn, wallet_id=anna) is None
    with pytest.raises(PayScoreOff):
        await disable(conn, wallet_id=anna, now=NOW)
    await enable(conn, wallet_id=anna, now=NOW)
    assert (await enable(conn, wallet_id=anna, now=LATER)).enabled_at == NOW
    await disable(conn, wallet_id=anna, now=LATER)
    with pytest.raises(PayScoreOff):
        await disable(conn, wallet_id=anna, now=LATER)
    again = await enable(conn, wallet_id=anna, now=LATER + timedelta(hours=1))
    assert (again.enabled_at, again.disabled_at) == (LATER + timedelta(hours=1), None)


async def test_what_a_merchant_cannot_open(conn: Connection) -> None:
    """Without Pay Score, in another currency, for nothing, in a closed wallet: nothing is made."""
    anna, energy = await a_wallet(conn), await a_merchant(conn)
    with pytest.raises(PayScoreOff):
        await an_order(conn, anna, energy)
    with pytest.raises(WalletUnknown):
        await an_order(conn, new_id("wal", NOW), energy)
    await enable(conn, wallet_id=anna, now=NOW)
    for amount, refusal in (
        (Money(0), AmountOutOfRange),
        (Money(-1), AmountOutOfRange),
        (Money(10**18), AmountOutOfRange),
        (Money(100, "EUR"), CurrencyUnsupported),
    ):
        with pytest.raises(refusal):
            await create_order(
                conn, wallet_id=anna, score_order_id=new_id("sco", NOW), merchant_id=energy,
                merchant_reference="R", introduction="Power bank", deposit=amount, now=NOW,
            )  # fmt: skip
    assert await list_orders(conn, wallet_id=anna) == []
    assert (await facts(conn, anna))["score_orders_open"] == 0
    await mark_closed(conn, wallet_id=anna, now=NOW)
    with pytest.raises(WalletClosed):
        await an_order(conn, anna, energy)


async def test_the_same_order_sent_twice(conn: Connection) -> None:
    """The same id with the same contents is one order; with others it is refused."""
    anna, energy = await a_wallet(conn), await a_merchant(conn)
    await enable(conn, wallet_id=anna, now=NOW)
    order = await an_order(conn, anna, energy)
    body = {
        "wallet_id": anna,
        "score_order_id": order.score_order_id,
        "merchant_id": energy,
        "merchant_reference": "R-1",
        "introduction": "Power bank",
        "now": LATER,
    }
    assert await create_order(conn, deposit=Money(9_900), **body) == order
    with pytest.raises(ScoreOrderIdTaken):
        await create_order(conn, deposit=Money(9_901), **body)
    assert (await facts(conn, anna))["score_orders_open"] == 1


async def test_who_may_do_what(conn: Connection) -> None:
    """Ben cannot confirm Anna's order; another merchant can neither cancel nor collect it; an order
    that runs can no longer be declined."""
    anna, energy, order_id = await a_running_order(conn)
    ben, other = await a_wallet(conn, BEN), await a_merchant(conn, "Other")
    with pytest.raises(ScoreOrderNotFound):
        await confirm_order(conn, wallet_id=ben, score_order_id=order_id, now=NOW)
    with pytest.raises(ScoreOrderNotFound):
        await cancel_order(conn, merchant_id=other, score_order_id=order_id, now=NOW)
    with pytest.raises(ScoreOrderNotFound):
        await begin_completion(
            conn, merchant_id=other, score_order_id=order_id, amount_minor=1, payment_id=PAYMENT
        )
    with pytest.raises(ScoreOrderState):
        await decline_order(conn, wallet_id=anna, score_order_id=order_id, now=NOW)
    with pytest.raises(ScoreOrderState):
        await confirm_order(conn, wallet_id=anna, score_order_id=order_id, now=NOW)
    cancelled = await cancel_order(conn, merchant_id=energy, score_order_id=order_id, now=NOW)
    assert cancelled.state == "revoked"
    with pytest.raises(ScoreOrderState):
        await cancel_order(conn, merchant_id=energy, score_order_id=order_id, now=NOW)
    assert (await facts(conn, anna))["score_orders_open"] == 0


@pytest.mark.parametrize("amount_minor", [-1, 9_901, 10**18])
async def test_more_than_the_deposit(conn: Connection, amount_minor: int) -> None:
    """What the holder confirmed is the most that can be asked."""
    _, energy, order_id = await a_running_order(conn)
    with pytest.raises(ScoreOrderAmountTooHigh):
        await begin_completion(
            conn, merchant_id=energy, score_order_id=order_id, amount_minor=amount_minor,
            payment_id=PAYMENT,
        )  # fmt: skip
    found = await get_merchant_order(conn, merchant_id=energy, score_order_id=order_id)
    assert (found.amount_minor, found.payment_id) == (None, None)


async def test_not_confirmed_not_collected(conn: Connection) -> None:
    """An order the holder has not confirmed collects nothing."""
    anna, energy = await a_wallet(conn), await a_merchant(conn)
    await enable(conn, wallet_id=anna, now=NOW)
    order = await an_order(conn, anna, energy)
    with pytest.raises(ScoreOrderState):
        await begin_completion(
            conn, merchant_id=energy, score_order_id=order.score_order_id, amount_minor=100,
            payment_id=PAYMENT,
        )  # fmt: skip


async def test_while_the_payment_is_under_way(conn: Connection) -> None:
    """The same amount gives the same payment again; another amount, a cancellation and a finish
    without the money are refused until it is known what became of it."""
    anna, energy, order_id = await a_running_order(conn)
    keys = {"merchant_id": energy, "score_order_id": order_id}
    await begin_completion(conn, amount_minor=400, payment_id=PAYMENT, **keys)
    repeated = await begin_completion(conn, amount_minor=400, payment_id=OTHER_PAYMENT, **keys)
    assert repeated.payment_id == PAYMENT
    with pytest.raises(ScoreOrderCollecting):
        await begin_completion(conn, amount_minor=300, payment_id=OTHER_PAYMENT, **keys)
    with pytest.raises(ScoreOrderCollecting):
        await cancel_order(conn, now=NOW, **keys)
    with pytest.raises(ScoreOrderCollecting):
        await finish_completion(conn, payment_id=PAYMENT, now=NOW, **keys)
    await pay_it(conn, anna, energy, OTHER_PAYMENT, 400)
    with pytest.raises(ScoreOrderCollecting):
        await finish_completion(conn, payment_id=OTHER_PAYMENT, now=NOW, **keys)
    assert (await facts(conn, anna))["score_orders_open"] == 1


async def test_a_payment_refused(conn: Connection) -> None:
    """Not enough money: the order is owed, may be asked for again for no more than before, and
    giving up what was paid after all is refused."""
    anna, energy, order_id = await a_running_order(conn)
    keys = {"merchant_id": energy, "score_order_id": order_id}
    await begin_completion(conn, amount_minor=400, payment_id=PAYMENT, **keys)
    owed = await give_up_completion(conn, **keys)
    assert (owed.state, owed.amount_minor, owed.payment_id) == ("doing", 400, None)
    assert any(part.points == -25 for part in (await score(conn, wallet_id=anna, now=NOW)).parts)
    with pytest.raises(ScoreOrderAmountTooHigh):
        await begin_completion(conn, amount_minor=401, payment_id=OTHER_PAYMENT, **keys)
    await begin_completion(conn, amount_minor=300, payment_id=OTHER_PAYMENT, **keys)
    await pay_it(conn, anna, energy, OTHER_PAYMENT, 300)
    with pytest.raises(ScoreOrderCollecting):
        await give_up_completion(conn, **keys)
    done = await finish_completion(conn, payment_id=OTHER_PAYMENT, now=NOW, **keys)
    assert (done.state, done.amount_minor) == ("done", 300)


async def test_nothing_to_pay(conn: Connection) -> None:
    """A service that cost nothing is done without a payment."""
    anna, energy, order_id = await a_running_order(conn)
    keys = {"merchant_id": energy, "score_order_id": order_id}
    completion = await begin_completion(conn, amount_minor=0, payment_id=PAYMENT, **keys)
    assert completion.payment_id is None
    done = await finish_completion(conn, payment_id=None, now=NOW, **keys)
    assert (done.state, done.amount_minor) == ("done", 0)
    assert (await facts(conn, anna))["score_orders_open"] == 0


async def test_thirty_days_without_an_answer(conn: Connection) -> None:
    """An order nobody confirmed expires after 30 days and no sooner; a running one does not."""
    anna, energy, running = await a_running_order(conn)
    waiting = await an_order(conn, anna, energy)
    almost = NOW + timedelta(days=30) - timedelta(seconds=1)
    assert await expire_orders(conn, now=almost) == 0
    over = NOW + timedelta(days=30)
    with pytest.raises(ScoreOrderState) as refusal:
        await confirm_order(conn, wallet_id=anna, score_order_id=waiting.score_order_id, now=over)
    assert "expired" in refusal.value.sentence("en")
    assert [await expire_orders(conn, now=over) for _ in range(2)] == [1, 0]
    states = {o.score_order_id: o.state for o in await list_orders(conn, wallet_id=anna)}
    assert states == {running: "doing", waiting.score_order_id: "expired"}
    assert (await facts(conn, anna))["score_orders_open"] == 1


async def test_off_and_a_new_order_at_once(pool: Pool) -> None:
    """However the two fall, there is never an open order while Pay Score is off."""
    async with pool.connection() as conn:
        anna, energy = await a_wallet(conn), await a_merchant(conn)
        await enable(conn, wallet_id=anna, now=NOW)

    async def turn_off() -> str:
        try:
            async with pool.connection() as conn:
                await disable(conn, wallet_id=anna, now=NOW)
        except QianbaoError as refusal:
            return refusal.code
        return "off"

    async def order() -> str:
        try:
            async with pool.connection() as conn:
                await an_order(conn, anna, energy)
        except QianbaoError as refusal:
            return refusal.code
        return "ordered"

    outcome = await asyncio.gather(turn_off(), order())
    assert tuple(outcome) in {("off", "pay_score_off"), ("score_orders_open", "ordered")}
    async with pool.connection() as conn:
        after = await facts(conn, anna)
    assert after["score_orders_open"] == int(after["pay_score_on"])


async def test_lists(conn: Connection) -> None:
    """The holder sees what is open first; the merchant reads page by page."""
    anna, energy, running = await a_running_order(conn)
    made = [(await an_order(conn, anna, energy)).score_order_id for _ in range(3)]
    await decline_order(conn, wallet_id=anna, score_order_id=made[-1], now=NOW)
    listed = await list_orders(conn, wallet_id=anna)
    assert listed[-1].score_order_id == made[-1]
    still_open = await list_orders(conn, wallet_id=anna, open_only=True)
    assert {order.score_order_id for order in still_open} == {running, *made[:2]}
    later = [
        (await an_order(conn, anna, energy, minutes=minutes)).score_order_id for minutes in (1, 2)
    ]
    page = await list_merchant_orders(conn, merchant_id=energy, limit=3)
    rest = await list_merchant_orders(conn, merchant_id=energy, limit=3, after=page.next)
    assert [o.score_order_id for o in page.items[:2]] == later[::-1]
    assert {o.score_order_id for o in page.items + rest.items} == {running, *made, *later}
    assert rest.next is None
    with pytest.raises(ScoreOrderNotFound):
        await get_order(conn, wallet_id=anna, score_order_id=new_id("sco", NOW))


async def test_the_score_is_the_sum_of_its_parts(conn: Connection) -> None:
    """600 to start with, a point for a payment, ten for an order completed, two a month."""
    anna, energy, order_id = await a_running_order(conn)
    before = await score(conn, wallet_id=anna, now=NOW)
    assert before.points == 600 == sum(part.points for part in before.parts)
    keys = {"merchant_id": energy, "score_order_id": order_id}
    await begin_completion(conn, amount_minor=400, payment_id=PAYMENT, **keys)
    await pay_it(conn, anna, energy, PAYMENT, 400)
    await finish_completion(conn, payment_id=PAYMENT, now=NOW, **keys)
    assert (await score(conn, wallet_id=anna, now=NOW)).points == 611
    assert (await score(conn, wallet_id=anna, now=NOW + timedelta(days=90))).points == 617
    assert (await score(conn, wallet_id=anna, now=NOW + timedelta(days=400))).points == 636
    with pytest.raises(WalletUnknown):
        await score(conn, wallet_id=new_id("wal", NOW), now=NOW)


async def test_the_score_keeps_to_its_scale(conn: Connection) -> None:
    """Anna owes for a dozen services: the score falls to its least and not below."""
    anna, energy = await a_wallet(conn), await a_merchant(conn)
    await enable(conn, wallet_id=anna, now=NOW)
    for _ in range(12):
        order = await an_order(conn, anna, energy)
        await confirm_order(conn, wallet_id=anna, score_order_id=order.score_order_id, now=NOW)
        keys = {"merchant_id": energy, "score_order_id": order.score_order_id}
        await begin_completion(conn, amount_minor=400, payment_id=new_id("pay", NOW), **keys)
        await give_up_completion(conn, **keys)
    found = await score(conn, wallet_id=anna, now=NOW)
    assert (sum(part.points for part in found.parts), found.points) == (300, found.least)


async def test_an_order_that_was_paid_and_not_finished_is_finished(conn: Connection) -> None:
    """The process stopped between the two; nobody sends the request again. What is still being
    collected, and what was given up, is left alone."""
    anna, energy, order_id = await a_running_order(conn)
    keys = {"merchant_id": energy, "score_order_id": order_id}
    assert await finish_collected(conn, now=LATER) == 0
    await begin_completion(conn, amount_minor=400, payment_id=PAYMENT, **keys)
    assert await finish_collected(conn, now=LATER) == 0
    await pay_it(conn, anna, energy, PAYMENT, 400)
    assert await finish_collected(conn, now=LATER) == 1
    assert await finish_collected(conn, now=LATER) == 0
    done = await get_order(conn, wallet_id=anna, score_order_id=order_id)
    assert (done.state, done.amount_minor, done.ended_at) == ("done", 400, LATER)
    assert (await facts(conn, anna))["score_orders_open"] == 0
    assert (await events(conn, energy))[-1] == "score_order.done"


async def test_a_repeated_order_finds_its_first_answer(conn: Connection) -> None:
    """Whatever has become of the wallet since."""
    anna, energy = await a_wallet(conn), await a_merchant(conn)
    await enable(conn, wallet_id=anna, now=NOW)
    asked = {
        "wallet_id": anna, "score_order_id": new_id("sco", NOW), "merchant_id": energy,
        "merchant_reference": "R-1", "introduction": "Power bank", "deposit": Money(9_900),
        "now": NOW,
    }  # fmt: skip
    first = await create_order(conn, **asked)
    await mark_closed(conn, wallet_id=anna, now=NOW)
    assert await create_order(conn, **asked) == first
    with pytest.raises(WalletClosed):
        await create_order(conn, **asked | {"score_order_id": new_id("sco", NOW)})
