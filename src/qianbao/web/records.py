"""Transactions and statements: reading, and taking along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec
from babel.dates import format_date
from litestar import Response, Router, get
from litestar.params import FromPath
from litestar.response import Stream

from qianbao.clock import local_date
from qianbao.errors import NotFound
from qianbao.identity.documents import current_document
from qianbao.leaving.history import (
    Transaction,
    other_wallet,
    transactions,
    wallets_in_history,
)
from qianbao.leaving.reopen import earlier_wallets
from qianbao.leaving.statement_camt053 import write_camt053
from qianbao.leaving.statement_csv import write_csv
from qianbao.leaving.statement_pdf import write_pdf
from qianbao.leaving.statements import Statement, statement
from qianbao.wallets.receivers import mask
from qianbao.web.drawing import draw
from qianbao.web.visit import Asked, holder, of, services_of

PAGE = 30
MONTHS = 12
"""Months that the list of statements names one by one; years and everything stand above them."""

FORMATS = {
    "pdf": ("PDF", "application/pdf", "pdf"),
    "csv": ("CSV", "text/csv", "csv"),
    "camt053": ("camt.053", "application/xml", "xml"),
}


class TransactionUnknown(NotFound):
    code = "transaction_unknown"
    en = "There is no such transaction in your history."
    zh = "交易记录中没有这一笔。"
    next_en = "Look for it in the list."
    next_zh = "请在列表中查找。"


class StatementKindUnknown(NotFound):
    code = "statement_kind_unknown"
    en = "Statements come as pdf, csv or camt053."
    zh = "账单格式为 pdf、csv 或 camt053。"
    next_en = "Choose one of them."
    next_zh = "请选择其中一种。"


class Period(msgspec.Struct, frozen=True):
    """A statement's period as it is offered: "all", "2026" or "2026-11"."""

    period: str
    en: str
    zh: str


@get("/me/pay/transactions")
async def list_transactions(request: Asked) -> Response[Any]:
    """The history, newest first."""
    page = request.query_params.get("page", "")
    async with services_of(request).pool.connection() as conn:
        found = await transactions(conn, wallet_id=holder(request), limit=PAGE, after=page or None)
        empty = not found.items and of(request).wallet_open
        earlier = await earlier_wallets(conn, wallet_id=holder(request)) if empty else ()
    return draw(
        "transactions.html",
        closed_before=any(one.reopened_at is None for one in earlier),
        items=found.items,
        page=quote(page),
        older=found.next or "",
    )


@get("/me/pay/transactions/{transaction_id:str}")
async def show_transaction(request: Asked, transaction_id: FromPath[str]) -> Response[Any]:
    """One of them, found on the page of the list that it was opened from."""
    page = request.query_params.get("page", "")
    async with services_of(request).pool.connection() as conn:
        found = await transactions(conn, wallet_id=holder(request), limit=PAGE, after=page or None)
    for item in found.items:
        if item.transaction_id == transaction_id:
            return draw(
                "transaction.html",
                item=item,
                name=await _masked_name(request, item),
                just_sent=item.amount_minor < 0 and request.query_params.get("sent") == "1",
            )
    raise TransactionUnknown()


async def _masked_name(request: Asked, item: Transaction) -> str:
    """Whom money was sent to or came from, as the sender was shown them; "" when no document says
    it, or it was no person."""
    if item.kind != "transfer":
        return ""
    async with services_of(request).pool.connection() as conn:
        other = await other_wallet(
            conn, wallet_id=holder(request), transaction_id=item.transaction_id
        )
        document = await current_document(conn, other) if other else None
    return mask(document.legal_name) if document else ""


@get("/me/pay/statements")
async def list_statements(request: Asked) -> Response[Any]:
    """Which statements there are: everything, each year, the last months."""
    async with services_of(request).pool.connection() as conn:
        history = await wallets_in_history(conn, holder(request))
    first = min(one.opened_at for one in history)
    years, months = _periods(
        (local_date(first).year, local_date(first).month),
        (local_date(of(request).now).year, local_date(of(request).now).month),
    )
    everything = Period("all", "Everything", "全部记录")
    return draw(
        "statements.html", periods=[everything, *years], months=months[:MONTHS], formats=FORMATS
    )


@get("/me/pay/statements/{name:str}")
async def download(request: Asked, name: FromPath[str]) -> Response[Any]:
    """A statement as a file, for instance `2026-11.csv`."""
    period, _, kind = name.partition(".")
    if kind not in FORMATS:
        raise StatementKindUnknown()
    async with services_of(request).pool.connection() as conn:
        written = await statement(
            conn, wallet_id=holder(request), period=period, now=of(request).now
        )
    _, media_type, ending = FORMATS[kind]
    file_name = f"qianbao-{period}.{ending}"
    return Stream(
        _write(written, kind),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _write(written: Statement, kind: str) -> Iterator[bytes]:
    if kind == "pdf":
        return iter([write_pdf(written)])
    return write_csv(written) if kind == "csv" else write_camt053(written)


def _periods(first: tuple[int, int], last: tuple[int, int]) -> tuple[list[Period], list[Period]]:
    """Years and months from `first` to `last`, the latest first."""
    years = [Period(str(year), str(year), f"{year}年") for year in range(last[0], first[0] - 1, -1)]
    months = []
    for number in range(last[0] * 12 + last[1] - 1, first[0] * 12 + first[1] - 2, -1):
        year, month = number // 12, number % 12 + 1
        name = format_date(date(year, month, 1), "LLLL y", locale="en")
        months.append(Period(f"{year}-{month:02d}", name, f"{year}年{month}月"))
    return years, months


SCREENS = Router(
    path="/", route_handlers=[list_transactions, show_transaction, list_statements, download]
)
