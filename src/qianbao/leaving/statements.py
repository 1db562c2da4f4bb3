"""A statement: every entry of a period with the balance before and after it.

Here belongs what a statement says; how it is written as a file is in `statement_csv`,
`statement_pdf` and `statement_camt053`. Entries belong to the period in which they were booked, in
the holder's own time zone, so a finished period never changes. A statement covers the wallet and
those it reopened, as one account.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
from psycopg.rows import class_row

from qianbao.clock import start_of_day
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.leaving.counterparties import Entry, look_up, sql
from qianbao.leaving.history import Transaction, show_entry, wallets_in_history
from qianbao.wallets.errors import WalletUnknown

MAX_LINES = 100_000
"""Most lines of one statement."""
CHUNK = 2_000
_ENDLESS = datetime(9999, 1, 1, tzinfo=UTC)
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)


class PeriodInvalid(InvalidInput):
    code = "period_invalid"
    en = "“{typed}” is not a year like 2026, a month like 2026-11, or “all”; nor may it lie ahead."
    zh = "“{typed}” 不是有效的账期：请用年份（2026）、月份（2026-11）或 all，且不能是未来。"
    next_en = "Choose another period."
    next_zh = "请选择其他账期。"


class StatementTooLong(QianbaoError):
    code = "statement_too_long"
    status = 422
    en = "This period has {lines} transactions; one statement holds at most {most}."
    zh = "该账期共有 {lines} 笔交易，单份账单最多 {most} 笔。"
    next_en = "Choose a shorter period: a year, or a month."
    next_zh = "请选择更短的账期，例如按年或按月。"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a holder takes along. Amounts are minor units of `currency`; `opening_minor` plus all
    lines' amounts is `closing_minor`. A line's `balance_after_minor` is the balance over all
    `wallet_ids` after it. `ends_at` is exclusive."""

    wallet_id: str
    wallet_ids: tuple[str, ...]
    period: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    created_at: datetime
    currency: str
    holder_name: str
    phone_tail: str
    opening_minor: int
    closing_minor: int
    in_minor: int
    out_minor: int
    lines: tuple[Transaction, ...] = ()

    @property
    def statement_id(self) -> str:
        """Names this statement, in 35 characters at most."""
        return f"{self.wallet_id}-{self.period}"


class StatementWallet(msgspec.Struct, frozen=True):
    """Whose statement it is."""

    wallet_id: str
    person_id: str | None
    currency: str
    status: str
    phone_index: bytes
    phone_tail: str
    opened_at: datetime
    verified_at: datetime | None
    time_zone: str


class Sums(msgspec.Struct, frozen=True):
    """What one account held before and after a period, and how far it had been counted."""

    owner_id: str
    opening_minor: int
    closing_minor: int
    in_minor: int
    out_minor: int
    lines: int
    last_sequence: int


class Reading(msgspec.Struct, frozen=True):
    """A statement whose lines are still to be read: those booked before `until`, as far as each
    account had been counted."""

    head: Statement
    until: datetime
    sums: tuple[Sums, ...]


class _Name(msgspec.Struct, frozen=True):
    surname: str
    given: str
    native: str


async def statement(conn: Connection, *, wallet_id: str, period: str, now: datetime) -> Statement:
    """The statement of `period` ("2026", "2026-11" or "all") as known at `now`. Raises
    `PeriodInvalid`, `StatementTooLong` or `WalletUnknown`."""
    reading = await begin_reading(conn, wallet_id=wallet_id, period=period, now=now)
    lines = sum(account.lines for account in reading.sums)
    if lines > MAX_LINES:
        raise StatementTooLong(lines=lines, most=MAX_LINES)
    read = [line async for chunk in read_lines(conn, reading) for line in chunk]
    return msgspec.structs.replace(reading.head, lines=tuple(read))


async def periods(conn: Connection, *, wallet_id: str, now: datetime) -> tuple[str, ...]:
    """The periods that `statement` takes: "all", then each year followed by its months, newest
    first, back to when the first of the wallets was opened. Raises `WalletUnknown`."""
    wallet = await fetch_one(conn, sql.wallet, {"wallet_id": wallet_id}, StatementWallet)
    if wallet is None:
        raise WalletUnknown()
    zone = ZoneInfo(wallet.time_zone)
    history = await wallets_in_history(conn, wallet_id)
    first = min(one.opened_at for one in history).astimezone(zone).date()
    last = now.astimezone(zone).date()
    found = ["all"]
    for year in range(last.year, first.year - 1, -1):
        found.append(str(year))
        newest = last.month if year == last.year else 12
        oldest = first.month if year == first.year else 1
        found += [f"{year}-{month:02}" for month in range(newest, oldest - 1, -1)]
    return tuple(found)


async def begin_reading(conn: Connection, *, wallet_id: str, period: str, now: datetime) -> Reading:
    """The statement without its lines, and how to read them. Raises `PeriodInvalid` or
    `WalletUnknown`."""
    wallet = await fetch_one(conn, sql.wallet, {"wallet_id": wallet_id}, StatementWallet)
    if wallet is None:
        raise WalletUnknown()
    history = await wallets_in_history(conn, wallet_id)
    same_currency = [one for one in history if one.currency == wallet.currency]
    first = min(one.opened_at for one in same_currency)
    starts_at, until = _bounds(period, ZoneInfo(wallet.time_zone), first, now)
    wallet_ids = tuple(one.wallet_id for one in same_currency)
    parameters = {
        "owners": list(wallet_ids),
        "account_id": wallet.currency,
        "starts_at": starts_at,
        "ends_at": until,
    }
    sums = await fetch_all(conn, sql.period_sums, parameters, Sums)
    head = Statement(
        wallet_id=wallet_id,
        wallet_ids=wallet_ids,
        period=period,
        starts_at=starts_at,
        ends_at=min(until, now),
        time_zone=wallet.time_zone,
        created_at=now,
        currency=wallet.currency,
        holder_name=await _holder_name(conn, wallet_id),
        phone_tail=wallet.phone_tail,
        opening_minor=sum(account.opening_minor for account in sums),
        closing_minor=sum(account.closing_minor for account in sums),
        in_minor=sum(account.in_minor for account in sums),
        out_minor=sum(account.out_minor for account in sums),
    )
    return Reading(head, until, tuple(sums))


def _bounds(
    period: str, zone: ZoneInfo, first: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """The moments from and until which entries count. A period that still runs takes whatever has
    been booked, even by a process whose clock is ahead of ours."""
    if period == "all":
        return first, _ENDLESS
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise PeriodInvalid(typed=period[:20])
    year, month = int(match.group(1)), int(match.group(2) or 1)
    step = 1 if match.group(2) else 12
    try:
        begins = date(year, month, 1)
        after = year * 12 + month - 1 + step
        ends = date(after // 12, after % 12 + 1, 1)
        starts_at, ends_at = start_of_day(begins, zone), start_of_day(ends, zone)
    except (ValueError, OverflowError):
        raise PeriodInvalid(typed=period[:20]) from None
    if starts_at > now:
        raise PeriodInvalid(typed=period[:20])
    return starts_at, ends_at


async def _holder_name(conn: Connection, wallet_id: str) -> str:
    name = await fetch_one(conn, sql.holder_name, {"wallet_id": wallet_id}, _Name)
    if name is None:
        return ""
    latin = " ".join(part for part in (name.given, name.surname) if part)
    return f"{name.native} {latin}".strip() if name.native != latin else latin


async def read_lines(conn: Connection, reading: Reading) -> AsyncIterator[list[Transaction]]:
    """The lines in the order they were booked, each with the balance after it, a chunk at a
    time; within one transaction."""
    head = reading.head
    balance = head.opening_minor
    parameters = {
        "owners": [account.owner_id for account in reading.sums],
        "lasts": [account.last_sequence for account in reading.sums],
        "account_id": head.currency,
        "starts_at": head.starts_at,
        "ends_at": reading.until,
    }
    # A cursor on the server: one sort, however many chunks.
    async with conn.cursor(name="statement", row_factory=class_row(Entry)) as cursor:
        await cursor.execute(sql.period_entries, parameters)
        while entries := await cursor.fetchmany(CHUNK):
            names = await look_up(conn, entries)
            lines = []
            for entry in entries:
                balance += entry.amount_minor
                line = show_entry(entry, names)
                lines.append(msgspec.structs.replace(line, balance_after_minor=balance))
            yield lines
