"""Paying a merchant what it asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

import msgspec

from qianbao.db.arrays import texts
from qianbao.db.queries import Connection
from qianbao.db.statements import Statements
from qianbao.ledger import AccountKey, Transfer, main_account
from qianbao.money import Money, check_amount, show
from qianbao.notices.events import PaymentPaid
from qianbao.notices.webhooks import Told, add_deliveries, enqueue_deliveries
from qianbao.payments.answers import sql
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import (
    STATES_ZH,
    PaymentAmountDiffers,
    PaymentNotAwaiting,
    PaymentUnknown,
)
from qianbao.payments.merchants import Payment
from qianbao.policy.asking import NOTHING, Proven


class Pay(msgspec.Struct, frozen=True):
    """A holder pays a payment that a merchant asked for."""

    wallet_id: str
    key: str
    merchant_id: str
    payment_id: str
    amount: Money
    proven: Proven = NOTHING

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.wallet_id


class Paid(msgspec.Struct, frozen=True):
    """A payment that is done."""

    merchant_id: str
    payment_id: str
    transfer_id: str
    amount: Money
    at: datetime


async def pay(clearing: Clearing, request: Pay) -> Paid:
    """Pays at once. `amount` is what the holder was shown: another amount is refused. Raises
    `PaymentUnknown`, `PaymentNotAwaiting`, `PaymentAmountDiffers`, amount errors, `BlockedByPolicy`
    or `InsufficientFunds`."""
    answer: Paid = await clearing.submit(request)
    return answer


def _accounts(request: Pay) -> list[AccountKey]:
    currency = request.amount.currency
    return [main_account(request.wallet_id, currency), main_account(request.merchant_id, currency)]


async def lock_payments(conn: Connection, requests: Sequence[Pay], batch: Batch) -> None:
    """The payments of a batch, locked, in `batch.loaded["payments"]`."""
    statements = Statements(conn)
    found = statements.ask(
        sql.lock_payments,
        {
            "merchants": texts([request.merchant_id for request in requests]),
            "payments": texts([request.payment_id for request in requests]),
        },
        Payment,
    )
    await statements.answered()
    loaded = batch.loaded.setdefault("payments", {})
    loaded |= {(payment.merchant_id, payment.payment_id): payment for payment in found.rows}


def _check_payable(payment: Payment | None, amount: Money) -> None:
    if payment is None:
        raise PaymentUnknown()
    if payment.state != "awaiting":
        raise PaymentNotAwaiting(state=payment.state, state_zh=STATES_ZH[payment.state])
    if Money(payment.amount_minor, payment.currency) != amount:
        raise PaymentAmountDiffers(
            asked=show(payment.amount_minor, payment.currency),
            given=show(amount.amount_minor, amount.currency),
        )


def _apply(request: Pay, batch: Batch) -> Paid:
    payer = batch.open_wallet(request.wallet_id)
    amount = check_amount(request.amount, payer.currency)
    payment = batch.loaded["payments"].get((request.merchant_id, request.payment_id))
    _check_payable(payment, request.amount)
    batch.decide(request.wallet_id, "pay", amount, request.proven)
    transfer = Transfer(
        kind="payment",
        debit=main_account(request.wallet_id, payer.currency),
        credit=main_account(request.merchant_id, payer.currency),
        amount_minor=amount,
        event_at=batch.now,
        reference=request.payment_id,
        note=payment.description,
    )
    transfer_id = batch.book.transfer(transfer)
    batch.count(request.wallet_id, paid=amount, moved=amount)
    batch.loaded["payments"][request.merchant_id, request.payment_id] = msgspec.structs.replace(
        payment, state="paid"
    )
    paid = Paid(request.merchant_id, request.payment_id, transfer_id, request.amount, batch.now)
    batch.add_row("pay", (request.wallet_id, paid))
    return paid


async def _write(conn: Connection, batch: Batch) -> None:
    rows: list[tuple[str, Paid]] = batch.rows["pay"]
    statements = Statements(conn)
    statements.ask(
        sql.write_paid,
        {
            "merchants": texts([paid.merchant_id for _, paid in rows]),
            "payments": texts([paid.payment_id for _, paid in rows]),
            "wallets": texts([wallet_id for wallet_id, _ in rows]),
            "transfers": texts([paid.transfer_id for _, paid in rows]),
            "now": batch.now,
        },
    )
    told = add_deliveries(statements, [_told(paid, batch) for _, paid in rows], batch.now)
    await statements.answered()
    await enqueue_deliveries(conn, told)


def _told(paid: Paid, batch: Batch) -> Told:
    payment: Payment = batch.loaded["payments"][paid.merchant_id, paid.payment_id]
    said = PaymentPaid(
        paid.payment_id, payment.merchant_reference, paid.transfer_id, paid.amount, paid.at
    )
    return Told(paid.merchant_id, "payment.paid", said)


KIND = Kind(
    name="pay",
    request=Pay,
    answer=Paid,
    body=attrgetter("merchant_id", "payment_id", "amount"),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id],
    load=lock_payments,
    apply=_apply,
    counterparty=attrgetter("merchant_id"),
    write=_write,
)
