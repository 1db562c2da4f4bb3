"""For merchants' engineers: payments and refunds, mandates and charges, score orders."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post
from msgspec import Meta

from qianbao import mandates, payscore
from qianbao.api.access import After, Asked, Limit, services
from qianbao.api.described import CHARGED, refuses
from qianbao.ids import id_from_key
from qianbao.mandates import EndMode, Mandate, MandatePage
from qianbao.money import Money
from qianbao.payments.charge import Charge, charge
from qianbao.payments.merchants import (
    Merchant,
    Payment,
    PaymentPage,
    ask_payment,
    cancel_payment,
    list_payments,
    own_payment,
)
from qianbao.payments.pay import Paid
from qianbao.payments.refund import Refunded, refund
from qianbao.payscore import OrderPage, ScoreOrder
from qianbao.payscore.collect import complete_order

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Reference = Annotated[str, Meta(min_length=1, max_length=128)]


class AskPayment(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be paid. `merchant_reference` is the merchant's own number for it."""

    amount: Money
    merchant_reference: Reference
    description: Reference


class AskedPayment(msgspec.Struct):
    """`url` is what the QR code holds."""

    payment: Payment
    url: str


class RefundBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which payment, how much of it, and why."""

    payment_id: Id
    amount: Money
    reason: Reference


class ChargeBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is taken under a mandate."""

    amount: Money
    merchant_reference: Reference
    description: Reference


class CreateScoreOrder(msgspec.Struct, forbid_unknown_fields=True):
    """A deposit-free service; `deposit` is the most it can cost."""

    wallet_id: Id
    merchant_reference: Annotated[str, Meta(min_length=1, max_length=32)]
    introduction: Annotated[str, Meta(min_length=1, max_length=20)]
    deposit: Money


class CompleteScoreOrder(msgspec.Struct, forbid_unknown_fields=True):
    """What the service cost in the end; 0 when nothing."""

    amount: Money


@post(
    "/merchant/payments",
    status_code=201,
    opt=refuses(
        "text_too_long", "amount_out_of_range", "currency_unsupported", "same_key_other_request"
    ),
)
async def create_payment(
    request: Asked, merchant: Merchant, key: str, data: AskPayment
) -> AskedPayment:
    """Ask for a payment

    `url` is what the QR code holds: whoever opens it sees the amount and pays. Nothing is paid yet;
    the event `payment.paid` tells when it is.
    """
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


@get("/merchant/payments", opt=refuses("cursor_invalid"))
async def payments(
    request: Asked,
    merchant: Merchant,
    limit: Limit = 50,
    after: After = None,
) -> PaymentPage:
    """List payments

    What you asked for and what you charged, newest first.
    """
    async with services(request).pool.connection() as conn:
        return await list_payments(conn, merchant_id=merchant.merchant_id, limit=limit, after=after)


@get("/merchant/payments/{payment_id:str}", opt=refuses("own_payment_unknown"))
async def payment(request: Asked, merchant: Merchant, payment_id: str) -> Payment:
    """Show a payment

    As it stands, with what was refunded of it.
    """
    async with services(request).pool.connection() as conn:
        return await own_payment(conn, merchant_id=merchant.merchant_id, payment_id=payment_id)


@delete(
    "/merchant/payments/{payment_id:str}",
    status_code=200,
    opt=refuses("own_payment_unknown", "payment_not_awaiting"),
)
async def cancel(request: Asked, merchant: Merchant, payment_id: str) -> Payment:
    """Cancel a payment

    Takes back a payment that nobody has made.
    """
    async with services(request).pool.connection() as conn:
        return await cancel_payment(conn, merchant_id=merchant.merchant_id, payment_id=payment_id)


@post(
    "/merchant/refunds",
    status_code=201,
    opt=refuses(
        "own_payment_unknown",
        "payment_not_paid",
        "refund_exceeds_payment",
        "no_wallet_to_refund",
        "insufficient_funds",
        "amount_out_of_range",
        "currency_unsupported",
        "same_key_other_request",
        "request_clash",
        "clearing_busy",
        "clearing_interrupted",
    ),
)
async def create_refund(request: Asked, merchant: Merchant, key: str, data: RefundBody) -> Refunded:
    """Refund a payment

    In part or whole, at once; never more in total than was paid. The money goes to the wallet that
    paid or, when that was closed, to the same person's present one.
    """
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


@get("/merchant/mandates", opt=refuses("cursor_invalid"))
async def list_mandates(
    request: Asked,
    merchant: Merchant,
    limit: Limit = 50,
    after: After = None,
) -> MandatePage:
    """List mandates

    What holders have signed with you, newest first.
    """
    async with services(request).pool.connection() as conn:
        return await mandates.list_merchant_mandates(
            conn, merchant_id=merchant.merchant_id, limit=limit, after=after
        )


@delete(
    "/merchant/mandates/{mandate_id:str}",
    status_code=200,
    opt=refuses("mandate_not_found", "mandate_already_ended"),
)
async def end_mandate(request: Asked, merchant: Merchant, mandate_id: str) -> Mandate:
    """End a mandate

    From your side; the holder is told.
    """
    own = services(request)
    wallet_id = await mandates.mandate_holder(
        own.look_ups.find, merchant_id=merchant.merchant_id, mandate_id=mandate_id
    )
    async with own.pool.connection() as conn:
        return await mandates.end(
            conn,
            wallet_id=wallet_id,
            mandate_id=mandate_id,
            mode=EndMode.MERCHANT,
            now=own.now(),
        )


@post(
    "/merchant/mandates/{mandate_id:str}/charges",
    status_code=201,
    opt=refuses(
        *CHARGED,
        "mandate_not_found",
        "mandate_unknown",
        "mandate_not_active",
        "charge_over_limit",
    ),
)
async def create_charge(
    request: Asked, merchant: Merchant, key: str, mandate_id: str, data: ChargeBody
) -> Paid:
    """Charge under a mandate

    At once, within the limits of the plan and of the day. Why a holder cannot be charged is told to
    them, and not here.
    """
    own = services(request)
    wallet_id = await mandates.mandate_holder(
        own.look_ups.find, merchant_id=merchant.merchant_id, mandate_id=mandate_id
    )
    return await charge(
        own.clearing,
        Charge(
            merchant_id=merchant.merchant_id,
            payment_id=id_from_key("pay", merchant.merchant_id, key),
            wallet_id=wallet_id,
            amount=data.amount,
            description=data.description,
            merchant_reference=data.merchant_reference,
            mandate_id=mandate_id,
        ),
    )


@post(
    "/merchant/score-orders",
    status_code=201,
    opt=refuses(
        "wallet_unknown",
        "wallet_closed",
        "pay_score_off",
        "currency_unsupported",
        "amount_out_of_range",
        "score_order_id_taken",
    ),
)
async def create_score_order(
    request: Asked, merchant: Merchant, key: str, data: CreateScoreOrder
) -> ScoreOrder:
    """Ask for a Pay Score order

    A service without a deposit: nothing is reserved, and the holder must confirm within 30 days.
    `deposit` is the most that may be collected in the end.
    """
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


@get("/merchant/score-orders", opt=refuses("cursor_invalid"))
async def score_orders(
    request: Asked,
    merchant: Merchant,
    limit: Limit = 50,
    after: After = None,
) -> OrderPage:
    """List Pay Score orders

    Yours, newest first.
    """
    async with services(request).pool.connection() as conn:
        return await payscore.list_merchant_orders(
            conn, merchant_id=merchant.merchant_id, limit=limit, after=after
        )


@post(
    "/merchant/score-orders/{score_order_id:str}/complete",
    status_code=200,
    opt=refuses(
        *CHARGED,
        "score_order_not_found",
        "score_order_state",
        "score_order_amount_too_high",
        "score_order_collecting",
        "score_order_not_chargeable",
    ),
)
async def complete_score_order(
    request: Asked, merchant: Merchant, key: str, score_order_id: str, data: CompleteScoreOrder
) -> ScoreOrder:
    """Complete a Pay Score order

    The service has ended: collects what it cost, or nothing when that is 0. When the charge is
    refused the order is owed, and can be completed again.
    """
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


@delete(
    "/merchant/score-orders/{score_order_id:str}",
    status_code=200,
    opt=refuses("score_order_not_found", "score_order_state", "score_order_collecting"),
)
async def cancel_score_order(request: Asked, merchant: Merchant, score_order_id: str) -> ScoreOrder:
    """Cancel a Pay Score order

    Gives the order up; nothing is collected.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await payscore.cancel_order(
            conn,
            merchant_id=merchant.merchant_id,
            score_order_id=score_order_id,
            now=own.now(),
        )


ROUTES = (
    create_payment,
    payments,
    payment,
    cancel,
    create_refund,
    list_mandates,
    end_mandate,
    create_charge,
    create_score_order,
    score_orders,
    complete_score_order,
    cancel_score_order,
)
