"""Everything that a merchant can be told, and what each event says.

This is the one list: `webhooks.emit` takes nothing else, and the API's description of its webhooks
is made from it. When an event is told belongs to the verb that tells it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from qianbao.money import Money

OrderState = Literal["created", "doing", "done", "revoked", "expired"]
PaymentId = Annotated[str, Meta(description="The payment, as `GET /v1/merchant/payments/{id}`.")]
Reference = Annotated[str, Meta(description="Your own number for it, as you gave it.")]


class PaymentPaid(msgspec.Struct, frozen=True):
    """A holder paid what you asked for."""

    payment_id: PaymentId
    merchant_reference: Reference
    transfer_id: Annotated[str, Meta(description="The entry in the wallet's ledger.")]
    amount: Annotated[Money, Meta(description="What was paid.")]
    at: Annotated[datetime, Meta(tz=True, description="When it was paid.")]


class PaymentCharged(msgspec.Struct, frozen=True):
    """You charged a holder: under a mandate, or for a Pay Score order."""

    payment_id: PaymentId
    merchant_reference: Reference
    transfer_id: Annotated[str, Meta(description="The entry in the wallet's ledger.")]
    mandate_id: Annotated[str | None, Meta(description="Under which mandate; null for an order.")]
    score_order_id: Annotated[
        str | None, Meta(description="For which Pay Score order; null under a mandate.")
    ]
    amount: Annotated[Money, Meta(description="What was charged.")]
    at: Annotated[datetime, Meta(tz=True, description="When it was charged.")]


class MandateSigned(msgspec.Struct, frozen=True):
    """A holder signed one of your plans: from now on you may charge under it."""

    mandate_id: Annotated[str, Meta(description="What you charge under.")]
    plan_id: Annotated[str, Meta(description="Which plan was signed.")]
    signed_at: Annotated[datetime, Meta(tz=True, description="When it was signed.")]


class MandateEnded(msgspec.Struct, frozen=True):
    """A mandate has ended: charges under it are refused from now on."""

    mandate_id: Annotated[str, Meta(description="The mandate that ended.")]
    plan_id: Annotated[str, Meta(description="Which plan it was of.")]
    end_mode: Annotated[
        int,
        Meta(
            ge=1,
            le=5,
            description="1 it expired, 2 the holder ended it, 3 you did, 4 the operator did, 5 the "
            "wallet was closed.",
        ),
    ]
    ended_at: Annotated[datetime, Meta(tz=True, description="When it ended.")]


class ScoreOrderChanged(msgspec.Struct, frozen=True):
    """A Pay Score order has come to another state, which is the event's last word."""

    score_order_id: Annotated[str, Meta(description="The order.")]
    merchant_reference: Reference
    state: Annotated[OrderState, Meta(description="The order's state now.")]
    amount_minor: Annotated[
        int | None,
        Meta(description="What you collect, in minor units; null before the service has ended."),
    ]
    currency: Annotated[str, Meta(description="The currency of `amount_minor`, ISO 4217.")]
    payment_id: Annotated[
        str | None, Meta(description="The payment that collects it; null when nothing is.")
    ]


class WebhookTest(msgspec.Struct, frozen=True):
    """You asked for a test; nothing has happened."""

    at: Annotated[datetime, Meta(tz=True, description="When you asked.")]


Payload = (
    PaymentPaid | PaymentCharged | MandateSigned | MandateEnded | ScoreOrderChanged | WebhookTest
)


class Event(msgspec.Struct, frozen=True):
    """When an event is told, in a sentence, and one as it might be."""

    en: str
    example: Payload


_AT = datetime(2027, 1, 15, 4, 30, tzinfo=UTC)
_PAYMENT, _MANDATE, _ORDER = (f"{kind}_0dkz2n2s7zq4v8y6t1hr" for kind in ("pay", "man", "sco"))
_TRANSFER, _REFERENCE = "trf_0dkz2n2s9m3c5b7w2xae", "order-2027-0042"


def _order(state: OrderState, amount_minor: int | None = None) -> ScoreOrderChanged:
    payment_id = None if amount_minor is None else _PAYMENT
    return ScoreOrderChanged(_ORDER, _REFERENCE, state, amount_minor, "CNY", payment_id)


EVENTS: dict[str, Event] = {
    "payment.paid": Event(
        "A holder paid what you asked for.",
        PaymentPaid(_PAYMENT, _REFERENCE, _TRANSFER, Money(28_00), _AT),
    ),
    "payment.charged": Event(
        "You charged a holder, under a mandate or for a Pay Score order.",
        PaymentCharged(_PAYMENT, _REFERENCE, _TRANSFER, _MANDATE, None, Money(28_00), _AT),
    ),
    "mandate.signed": Event(
        "A holder signed one of your plans: from now on you may charge under it.",
        MandateSigned(_MANDATE, "rides", _AT),
    ),
    "mandate.ended": Event(
        "A mandate ended, whoever ended it: charges under it are refused from now on.",
        MandateEnded(_MANDATE, "rides", 2, _AT),
    ),
    "score_order.confirmed": Event(
        "The holder confirmed a Pay Score order: the service begins.", _order("doing")
    ),
    "score_order.done": Event(
        "A Pay Score order was collected, or cost nothing.", _order("done", 4_00)
    ),
    "score_order.revoked": Event(
        "The holder declined a Pay Score order, or you cancelled it.", _order("revoked")
    ),
    "score_order.expired": Event(
        "The holder did not confirm a Pay Score order in time.", _order("expired")
    ),
    "webhook.test": Event("You asked for a test; nothing has happened.", WebhookTest(_AT)),
}
"""Every event by its name, which never changes its meaning."""
