"""What a holder has permitted: mandates, and Pay Score with its orders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from msgspec import Meta

from qianbao import mandates, payscore
from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.ids import id_from_key
from qianbao.mandates import EndMode, Mandate, Plan
from qianbao.payscore import PayScore, Score, ScoreOrder
from qianbao.wallets.pin import check_pin
from qianbao.wallets.sessions import Session


class SignMandate(msgspec.Struct, forbid_unknown_fields=True):
    """Which merchant's service, confirmed with the payment PIN."""

    merchant_id: Annotated[str, Meta(max_length=64)]
    plan_id: Annotated[str, Meta(max_length=64)]
    pin: Annotated[str, Meta(min_length=1, max_length=12)]


class PayScoreView(msgspec.Struct):
    """Whether Pay Score is on, and the score with how it came about."""

    on: bool
    enabled_at: datetime | None
    score: Score


@get("/mandate-plans", security=[{}])
async def list_plans(request: Asked) -> list[Plan]:
    """List services to sign

    What merchants offer, each approved by the operator, with the most that one charge may take.
    """
    async with services(request).pool.connection() as conn:
        return await mandates.plans(conn)


@get("/mandates")
async def list_mandates(request: Asked, holder: Session) -> list[Mandate]:
    """List mandates

    The active ones first, then those that ended; newest first among each.
    """
    async with services(request).pool.connection() as conn:
        return await mandates.list_mandates(conn, wallet_id=holder.wallet_id)


@post(
    "/mandates",
    status_code=201,
    opt=refuses(
        "wallet_unknown",
        "wallet_closed",
        "mandate_plan_not_found",
        "currency_unsupported",
        "mandate_id_taken",
        "mandate_already_active",
    ),
)
async def sign_mandate(request: Asked, holder: Session, key: str, data: SignMandate) -> Mandate:
    """Sign a mandate

    Lets a merchant charge, as its plan says. It can be ended at any moment.
    """
    own = services(request)
    await check_pin(own.pool, own.settings, wallet_id=holder.wallet_id, pin=data.pin, now=own.now())
    async with own.pool.connection() as conn:
        return await mandates.sign(
            conn,
            wallet_id=holder.wallet_id,
            mandate_id=id_from_key("man", holder.wallet_id, key),
            merchant_id=data.merchant_id,
            plan_id=data.plan_id,
            now=own.now(),
        )


@delete(
    "/mandates/{mandate_id:str}",
    status_code=200,
    opt=refuses("mandate_not_found", "mandate_already_ended"),
)
async def end_mandate(request: Asked, holder: Session, mandate_id: str) -> Mandate:
    """End a mandate

    The merchant may no longer charge, from now on.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await mandates.end(
            conn,
            wallet_id=holder.wallet_id,
            mandate_id=mandate_id,
            mode=EndMode.HOLDER,
            now=own.now(),
        )


@get("/pay-score", opt=refuses("wallet_unknown"))
async def show_pay_score(request: Asked, holder: Session) -> PayScoreView:
    """Show Pay Score

    Whether it is on, and the score with the parts it is the sum of.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        found = await payscore.pay_score(conn, wallet_id=holder.wallet_id)
        score = await payscore.score(conn, wallet_id=holder.wallet_id, now=own.now())
    on = found is not None and found.disabled_at is None
    return PayScoreView(on, found.enabled_at if found is not None and on else None, score)


@put("/pay-score", status_code=200, opt=refuses("wallet_unknown", "wallet_closed"))
async def enable_pay_score(request: Asked, holder: Session) -> PayScore:
    """Turn Pay Score on

    On already, nothing changes.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.enable(conn, wallet_id=holder.wallet_id, now=own.now())


@delete(
    "/pay-score",
    status_code=200,
    opt=refuses("wallet_unknown", "wallet_closed", "pay_score_off", "score_orders_open"),
)
async def disable_pay_score(request: Asked, holder: Session) -> PayScore:
    """Turn Pay Score off

    Refused while an order is open; the refusal names the orders.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.disable(conn, wallet_id=holder.wallet_id, now=own.now())


@get("/pay-score/orders")
async def list_score_orders(request: Asked, holder: Session) -> list[ScoreOrder]:
    """List Pay Score orders

    Deposit-free service orders: the open ones first, newest first among each.
    """
    async with services(request).pool.connection() as conn:
        return await payscore.list_orders(conn, wallet_id=holder.wallet_id)


@post(
    "/pay-score/orders/{score_order_id:str}/confirm",
    status_code=200,
    opt=refuses("score_order_not_found", "score_order_state"),
)
async def confirm_score_order(request: Asked, holder: Session, score_order_id: str) -> ScoreOrder:
    """Confirm a Pay Score order

    The holder agrees; the service begins.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.confirm_order(
            conn, wallet_id=holder.wallet_id, score_order_id=score_order_id, now=own.now()
        )


@post(
    "/pay-score/orders/{score_order_id:str}/decline",
    status_code=200,
    opt=refuses("score_order_not_found", "score_order_state"),
)
async def decline_score_order(request: Asked, holder: Session, score_order_id: str) -> ScoreOrder:
    """Decline a Pay Score order

    The holder does not agree; the order ends and costs nothing.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.decline_order(
            conn, wallet_id=holder.wallet_id, score_order_id=score_order_id, now=own.now()
        )


ROUTES = (
    list_plans,
    list_mandates,
    sign_mandate,
    end_mandate,
    show_pay_score,
    enable_pay_score,
    disable_pay_score,
    list_score_orders,
    confirm_score_order,
    decline_score_order,
)
