"""Money in, out and across; the history and its statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from msgspec import Meta

from qianbao.api.access import After, Asked, Limit, services
from qianbao.api.described import CLEARED, FILES, PROVED, refuses
from qianbao.errors import NotFound
from qianbao.ids import id_from_key
from qianbao.leaving.history import Page, Transaction, get_transaction, transactions
from qianbao.leaving.statement_camt053 import write_camt053
from qianbao.leaving.statement_csv import write_csv
from qianbao.leaving.statement_pdf import write_pdf
from qianbao.leaving.statements import Statement, statement
from qianbao.money import Money
from qianbao.payments.authorize import Authorized, authorize
from qianbao.payments.bank_orders import BankOrder, find_order
from qianbao.payments.merchants import find_merchant, find_payment
from qianbao.payments.pay import Paid, Pay, pay
from qianbao.payments.top_up import TopUp, top_up
from qianbao.payments.transfer import NoWalletAtPhone, Sent, send, to_phone
from qianbao.payments.withdraw import Withdraw, withdraw
from qianbao.wallets.receivers import count_look_up, look_up
from qianbao.wallets.sessions import Session

Pin = Annotated[str, Meta(min_length=1, max_length=12)]
SentCode = Annotated[str, Meta(max_length=12)]
Id = Annotated[str, Meta(max_length=64)]


class StatementFormatUnknown(NotFound):
    code = "statement_format_unknown"
    en = "Statements come as csv, pdf or camt053."
    zh = "账单格式为 csv、pdf 或 camt053。"
    next_en = "Choose one of the three."
    next_zh = "请选择其中一种。"


class TopUpBody(msgspec.Struct, forbid_unknown_fields=True):
    """From which card, and how much."""

    card_id: Id
    amount: Money
    pin: Pin
    code: SentCode = ""


class WithdrawalBody(msgspec.Struct, forbid_unknown_fields=True):
    """To which card, and how much arrives; without an amount, everything."""

    card_id: Id
    pin: Pin
    code: SentCode = ""
    amount: Money | None = None


class ReceiverBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whom money may go to."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)]


class ReceiverView(msgspec.Struct, frozen=True):
    """Empty `name`: no document says it."""

    name: str
    phone_tail: str


class TransferBody(msgspec.Struct, forbid_unknown_fields=True):
    """To whose phone, and how much."""

    to_phone: Annotated[str, Meta(min_length=3, max_length=32)]
    amount: Money
    pin: Pin
    code: SentCode = ""
    note: Annotated[str, Meta(max_length=500)] = ""


class PaymentBody(msgspec.Struct, forbid_unknown_fields=True):
    """What the merchant's code stands for, and the amount that the holder was shown."""

    merchant_id: Id
    payment_id: Id
    amount: Money
    pin: Pin
    code: SentCode = ""


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


async def _authorize(
    request: Asked, wish: Any, data: TopUpBody | WithdrawalBody | TransferBody | PaymentBody
) -> Authorized:
    own = services(request)
    return await authorize(
        own.pool,
        own.keys,
        own.settings,
        own.clearing,
        wish,
        pin=data.pin,
        code=data.code,
        now=own.now(),
    )


@post(
    "/receivers",
    status_code=200,
    opt=refuses("phone_invalid", "no_wallet_at_phone", "same_account", "receiver_lookups_used_up"),
)
async def find_receiver(request: Asked, holder: Session, data: ReceiverBody) -> ReceiverView:
    """Look up whom a phone belongs to

    As much of the holder's name as lets a sender recognise them. So many different phones a day are
    looked up for one wallet, transfers included.
    """
    own = services(request)
    found = await look_up(
        own.pool,
        own.keys,
        own.settings,
        wallet_id=holder.wallet_id,
        phone=data.phone,
        now=own.now(),
    )
    if found is None:
        raise NoWalletAtPhone()
    return ReceiverView(found.name, found.phone_tail)


@post("/top-ups", status_code=202, opt=refuses(*CLEARED, *PROVED, "card_not_linked"))
async def start_top_up(request: Asked, holder: Session, key: str, data: TopUpBody) -> BankOrderView:
    """Top up from a card

    Asks the card's bank for the money. The answer is the order as it begins; `GET
    /v1/bank-orders/{order_id}` tells how it ends. A bank that does not answer is asked until it
    does.
    """
    wish = TopUp(
        wallet_id=holder.wallet_id,
        key=key,
        order_id=id_from_key("ord", holder.wallet_id, key),
        card_id=data.card_id,
        amount=data.amount,
    )
    found = await _authorize(request, wish, data)
    return _order(await top_up(services(request).clearing, found.wish))


@post(
    "/withdrawals",
    status_code=202,
    opt=refuses(*CLEARED, *PROVED, "card_not_linked", "insufficient_funds", "nothing_to_withdraw"),
)
async def start_withdrawal(
    request: Asked, holder: Session, key: str, data: WithdrawalBody
) -> BankOrderView:
    """Withdraw to a card

    Holds the money and the fee, and has the bank pay the card. Without an amount everything goes.
    `GET /v1/bank-orders/{order_id}` tells how it ends. Only a legal order can block this.
    """
    wish = Withdraw(
        wallet_id=holder.wallet_id,
        key=key,
        order_id=id_from_key("ord", holder.wallet_id, key),
        card_id=data.card_id,
        amount=data.amount,
    )
    found = await _authorize(request, wish, data)
    return _order(await withdraw(services(request).clearing, found.wish))


@get("/bank-orders/{order_id:str}", opt=refuses("bank_order_unknown"))
async def bank_order(request: Asked, holder: Session, order_id: str) -> BankOrderView:
    """Show a top-up or withdrawal

    As it stands: `pending` and `unknown` have not ended, `settled` and `refused` have.
    """
    async with services(request).pool.connection() as conn:
        return _order(await find_order(conn, wallet_id=holder.wallet_id, order_id=order_id))


@post(
    "/transfers",
    status_code=201,
    opt=refuses(
        *CLEARED,
        *PROVED,
        "insufficient_funds",
        "phone_invalid",
        "no_wallet_at_phone",
        "receiver_cannot_receive",
        "same_account",
        "note_too_long",
        "receiver_lookups_used_up",
        "transfer_currency",
    ),
)
async def transfer(request: Asked, holder: Session, key: str, data: TransferBody) -> Sent:
    """Send money to a person

    At once, to the open wallet of a phone. Sent again under the same key, the first answer is
    given, whoever has the phone by then.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        wish = await to_phone(
            conn,
            own.keys,
            wallet_id=holder.wallet_id,
            key=key,
            phone=data.to_phone,
            amount=data.amount,
            note=data.note,
        )
    found = await _authorize(request, wish, data)
    if found.is_new:
        await count_look_up(
            own.pool,
            own.keys,
            own.settings,
            wallet_id=holder.wallet_id,
            phone=data.to_phone,
            now=own.now(),
        )
    return await send(own.clearing, found.wish)


@get(
    "/payments/{merchant_id:str}/{payment_id:str}",
    opt=refuses("payment_unknown", "merchant_unknown"),
)
async def show_payment(
    request: Asked, holder: Session, merchant_id: str, payment_id: str
) -> PaymentView:
    """Show what a QR code stands for

    What a merchant asks to be paid, before it is paid.
    """
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


@post(
    "/payments",
    status_code=201,
    opt=refuses(
        *CLEARED,
        *PROVED,
        "insufficient_funds",
        "payment_unknown",
        "payment_not_awaiting",
        "payment_amount_differs",
    ),
)
async def make_payment(request: Asked, holder: Session, key: str, data: PaymentBody) -> Paid:
    """Pay a merchant

    At once. `amount` is what the holder was shown: another amount is refused.
    """
    wish = Pay(holder.wallet_id, key, data.merchant_id, data.payment_id, data.amount)
    found = await _authorize(request, wish, data)
    return await pay(services(request).clearing, found.wish)


@get("/transactions", opt=refuses("wallet_unknown", "history_cursor_invalid"))
async def list_transactions(
    request: Asked,
    holder: Session,
    limit: Limit = 50,
    after: After = None,
) -> Page:
    """List transactions

    The history, newest first; what a reopened wallet brought along is in it. Orders that a bank has
    not ended yet stand above the first page.
    """
    async with services(request).pool.connection() as conn:
        return await transactions(conn, wallet_id=holder.wallet_id, limit=limit, after=after)


@get("/transactions/{transaction_id:str}", opt=refuses("wallet_unknown", "transaction_not_found"))
async def show_transaction(request: Asked, holder: Session, transaction_id: str) -> Transaction:
    """Show a transaction

    One line of the history.
    """
    async with services(request).pool.connection() as conn:
        return await get_transaction(
            conn, wallet_id=holder.wallet_id, transaction_id=transaction_id
        )


# Litestar says of text that it is UTF-8.
_FORMATS: dict[str, tuple[str, Callable[[Statement], bytes]]] = {
    "csv": ("text/csv", lambda found: b"".join(write_csv(found))),
    "pdf": ("application/pdf", write_pdf),
    "camt053": ("application/xml", lambda found: b"".join(write_camt053(found))),
}


@get(
    "/statements/{file:str}",
    opt={FILES: tuple(kind for kind, _ in _FORMATS.values())}
    | refuses("wallet_unknown", "period_invalid", "statement_format_unknown", "statement_too_long"),
)
async def show_statement(request: Asked, holder: Session, file: str) -> Response[bytes]:
    """Download a statement

    `{period}.{format}`: the period is a year (`2026`), a month (`2026-12`) or `all`; the format is
    `csv`, `pdf` or `camt053` (ISO 20022 camt.053.001.08).
    """
    period, _, wanted = file.partition(".")
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
    find_receiver,
    transfer,
    show_payment,
    make_payment,
    list_transactions,
    show_transaction,
    show_statement,
)
