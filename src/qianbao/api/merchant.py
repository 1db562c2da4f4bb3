"""For merchants' engineers: payments and refunds, mandates and charges, score orders."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.params import QueryParameter
from msgspec import Meta

from qianbao import mandates, payscore
from qianbao.api.access import Asked, Limit, services
from qianbao.ids import id_from_key
from qianbao.mandates import EndMode, Mandate, MandatePage
from qianbao.money import Money
from qianbao.payments.charge import Charge, charge
from qianbao.payments.merchants import (
    Merchant,
    Payment,
    ask_payment,
    cancel_payment,
    find_payment,
    list_payments,
    set_webhook,
)
from qianbao.payments.pay import Paid
from qianbao.payments.refund import Refunded, refund
from qianbao.payscore import OrderPage, ScoreOrder
from qianbao.payscore.collect import complete_order

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Reference = Annotated[str, Meta(min_length=1, max_length=128)]


class AskPayment(msgspec.Struct):
    """What is to be paid. `merchant_reference` is the merchant's own number for it."""

    amount: Money
    merchant_reference: Reference
    description: Reference


class AskedPayment(msgspec.Struct):
    """`url` is what the QR code holds."""

    payment: Payment
    url: str


class RefundBody(msgspec.Struct):
    """Which payment, how much of it, and why."""

    payment_id: Id
    amount: Money
    reason: Reference


class ChargeBody(msgspec.Struct):
    """What is taken under a mandate."""

    amount: Money
    merchant_reference: Reference
    description: Reference


class CreateScoreOrder(msgspec.Struct):
    """A deposit-free service; `deposit` is the most it can cost."""

    wallet_id: Id
    merchant_reference: Annotated[str, Meta(min_length=1, max_length=32)]
    introduction: Annotated[str, Meta(min_length=1, max_length=20)]
    deposit: Money


class CompleteScoreOrder(msgspec.Struct):
    """What the service cost in the end; 0 when nothing."""

    amount: Money


class WebhookBody(msgspec.Struct):
    """Where events are posted."""

    url: Annotated[str, Meta(min_length=8, max_length=500)]


class WebhookView(msgspec.Struct):
    """`secret` verifies signatures (Standard Webhooks); it is shown this once."""

    url: str
    secret: str


@put("/merchant/webhook", status_code=200)
async def put_webhook(request: Asked, merchant: Merchant, data: WebhookBody) -> WebhookView:
    """Sets where events are posted, and makes a new secret."""
    own = services(request)
    async with own.pool.connection() as conn:
        secret = await set_webhook(
            conn,
            own.keys,
            merchant_id=merchant.merchant_id,
            url=data.url,
            plain_http=own.settings.sandbox,
        )
    return WebhookView(data.url, secret)


@post("/merchant/payments", status_code=201)
async def create_payment(
    request: Asked, merchant: Merchant, key: str, data: AskPayment
) -> AskedPayment:
    """A payment for somebody to make, as a QR code's address."""
    own = services(request)
    async with own.pool.connection() as conn:
        payment = await ask_payment(
            conn,
            merchant_id=merchant.merchant_id,
            payment_id=id_from_key("pay", merchant.merchant_id, key),
            amount=data.amount,
            merchant_reference=data.merchant_reference,
            description=data.description,
            now=own.now(),
        )
    return AskedPayment(payment, own.settings.base_url + payment.path)


@get("/merchant/payments")
async def payments(
    request: Asked,
    merchant: Merchant,
    limit: Limit = 50,
    before: Annotated[str, QueryParameter(max_length=64)] = "~",
) -> list[Payment]:
    """Payments asked for; those before the id `before`."""
    async with services(request).pool.connection() as conn:
        return await list_payments(
            conn, merchant_id=merchant.merchant_id, before=before, limit=limit
        )


@get("/merchant/payments/{payment_id:str}")
async def payment(request: Asked, merchant: Merchant, payment_id: str) -> Payment:
    """One payment as it stands."""
    async with services(request).pool.connection() as conn:
        return await find_payment(conn, merchant_id=merchant.merchant_id, payment_id=payment_id)


@delete("/merchant/payments/{payment_id:str}", status_code=200)
async def cancel(request: Asked, merchant: Merchant, payment_id: str) -> Payment:
    """Takes back a payment that nobody has made."""
    async with services(request).pool.connection() as conn:
        return await cancel_payment(conn, merchant_id=merchant.merchant_id, payment_id=payment_id)


@post(["/merchant/refunds", "/refunds"], status_code=201)
async def create_refund(request: Asked, merchant: Merchant, key: str, data: RefundBody) -> Refunded:
    """Gives back, in part or whole."""
    own = services(request)
    return await refund(
        own.clearing,
        own.pool,
        merchant_id=merchant.merchant_id,
        refund_id=id_from_key("ref", merchant.merchant_id, key),
        payment_id=data.payment_id,
        amount=data.amount,
        reason=data.reason,
    )


@get("/merchant/mandates")
async def merchant_mandates(
    request: Asked,
    merchant: Merchant,
    limit: Limit = 50,
    after: Annotated[str | None, QueryParameter(max_length=64)] = None,
) -> MandatePage:
    """What holders have signed with this merchant, newest first."""
    async with services(request).pool.connection() as conn:
        return await mandates.list_merchant_mandates(
            conn, merchant_id=merchant.merchant_id, limit=limit, after=after
        )


@delete("/merchant/mandates/{mandate_id:str}", status_code=200)
async def end_mandate(request: Asked, merchant: Merchant, mandate_id: str) -> Mandate:
    """The merchant ends a mandate from its side."""
    own = services(request)
    async with own.pool.connection() as conn:
        found = await mandates.get_merchant_mandate(
            conn, merchant_id=merchant.merchant_id, mandate_id=mandate_id
        )
        return await mandates.end(
            conn,
            wallet_id=found.wallet_id,
            mandate_id=mandate_id,
            mode=EndMode.MERCHANT,
            now=own.now(),
        )


@post("/merchant/mandates/{mandate_id:str}/charges", status_code=201)
async def create_charge(
    request: Asked, merchant: Merchant, key: str, mandate_id: str, data: ChargeBody
) -> Paid:
    """Takes money under a mandate, at once."""
    own = services(request)
    async with own.pool.connection() as conn:
        found = await mandates.get_merchant_mandate(
            conn, merchant_id=merchant.merchant_id, mandate_id=mandate_id
        )
    return await charge(
        own.clearing,
        Charge(
            merchant_id=merchant.merchant_id,
            payment_id=id_from_key("pay", merchant.merchant_id, key),
            wallet_id=found.wallet_id,
            amount=data.amount,
            description=data.description,
            merchant_reference=data.merchant_reference,
            mandate_id=mandate_id,
        ),
    )


@post("/merchant/score-orders", status_code=201)
async def create_score_order(
    request: Asked, merchant: Merchant, key: str, data: CreateScoreOrder
) -> ScoreOrder:
    """Asks a holder to agree to a deposit-free service."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.create_order(
            conn,
            wallet_id=data.wallet_id,
            score_order_id=id_from_key("sco", merchant.merchant_id, key),
            merchant_id=merchant.merchant_id,
            merchant_reference=data.merchant_reference,
            introduction=data.introduction,
            deposit=data.deposit,
            now=own.now(),
        )


@get("/merchant/score-orders")
async def score_orders(
    request: Asked,
    merchant: Merchant,
    limit: Limit = 50,
    after: Annotated[str | None, QueryParameter(max_length=64)] = None,
) -> OrderPage:
    """The merchant's score orders, newest first."""
    async with services(request).pool.connection() as conn:
        return await payscore.list_merchant_orders(
            conn, merchant_id=merchant.merchant_id, limit=limit, after=after
        )


@post("/merchant/score-orders/{score_order_id:str}/complete", status_code=200)
async def complete_score_order(
    request: Asked, merchant: Merchant, key: str, score_order_id: str, data: CompleteScoreOrder
) -> ScoreOrder:
    """The service has ended: collects what it cost."""
    own = services(request)
    return await complete_order(
        own.pool,
        own.clearing,
        merchant_id=merchant.merchant_id,
        score_order_id=score_order_id,
        amount=data.amount,
        payment_id=id_from_key("pay", merchant.merchant_id, key),
        now=own.now,
    )


@delete("/merchant/score-orders/{score_order_id:str}", status_code=200)
async def cancel_score_order(request: Asked, merchant: Merchant, score_order_id: str) -> ScoreOrder:
    """The merchant takes an order back."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.cancel_order(
            conn,
            merchant_id=merchant.merchant_id,
            score_order_id=score_order_id,
            now=own.now(),
        )


ROUTES = (
    put_webhook,
    create_payment,
    payments,
    payment,
    cancel,
    create_refund,
    merchant_mandates,
    end_mandate,
    create_charge,
    create_score_order,
    score_orders,
    complete_score_order,
    cancel_score_order,
)
