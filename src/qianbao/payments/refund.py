"""A merchant gives back, in part or whole; never more in total than was paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

import msgspec

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.ledger import AccountKey, Transfer, main_account
from qianbao.money import Money, check_amount, show
from qianbao.payments.answers import sql
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import STATES_ZH, OwnPaymentUnknown, check_note
from qianbao.payments.merchants import Payment, own_payment
from qianbao.payments.pay import lock_payments
from qianbao.wallets.errors import WalletClosed


class PaymentNotPaid(QianbaoError):
    code = "payment_not_paid"
    en = "This payment is {state}; there is nothing to give back."
    zh = "这笔付款处于“{state_zh}”状态，无款可退。"
    next_en = "Refund a payment that was paid."
    next_zh = "只能退还已付款的订单。"


class RefundExceedsPayment(QianbaoError):
    code = "refund_exceeds_payment"
    en = "{left} of this payment can still be refunded; {asked} was asked."
    zh = "这笔付款还可退 {left}，本次请求退 {asked}。"
    next_en = "Refund at most what is left."
    next_zh = "退款不能超过剩余可退金额。"


class NoWalletToRefund(QianbaoError):
    code = "no_wallet_to_refund"
    en = "Whoever paid this has closed their wallet and has no other now. Nothing was taken."
    zh = "付款人已注销钱包，目前没有其他钱包。未扣除任何金额。"
    next_en = "Give the money back another way, or try again once they have a wallet."
    next_zh = "请以其他方式退款，或待对方重新开通钱包后再试。"


class Refund(msgspec.Struct, frozen=True):
    """`wallet_id` is where the money goes: the wallet that paid, or the same person's present one.
    The refund id is the merchant's key: the same id refunds once."""

    merchant_id: str
    refund_id: str
    payment_id: str
    wallet_id: str
    amount: Money
    reason: str

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.merchant_id

    @property
    def key(self) -> str:
        """One refund id, one refund."""
        return self.refund_id


class Refunded(msgspec.Struct, frozen=True):
    """A refund that is done."""

    merchant_id: str
    refund_id: str
    payment_id: str
    transfer_id: str
    amount: Money
    at: datetime


async def refund(
    clearing: Clearing,
    pool: Pool,
    *,
    merchant_id: str,
    refund_id: str,
    payment_id: str,
    amount: Money,
    reason: str,
) -> Refunded:
    """Gives back at once. When the wallet that paid has been closed, the money goes to the same
    person's open one, if a bank has confirmed them there too. Raises `OwnPaymentUnknown`,
    `PaymentNotPaid`, `RefundExceedsPayment`, `InsufficientFunds` (the merchant's) or
    `NoWalletToRefund`."""
    check_note(reason)
    async with pool.connection() as conn:
        payment = await own_payment(conn, merchant_id=merchant_id, payment_id=payment_id)
        if payment.wallet_id is None:
            raise PaymentNotPaid(state=payment.state, state_zh=STATES_ZH[payment.state])
        wallet_id = await _where_to(conn, payment.wallet_id)
    answer: Refunded = await clearing.submit(
        Refund(merchant_id, refund_id, payment_id, wallet_id, amount, reason)
    )
    return answer


async def _where_to(conn: Connection, wallet_id: str) -> str:
    """The wallet that paid when there is no other: a refund done before it closed, repeated, still
    finds its first answer; a new one is refused when it is cleared."""
    status = await (await conn.execute(sql.find_status, {"wallet_id": wallet_id})).fetchone()
    if status is not None and status[0] == "open":
        return wallet_id
    cursor = await conn.execute(sql.open_wallet_of_same_person, {"wallet_id": wallet_id})
    row = await cursor.fetchone()
    return wallet_id if row is None else str(row[0])


def _accounts(request: Refund) -> list[AccountKey]:
    currency = request.amount.currency
    return [main_account(request.wallet_id, currency), main_account(request.merchant_id, currency)]


async def _load(conn: Connection, requests: Sequence[Refund], batch: Batch) -> None:
    await lock_payments(conn, requests, batch)  # type: ignore[arg-type]


def _apply(request: Refund, batch: Batch) -> Refunded:
    # Giving back is not "receive": no policy stands between a holder and their own money.
    try:
        receiver = batch.open_wallet(request.wallet_id)
    except WalletClosed:
        raise NoWalletToRefund() from None
    amount = check_amount(request.amount, receiver.currency)
    key = (request.merchant_id, request.payment_id)
    payment: Payment | None = batch.loaded["payments"].get(key)
    if payment is None:
        raise OwnPaymentUnknown()
    if payment.state != "paid":
        raise PaymentNotPaid(state=payment.state, state_zh=STATES_ZH[payment.state])
    left = payment.amount_minor - payment.refunded_minor
    if amount > left:
        raise RefundExceedsPayment(
            left=show(left, payment.currency), asked=show(amount, payment.currency)
        )
    transfer = Transfer(
        kind="refund",
        debit=main_account(request.merchant_id, payment.currency),
        credit=main_account(request.wallet_id, receiver.currency),
        amount_minor=amount,
        event_at=batch.now,
        reference=request.payment_id,
        note=request.reason,
    )
    transfer_id = batch.book.transfer(transfer)
    if request.wallet_id == payment.wallet_id:  # another wallet never counted the payment
        batch.count(request.wallet_id, moved=-amount)
    batch.loaded["payments"][key] = msgspec.structs.replace(
        payment, refunded_minor=payment.refunded_minor + amount
    )
    done = Refunded(
        request.merchant_id,
        request.refund_id,
        request.payment_id,
        transfer_id,
        request.amount,
        batch.now,
    )
    batch.add_row("refund", (request.reason, done))
    return done


async def _write(conn: Connection, batch: Batch) -> None:
    rows: list[tuple[str, Refunded]] = batch.rows["refund"]
    await conn.execute(
        sql.write_refunds,
        {
            "merchants": [done.merchant_id for _, done in rows],
            "refunds": [done.refund_id for _, done in rows],
            "payments": [done.payment_id for _, done in rows],
            "amounts": [done.amount.amount_minor for _, done in rows],
            "reasons": [reason for reason, _ in rows],
            "transfers": [done.transfer_id for _, done in rows],
            "now": batch.now,
        },
    )
    touched = {(done.merchant_id, done.payment_id) for _, done in rows}
    await conn.execute(
        sql.write_refunded,
        {
            "merchants": [key[0] for key in touched],
            "payments": [key[1] for key in touched],
            "refunded": [batch.loaded["payments"][key].refunded_minor for key in touched],
        },
    )


KIND = Kind(
    name="refund",
    request=Refund,
    answer=Refunded,
    body=attrgetter("payment_id", "amount", "reason"),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id],
    load=_load,
    apply=_apply,
    write=_write,
)
