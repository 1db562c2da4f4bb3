"""A statement as CSV: RFC 4180, UTF-8 with a byte order mark (so spreadsheets show Chinese).

It holds nothing that depends on when it was written: the same entries give the same bytes, which is
what a closure's hash is made of.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from qianbao.leaving.history import Transaction
from qianbao.leaving.statements import Statement
from qianbao.money import MINOR_DIGITS

_LINES_AT_ONCE = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would take for the beginning of a formula."""


def write_csv(statement: Statement) -> Iterator[bytes]:
    """The whole file, in pieces: one heading row, then one row a transaction."""
    yield csv_heading(statement)
    for start in range(0, len(statement.lines), _LINES_AT_ONCE):
        yield csv_lines(statement, statement.lines[start : start + _LINES_AT_ONCE])


def csv_heading(statement: Statement) -> bytes:
    """The byte order mark and the heading row."""
    row = (
        f"Time 时间 ({statement.time_zone})", "Type", "类型", "Counterparty", "对方",
        f"Amount 金额 ({statement.currency})", f"Balance 余额 ({statement.currency})",
        "Note 备注", "Reference 参考号", "Transaction 交易编号", "Wallet 钱包编号",
    )  # fmt: skip
    return "\ufeff".encode() + _rows([row])


def csv_lines(statement: Statement, lines: Iterable[Transaction]) -> bytes:
    """Rows of the table; amounts are plain decimals with a point, signed."""
    zone = ZoneInfo(statement.time_zone)
    return _rows(_row(line, zone) for line in lines)


def decimal(amount_minor: int, currency: str) -> str:
    """ "-1234.50": no grouping, for machines."""
    digits = MINOR_DIGITS[currency]
    whole, rest = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole}" + (f".{rest:0{digits}d}" if digits else "")


def _row(line: Transaction, zone: ZoneInfo) -> tuple[str, ...]:
    kind = line.kind_words
    balance = line.balance_after_minor
    return (
        line.booked_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        kind.en,
        kind.zh,
        _defuse(line.counterparty.en),
        _defuse(line.counterparty.zh),
        decimal(line.amount_minor, line.currency),
        "" if balance is None else decimal(balance, line.currency),
        _defuse(line.note),
        _defuse(line.reference),
        line.transaction_id,
        line.wallet_id,
    )


def _defuse(text: str) -> str:
    """Free text that a spreadsheet would run becomes text that it shows."""
    return "'" + text if text.startswith(_FORMULA) else text


def _rows(rows: Iterable[tuple[str, ...]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
