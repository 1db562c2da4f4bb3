"""What a holder has permitted: mandates, and Pay Score with its orders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from msgspec import Meta

from qianbao import mandates, payscore
from qianbao.api.access import Asked, services
from qianbao.ids import id_from_key
from qianbao.mandates import EndMode, Mandate, Plan
from qianbao.payscore import PayScore, Score, ScoreOrder
from qianbao.wallets.pin import check_pin
from qianbao.wallets.sessions import Session


class SignMandate(msgspec.Struct):
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
    """What merchants offer to sign."""
    async with services(request).pool.connection() as conn:
        return await mandates.plans(conn)


@get("/mandates")
async def list_mandates(request: Asked, holder: Session) -> list[Mandate]:
    """The holder's mandates, ended ones too."""
    async with services(request).pool.connection() as conn:
        return await mandates.list_mandates(conn, wallet_id=holder.wallet_id)


@post("/mandates", status_code=201)
async def sign_mandate(request: Asked, holder: Session, key: str, data: SignMandate) -> Mandate:
    """Lets a merchant charge, as its plan says."""
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


@delete("/mandates/{mandate_id:str}", status_code=200)
async def end_mandate(request: Asked, holder: Session, mandate_id: str) -> Mandate:
    """The merchant may no longer charge."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await mandates.end(
            conn,
            wallet_id=holder.wallet_id,
            mandate_id=mandate_id,
            mode=EndMode.HOLDER,
            now=own.now(),
        )


@get("/pay-score")
async def show_pay_score(request: Asked, holder: Session) -> PayScoreView:
    """Whether it is on, and the score."""
    own = services(request)
    async with own.pool.connection() as conn:
        found = await payscore.pay_score(conn, wallet_id=holder.wallet_id)
        score = await payscore.score(conn, wallet_id=holder.wallet_id, now=own.now())
    on = found is not None and found.disabled_at is None
    return PayScoreView(on, found.enabled_at if found is not None and on else None, score)


@put("/pay-score", status_code=200)
async def enable_pay_score(request: Asked, holder: Session) -> PayScore:
    """Turns Pay Score on; on already, nothing changes."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.enable(conn, wallet_id=holder.wallet_id, now=own.now())


@delete("/pay-score", status_code=200)
async def disable_pay_score(request: Asked, holder: Session) -> PayScore:
    """Turns Pay Score off; refused while an order is open."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.disable(conn, wallet_id=holder.wallet_id, now=own.now())


@get("/pay-score/orders")
async def list_score_orders(request: Asked, holder: Session) -> list[ScoreOrder]:
    """Deposit-free service orders, newest first."""
    async with services(request).pool.connection() as conn:
        return await payscore.list_orders(conn, wallet_id=holder.wallet_id)


@post("/pay-score/orders/{score_order_id:str}/confirm", status_code=200)
async def confirm_score_order(request: Asked, holder: Session, score_order_id: str) -> ScoreOrder:
    """The holder agrees; the service begins."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.confirm_order(
            conn, wallet_id=holder.wallet_id, score_order_id=score_order_id, now=own.now()
        )


@post("/pay-score/orders/{score_order_id:str}/decline", status_code=200)
async def decline_score_order(request: Asked, holder: Session, score_order_id: str) -> ScoreOrder:
    """The holder does not agree; the order ends."""
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
