"""The Pay Score itself: a number anybody can work out from the rows it names.

Ours, not a copy of anybody's: 600 to start with, 1 for each payment of the last 365 days (at most
100), 10 for each service order completed (at most 100), 2 for each full 30 days since the wallet
was opened (at most 50), less 25 for each order that is owed; never under 350 or over 850. It is
shown and decides nothing yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from qianbao.db.queries import Connection, fetch_one
from qianbao.payscore.lists import sql
from qianbao.wallets.errors import WalletUnknown

LEAST, START, MOST = 350, 600, 850


class Part(msgspec.Struct, frozen=True):
    """What one thing adds to, or takes from, the score, and why."""

    points: int
    en: str
    zh: str


class Score(msgspec.Struct, frozen=True):
    """The score and the parts that it is the sum of, cut to LEAST and MOST."""

    points: int
    least: int
    most: int
    parts: tuple[Part, ...]


class _Counts(msgspec.Struct, frozen=True):
    payments: int
    orders_done: int
    orders_owed: int
    opened_at: datetime


async def score(conn: Connection, *, wallet_id: str, now: datetime) -> Score:
    """The holder's score at `now`. Raises `WalletUnknown`."""
    wanted = {"wallet_id": wallet_id, "now": now, "since": now - timedelta(days=365)}
    counts = await fetch_one(conn, sql.score_counts, wanted, _Counts)
    if counts is None:
        raise WalletUnknown()
    months = max(0, (now - counts.opened_at).days // 30)
    parts = (
        Part(START, "where everybody starts", "初始分"),
        Part(
            min(counts.payments, 100),
            f"{_count(counts.payments, 'payment')} in the last year",
            f"近一年付款 {counts.payments} 笔",
        ),
        Part(
            min(10 * counts.orders_done, 100),
            f"{_count(counts.orders_done, 'service order')} completed",
            f"已完成服务订单 {counts.orders_done} 笔",
        ),
        Part(
            min(2 * months, 50),
            f"{_count(months, 'month')} with Qianbao",
            f"使用钱包 {months} 个月",
        ),
        Part(
            -25 * counts.orders_owed,
            f"{_count(counts.orders_owed, 'service order')} owed",
            f"待支付服务订单 {counts.orders_owed} 笔",
        ),
    )
    total = sum(part.points for part in parts)
    return Score(max(LEAST, min(MOST, total)), LEAST, MOST, parts)


def _count(number: int, one: str) -> str:
    """ "1 payment", "2 payments"."""
    return f"{number} {one}{'s' * (number != 1)}"
