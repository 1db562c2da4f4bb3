"""Merchants, and the payments they ask for (what a QR code stands for)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.arrays import bytes_of
from qianbao.db.look_ups import Find, LookUp
from qianbao.db.pages import read_page
from qianbao.db.queries import Connection, fetch_one
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.keyring import token_hash
from qianbao.ledger import open_account
from qianbao.money import Money, check_amount
from qianbao.payments.answers import sql
from qianbao.payments.errors import (
    STATES_ZH,
    OwnPaymentUnknown,
    PaymentNotAwaiting,
    PaymentUnknown,
    SameKeyOtherRequest,
)

_MOST_TEXT = 128  # a merchant's own reference: domain.md 5.1 (contract_code, at most 128)


class MerchantUnknown(NotFound):
    code = "merchant_unknown"
    en = "There is no such merchant."
    zh = "没有这个商家。"
    next_en = "Check the code that you were given."
    next_zh = "请核对付款码。"


class MerchantKeyWrong(QianbaoError):
    code = "merchant_key_wrong"
    status = 401
    en = "This API key is not a merchant's."
    zh = "API 密钥无效。"
    next_en = "Send the merchant's key as Authorization: Bearer …"
    next_zh = "请在 Authorization: Bearer … 中提供商家的密钥。"


class TextTooLong(InvalidInput):
    code = "text_too_long"
    en = "“{field}” has between 1 and {most} characters."
    zh = "“{field}” 须为 1 至 {most} 个字符。"
    next_en = "Change it and send again."
    next_zh = "请修改后重新发送。"


class Merchant(msgspec.Struct, frozen=True):
    """Who is paid."""

    merchant_id: str
    currency: str
    name_en: str
    name_zh: str


class Payment(msgspec.Struct, frozen=True):
    """What a merchant asked for, and what came of it (minor units)."""

    merchant_id: str
    payment_id: str
    merchant_reference: str
    description: str
    amount_minor: int
    currency: str
    state: Literal["awaiting", "paid", "cancelled"]
    wallet_id: str | None
    mandate_id: str | None
    transfer_id: str | None
    refunded_minor: int
    created_at: datetime
    paid_at: datetime | None

    @property
    def path(self) -> str:
        """What the QR code holds, after the operator's own address."""
        return f"/pay/{self.merchant_id}/{self.payment_id}"


class PaymentPage(msgspec.Struct, frozen=True):
    """Payments, newest first; `next` asks for the page after, None on the last."""

    items: tuple[Payment, ...]
    next: str | None


async def add_merchant(
    conn: Connection,
    *,
    merchant_id: str,
    name_en: str,
    name_zh: str,
    api_key: str,
    currency: str = "CNY",
    now: datetime,
) -> Merchant:
    """A merchant with an account; nothing happens when it is there."""
    await conn.execute(
        sql.add_merchant,
        {
            "merchant_id": merchant_id,
            "currency": currency,
            "name_en": name_en,
            "name_zh": name_zh,
            "api_key_hash": token_hash(api_key),
            "now": now,
        },
    )
    await open_account(
        conn,
        owner_id=merchant_id,
        account_id=currency,
        kind="merchant",
        currency=currency,
        now=now,
    )
    return Merchant(merchant_id, currency, name_en, name_zh)


async def find_merchant(conn: Connection, *, merchant_id: str) -> Merchant:
    """Raises `MerchantUnknown`."""
    found = await fetch_one(conn, sql.find_merchant, {"merchant_id": merchant_id}, Merchant)
    if found is None:
        raise MerchantUnknown()
    return found


_BY_KEY = LookUp(
    sql.find_merchants_by_key,
    lambda keys: {"hashes": bytes_of([key[0] for key in keys])},
    Merchant,
)


async def merchant_by_key(find: Find, *, api_key: str) -> Merchant:
    """Whose API key this is. Raises `MerchantKeyWrong`."""
    found: Merchant | None = await find(_BY_KEY, (token_hash(api_key),))
    if found is None:
        raise MerchantKeyWrong()
    return found


async def ask_payment(
    conn: Connection,
    *,
    merchant_id: str,
    payment_id: str,
    amount: Money,
    merchant_reference: str,
    description: str,
    now: datetime,
) -> Payment:
    """A payment for somebody to make; the same id with the same body is the same payment. Raises
    `TextTooLong`, amount errors, `SameKeyOtherRequest`: the id is made of the caller's key."""
    merchant = await find_merchant(conn, merchant_id=merchant_id)
    for field, text in (("merchant_reference", merchant_reference), ("description", description)):
        if not 0 < len(text) <= _MOST_TEXT:
            raise TextTooLong(field=field, most=_MOST_TEXT)
    await conn.execute(
        sql.add_payment,
        {
            "merchant_id": merchant_id,
            "payment_id": payment_id,
            "merchant_reference": merchant_reference,
            "description": description,
            "amount_minor": check_amount(amount, merchant.currency),
            "currency": amount.currency,
            "now": now,
        },
    )
    payment = await own_payment(conn, merchant_id=merchant_id, payment_id=payment_id)
    if (payment.amount_minor, payment.merchant_reference, payment.description) != (
        amount.amount_minor,
        merchant_reference,
        description,
    ):
        raise SameKeyOtherRequest()
    return payment


async def find_payment(conn: Connection, *, merchant_id: str, payment_id: str) -> Payment:
    """For whoever pays. Raises `PaymentUnknown`."""
    parameters = {"merchant_id": merchant_id, "payment_id": payment_id}
    found = await fetch_one(conn, sql.find_payment, parameters, Payment)
    if found is None:
        raise PaymentUnknown()
    return found


async def own_payment(conn: Connection, *, merchant_id: str, payment_id: str) -> Payment:
    """For the merchant itself. Raises `OwnPaymentUnknown`."""
    try:
        return await find_payment(conn, merchant_id=merchant_id, payment_id=payment_id)
    except PaymentUnknown:
        raise OwnPaymentUnknown() from None


async def list_payments(
    conn: Connection, *, merchant_id: str, limit: int = 50, after: str | None = None
) -> PaymentPage:
    """What a merchant asked for and charged, a page at a time. Raises `CursorInvalid`."""
    page = await read_page(
        conn,
        sql.list_payments,
        {"merchant_id": merchant_id},
        Payment,
        place=lambda payment: (payment.created_at, payment.payment_id),
        limit=limit,
        after=after,
    )
    return PaymentPage(*page)


async def cancel_payment(conn: Connection, *, merchant_id: str, payment_id: str) -> Payment:
    """Takes back a payment nobody has made. Raises `OwnPaymentUnknown`, `PaymentNotAwaiting`."""
    parameters = {"merchant_id": merchant_id, "payment_id": payment_id}
    cursor = await conn.execute(sql.cancel_payment, parameters)
    payment = await own_payment(conn, **parameters)
    if cursor.rowcount == 0:
        raise PaymentNotAwaiting(state=payment.state, state_zh=STATES_ZH[payment.state])
    return payment
