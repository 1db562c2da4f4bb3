"""Completing an order whole: begin, charge, finish; a refused charge leaves the order owed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.money import CurrencyUnsupported, Money
from qianbao.payments.charge import Charge, charge
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import ClearingInterrupted
from qianbao.payscore.completion import (
    Completion,
    begin_completion,
    finish_completion,
    give_up_completion,
)
from qianbao.payscore.lists import ScoreOrder, get_merchant_order


async def complete_order(
    pool: Pool,
    clearing: Clearing,
    *,
    merchant_id: str,
    score_order_id: str,
    amount: Money,
    payment_id: str,
    now: Callable[[], datetime],
) -> ScoreOrder:
    """The service has ended and costs `amount` (0: nothing). Safe to repeat with the same ids: a
    crash between the steps is taken up where it was. Raises what the steps raise."""
    async with pool.connection() as conn:
        order = await get_merchant_order(
            conn, merchant_id=merchant_id, score_order_id=score_order_id
        )
        if amount.currency != order.currency:
            raise CurrencyUnsupported(expected=order.currency, given=amount.currency[:8])
        completion = await begin_completion(
            conn,
            merchant_id=merchant_id,
            score_order_id=score_order_id,
            amount_minor=amount.amount_minor,
            payment_id=payment_id,
        )
    if completion.payment_id is not None:
        try:
            await charge(clearing, _charge(completion, completion.payment_id))
        except ClearingInterrupted:
            raise  # it may have gone through: the same request finds out
        except QianbaoError:
            async with pool.connection() as conn:
                await give_up_completion(
                    conn, merchant_id=merchant_id, score_order_id=score_order_id
                )
            raise
    async with pool.connection() as conn:
        return await finish_completion(
            conn,
            merchant_id=merchant_id,
            score_order_id=score_order_id,
            payment_id=completion.payment_id,
            now=now(),
        )


def _charge(completion: Completion, payment_id: str) -> Charge:
    return Charge(
        merchant_id=completion.merchant_id,
        payment_id=payment_id,
        wallet_id=completion.wallet_id,
        amount=Money(completion.amount_minor, completion.currency),
        description=completion.introduction,
        merchant_reference=completion.score_order_id,
        score_order_id=completion.score_order_id,
    )
