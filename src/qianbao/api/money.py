"""Money in, out and across; the history and its statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter
from msgspec import Meta

from qianbao.api.access import Asked, Limit, services
from qianbao.errors import NotFound
from qianbao.ids import id_from_key
from qianbao.leaving.history import Page, Transaction, get_transaction, transactions
from qianbao.leaving.statement_camt053 import write_camt053
from qianbao.leaving.statement_csv import write_csv
from qianbao.leaving.statement_pdf import write_pdf
from qianbao.leaving.statements import Statement, statement
from qianbao.money import Money
from qianbao.payments.bank_orders import BankOrder, find_order
from qianbao.payments.merchants import find_merchant, find_payment
from qianbao.payments.pay import Paid, Pay, pay
from qianbao.payments.top_up import TopUp, top_up
from qianbao.payments.transfer import SendMoney, Sent, find_receiver, send
from qianbao.payments.withdraw import Withdraw, withdraw
from qianbao.wallets.pin import check_pin
from qianbao.wallets.sessions import Session

Pin = Annotated[str, Meta(min_length=1, max_length=12)]
Id = Annotated[str, Meta(max_length=64)]


class StatementFormatUnknown(NotFound):
    code = "statement_format_unknown"
    en = "Statements come as csv, pdf or camt053."
    zh = "账单格式为 csv、pdf 或 camt053。"
    next_en = "Choose one of the three."
    next_zh = "请选择其中一种。"


class TopUpBody(msgspec.Struct):
    """From which card, and how much."""

    card_id: Id
    amount: Money
    pin: Pin


class WithdrawalBody(msgspec.Struct):
    """To which card, and how much arrives; without an amount, everything."""

    card_id: Id
    pin: Pin
    amount: Money | None = None


class TransferBody(msgspec.Struct):
    """To whose phone, and how much."""

    to_phone: Annotated[str, Meta(min_length=3, max_length=32)]
    amount: Money
    pin: Pin
    note: Annotated[str, Meta(max_length=500)] = ""


class PaymentBody(msgspec.Struct):
    """What the merchant's code stands for, and the amount that the holder was shown."""

    merchant_id: Id
    payment_id: Id
    amount: Money
    pin: Pin


class BankOrderView(msgspec.Struct):
    """A top-up or withdrawal. `unknown`: the bank has not said; it is asked until it does."""

    order_id: str
    kind: str
    state: str
    card_id: str
    bank: str
    amount: Money
    fee: Money
    result: str
    created_at: datetime
    ended_at: datetime | None


class PaymentView(msgspec.Struct):
    """What a merchant asks to be paid, before it is paid."""

    merchant_id: str
    merchant_name_en: str
    merchant_name_zh: str
    payment_id: str
    description: str
    amount: Money
    state: str


def _order(order: BankOrder) -> BankOrderView:
    return BankOrderView(
        order_id=order.order_id,
        kind=order.kind,
        state=order.state,
        card_id=order.card_id,
        bank=order.bank,
        amount=Money(order.amount_minor, order.currency),
        fee=Money(order.fee_minor, order.currency),
        result=order.result,
        created_at=order.created_at,
        ended_at=order.ended_at,
    )


async def _check_pin(request: Asked, holder: Session, pin: str) -> None:
    own = services(request)
    await check_pin(own.pool, own.settings, wallet_id=holder.wallet_id, pin=pin, now=own.now())


@post("/top-ups", status_code=202)
async def start_top_up(request: Asked, holder: Session, key: str, data: TopUpBody) -> BankOrderView:
    """Asks the card's bank for the money; `GET /v1/bank-orders/{id}` tells what it said."""
    await _check_pin(request, holder, data.pin)
    order = await top_up(
        services(request).clearing,
        TopUp(
            wallet_id=holder.wallet_id,
            key=key,
            order_id=id_from_key("ord", holder.wallet_id, key),
            card_id=data.card_id,
            amount=data.amount,
        ),
    )
    return _order(order)


@post("/withdrawals", status_code=202)
async def start_withdrawal(
    request: Asked, holder: Session, key: str, data: WithdrawalBody
) -> BankOrderView:
    """Holds the money and sends it to the card; `GET /v1/bank-orders/{id}` says how it went."""
    await _check_pin(request, holder, data.pin)
    order = await withdraw(
        services(request).clearing,
        Withdraw(
            wallet_id=holder.wallet_id,
            key=key,
            order_id=id_from_key("ord", holder.wallet_id, key),
            card_id=data.card_id,
            amount=data.amount,
        ),
    )
    return _order(order)


@get("/bank-orders/{order_id:str}")
async def bank_order(request: Asked, holder: Session, order_id: str) -> BankOrderView:
    """A top-up or withdrawal as it stands."""
    async with services(request).pool.connection() as conn:
        return _order(await find_order(conn, wallet_id=holder.wallet_id, order_id=order_id))


@post("/transfers", status_code=201)
async def transfer(request: Asked, holder: Session, key: str, data: TransferBody) -> Sent:
    """Sends money to a person, at once."""
    own = services(request)
    await _check_pin(request, holder, data.pin)
    async with own.pool.connection() as conn:
        receiver = await find_receiver(conn, own.keys, phone=data.to_phone)
    return await send(
        own.clearing, SendMoney(holder.wallet_id, key, receiver, data.amount, data.note)
    )


@get("/payments/{merchant_id:str}/{payment_id:str}")
async def show_payment(
    request: Asked, holder: Session, merchant_id: str, payment_id: str
) -> PaymentView:
    """What a QR code stands for."""
    async with services(request).pool.connection() as conn:
        found = await find_payment(conn, merchant_id=merchant_id, payment_id=payment_id)
        merchant = await find_merchant(conn, merchant_id=merchant_id)
    return PaymentView(
        merchant_id=merchant_id,
        merchant_name_en=merchant.name_en,
        merchant_name_zh=merchant.name_zh,
        payment_id=payment_id,
        description=found.description,
        amount=Money(found.amount_minor, found.currency),
        state=found.state,
    )


@post("/payments", status_code=201)
async def make_payment(request: Asked, holder: Session, key: str, data: PaymentBody) -> Paid:
    """Pays a merchant, at once."""
    await _check_pin(request, holder, data.pin)
    return await pay(
        services(request).clearing,
        Pay(holder.wallet_id, key, data.merchant_id, data.payment_id, data.amount),
    )


@get("/transactions")
async def list_transactions(
    request: Asked,
    holder: Session,
    limit: Limit = 50,
    after: Annotated[str | None, QueryParameter(max_length=4000)] = None,
) -> Page:
    """The history, newest first; what a reopened wallet brought along is in it."""
    async with services(request).pool.connection() as conn:
        return await transactions(conn, wallet_id=holder.wallet_id, limit=limit, after=after)


@get("/transactions/{transaction_id:str}")
async def show_transaction(request: Asked, holder: Session, transaction_id: str) -> Transaction:
    """One line of the history."""
    async with services(request).pool.connection() as conn:
        return await get_transaction(
            conn, wallet_id=holder.wallet_id, transaction_id=transaction_id
        )


_FORMATS: dict[str, tuple[str, Callable[[Statement], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", lambda found: b"".join(write_csv(found))),
    "pdf": ("application/pdf", write_pdf),
    "camt053": ("application/xml", lambda found: b"".join(write_camt053(found))),
}


@get("/statements/{name:str}")
async def show_statement(request: Asked, holder: Session, name: str) -> Response[bytes]:
    """`{period}.{csv|pdf|camt053}`, where the period is a year, a month or `all`."""
    period, _, wanted = name.partition(".")
    if wanted not in _FORMATS:
        raise StatementFormatUnknown()
    own = services(request)
    async with own.pool.connection() as conn:
        found = await statement(conn, wallet_id=holder.wallet_id, period=period, now=own.now())
    media_type, write = _FORMATS[wanted]
    ending = "xml" if wanted == "camt053" else wanted
    return Response(
        write(found),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="qianbao-{period}.{ending}"'},
    )


ROUTES = (
    start_top_up,
    start_withdrawal,
    bank_order,
    transfer,
    show_payment,
    make_payment,
    list_transactions,
    show_transaction,
    show_statement,
)
