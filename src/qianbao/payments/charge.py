"""A merchant takes what a holder permitted beforehand: under a mandate, or for a score order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date
from qianbao.db.arrays import days, integers, texts
from qianbao.db.queries import Connection, Row
from qianbao.db.statements import Statements
from qianbao.errors import NotFound, QianbaoError
from qianbao.ledger import AccountKey, InsufficientFunds, Transfer, main_account
from qianbao.money import Money, check_amount, show
from qianbao.notices.events import PaymentCharged
from qianbao.notices.webhooks import Told, add_deliveries, enqueue_deliveries
from qianbao.payments.answers import sql
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import BlockedByPolicy, check_note
from qianbao.payments.pay import Paid


class MandateUnknown(NotFound):
    code = "mandate_unknown"
    en = "There is no such mandate for this merchant."
    zh = "该商家没有这项扣费授权。"
    next_en = "Ask the holder to sign one."
    next_zh = "请用户先签约。"


class MandateNotActive(QianbaoError):
    code = "mandate_not_active"
    en = "This mandate has ended; nothing can be charged under it."
    zh = "该扣费授权已终止，不能再扣款。"
    next_en = "Ask the holder to sign again."
    next_zh = "请用户重新签约。"


class ChargeOverLimit(QianbaoError):
    code = "charge_over_limit"
    en = "A charge under this mandate may take {most} {period}; this asks {asked}."
    zh = "该授权{period_zh}最多扣 {most}，本次请求 {asked}。"
    next_en = "Charge less, or ask the holder to pay it themselves."
    next_zh = "请减少金额，或请用户自行付款。"


class ScoreOrderNotChargeable(QianbaoError):
    code = "score_order_not_chargeable"
    en = "This score order is not being completed for {asked}, so it cannot be charged."
    zh = "该支付分订单未按 {asked} 办理完结，不能扣款。"
    next_en = "Complete the order: that charges it, once, at most its deposit."
    next_zh = "请办理订单完结；系统只扣款一次，且不超过押金。"


class HolderCannotBeCharged(QianbaoError):
    """Whatever rule it is: why a holder is blocked is theirs to know, and nobody else's."""

    code = "holder_cannot_be_charged"
    status = 403
    en = "The holder cannot be charged now, and is told why. Nothing was charged."
    zh = "目前无法向该用户扣款，我们会告知用户原因。未扣款。"
    next_en = "Ask the holder to look at the notices in their wallet: why, and the ways out."
    next_zh = "请用户查看钱包内的通知，其中说明原因和解决办法。"


class HolderLacksFunds(QianbaoError):
    """How much a holder has is theirs to know."""

    code = "holder_lacks_funds"
    en = "The holder's wallet does not cover this amount now. Nothing was charged."
    zh = "用户钱包余额目前不足以支付这笔金额，未扣款。"
    next_en = "Ask the holder to top up, then charge again; or charge less."
    next_zh = "请用户充值后再次扣款，或减少金额。"


class Charge(msgspec.Struct, frozen=True):
    """A merchant's charge; exactly one of `mandate_id` and `score_order_id` is given. The payment
    id is the merchant's key: the same id charges once."""

    merchant_id: str
    payment_id: str
    wallet_id: str
    amount: Money
    description: str
    merchant_reference: str
    mandate_id: str | None = None
    score_order_id: str | None = None

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.merchant_id

    @property
    def key(self) -> str:
        """One payment id, one charge."""
        return self.payment_id


class Permission(msgspec.Struct):
    """A mandate as locked for charging."""

    wallet_id: str
    mandate_id: str
    merchant_id: str
    per_charge_minor: int
    currency: str
    state: str
    day: date | None
    charged_today_minor: int


class ChargeableOrder(msgspec.Struct):
    """A score order as locked for charging."""

    wallet_id: str
    score_order_id: str
    merchant_id: str
    payment_id: str | None
    amount_minor: int | None
    state: str


async def charge(clearing: Clearing, request: Charge) -> Paid:
    """Takes the money at once. Raises `MandateUnknown`, `MandateNotActive`, `ChargeOverLimit`,
    `ScoreOrderNotChargeable`, amount errors, `HolderCannotBeCharged`, `ChargeNeedsHolder`,
    `HolderLacksFunds`: none of them says more of the holder than that."""
    check_note(request.description)
    check_note(request.merchant_reference)
    answer: Paid = await clearing.submit(request)
    return answer


async def _load(conn: Connection, requests: Sequence[Charge], batch: Batch) -> None:
    pairs = [(one.wallet_id, one.mandate_id) for one in requests if one.mandate_id]
    mandates = await _locked(conn, sql.lock_mandates, pairs, Permission)
    batch.loaded["mandates"] = {(one.wallet_id, one.mandate_id): one for one in mandates}
    pairs = [(one.wallet_id, one.score_order_id) for one in requests if one.score_order_id]
    orders = await _locked(conn, sql.lock_score_orders, pairs, ChargeableOrder)
    batch.loaded["score_orders"] = {(one.wallet_id, one.score_order_id): one for one in orders}


async def _locked(
    conn: Connection, query: bytes, pairs: Sequence[tuple[str, str]], shape: type[Row]
) -> list[Row]:
    if not pairs:
        return []
    wanted = {"wallets": texts([one for one, _ in pairs]), "ids": texts([one for _, one in pairs])}
    statements = Statements(conn)
    found = statements.ask(query, wanted, shape)
    await statements.answered()
    return found.rows


def _charged(mandate: Permission, today: date) -> int:
    """What the mandate took today; a process whose clock is behind at midnight finds tomorrow."""
    return mandate.charged_today_minor if mandate.day and mandate.day >= today else 0


def _check_mandate(request: Charge, amount: int, today: date, batch: Batch) -> Permission:
    mandate: Permission | None = batch.loaded["mandates"].get(
        (request.wallet_id, request.mandate_id)
    )
    if mandate is None or mandate.merchant_id != request.merchant_id:
        raise MandateUnknown()
    if mandate.state != "active":
        raise MandateNotActive()
    charged = _charged(mandate, today)
    settings = batch.settings
    per_charge = min(mandate.per_charge_minor, settings.mandate_per_charge_minor)
    asked = show(amount, mandate.currency)
    if amount > per_charge:
        most = show(per_charge, mandate.currency)
        raise ChargeOverLimit(most=most, asked=asked, period="at a time", period_zh="每次")
    if charged + amount > settings.mandate_per_day_minor:
        most = show(settings.mandate_per_day_minor, mandate.currency)
        raise ChargeOverLimit(most=most, asked=asked, period="a day", period_zh="每日")
    return mandate


def _check_order(request: Charge, amount: int, batch: Batch) -> None:
    order: ChargeableOrder | None = batch.loaded["score_orders"].get(
        (request.wallet_id, request.score_order_id)
    )
    if (
        order is None
        or order.merchant_id != request.merchant_id
        or order.state != "doing"
        or order.payment_id != request.payment_id
        or order.amount_minor != amount
    ):
        raise ScoreOrderNotChargeable(asked=show(amount, request.amount.currency))


def _apply(request: Charge, batch: Batch) -> Paid:
    payer = batch.open_wallet(request.wallet_id)
    amount = check_amount(request.amount, payer.currency)
    today = local_date(batch.now, ZoneInfo(payer.time_zone))
    mandate = None
    if request.mandate_id is not None:
        mandate = _check_mandate(request, amount, today, batch)
    else:
        _check_order(request, amount, batch)
    try:
        batch.decide(request.wallet_id, "be_charged", amount)
    except BlockedByPolicy:
        raise HolderCannotBeCharged() from None
    transfer = Transfer(
        kind="charge",
        debit=main_account(request.wallet_id, payer.currency),
        credit=main_account(request.merchant_id, payer.currency),
        amount_minor=amount,
        event_at=batch.now,
        reference=request.payment_id,
        note=request.description,
    )
    try:
        transfer_id = batch.book.transfer(transfer)
    except InsufficientFunds:
        raise HolderLacksFunds() from None
    batch.count(request.wallet_id, paid=amount, moved=amount)
    if mandate is not None:
        mandate.charged_today_minor = _charged(mandate, today) + amount
        mandate.day = max(mandate.day or today, today)
    paid = Paid(request.merchant_id, request.payment_id, transfer_id, request.amount, batch.now)
    batch.add_row("charge", (request, paid))
    return paid


async def _write(conn: Connection, batch: Batch) -> None:
    rows: list[tuple[Charge, Paid]] = batch.rows["charge"]
    statements = Statements(conn)
    _write_charges(statements, rows, batch)
    if used := list(batch.loaded["mandates"].values()):
        _write_mandates(statements, used)
    told = add_deliveries(statements, [_told(*row) for row in rows], batch.now)
    await statements.answered()
    await enqueue_deliveries(conn, told)


def _write_charges(statements: Statements, rows: list[tuple[Charge, Paid]], batch: Batch) -> None:
    statements.ask(
        sql.write_charges,
        {
            "merchants": texts([request.merchant_id for request, _ in rows]),
            "payments": texts([request.payment_id for request, _ in rows]),
            "references": texts([request.merchant_reference for request, _ in rows]),
            "descriptions": texts([request.description for request, _ in rows]),
            "amounts": integers([request.amount.amount_minor for request, _ in rows]),
            "currencies": texts([request.amount.currency for request, _ in rows]),
            "wallets": texts([request.wallet_id for request, _ in rows]),
            "mandates": texts([request.mandate_id or "" for request, _ in rows]),
            "transfers": texts([paid.transfer_id for _, paid in rows]),
            "now": batch.now,
        },
    )


def _write_mandates(statements: Statements, used: list[Permission]) -> None:
    """Those that were charged; the others have been read, and stay as they are."""
    charged = [(one, one.day) for one in used if one.day is not None]
    statements.ask(
        sql.write_mandates,
        {
            "wallets": texts([one.wallet_id for one, _ in charged]),
            "mandates": texts([one.mandate_id for one, _ in charged]),
            "days": days([day for _, day in charged]),
            "charged": integers([one.charged_today_minor for one, _ in charged]),
        },
    )


def _told(request: Charge, paid: Paid) -> Told:
    said = PaymentCharged(
        payment_id=paid.payment_id,
        merchant_reference=request.merchant_reference,
        transfer_id=paid.transfer_id,
        mandate_id=request.mandate_id,
        score_order_id=request.score_order_id,
        amount=paid.amount,
        at=paid.at,
    )
    return Told(paid.merchant_id, "payment.charged", said)


def _accounts(request: Charge) -> list[AccountKey]:
    currency = request.amount.currency
    return [main_account(request.wallet_id, currency), main_account(request.merchant_id, currency)]


KIND = Kind(
    name="charge",
    request=Charge,
    answer=Paid,
    body=attrgetter(
        "wallet_id",
        "mandate_id",
        "score_order_id",
        "amount",
        "description",
        "merchant_reference",
    ),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id],
    load=_load,
    apply=_apply,
    write=_write,
)
