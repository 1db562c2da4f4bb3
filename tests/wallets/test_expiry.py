"""Chiara's passport runs out: she is told 90, 30 and 7 days before, each once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from qianbao.db.pool import Pool
from qianbao.notices.inbox import Notice, list_notices
from qianbao.wallets.expiry import remind_of_expiry
from qianbao.worker import PERIODIC, until_done
from tests.identity.papers import a_wallet, bring, close, passport

LAST_DAY = date(2027, 6, 1)


def noon(days_left: int) -> datetime:
    """Noon in Beijing, so many days before the last one."""
    day = LAST_DAY - timedelta(days=days_left)
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


async def remind(pool: Pool, now: datetime) -> int:
    return await until_done(pool, partial(remind_of_expiry, now=now))


async def told(pool: Pool, wallet_id: str) -> list[Notice]:
    """Her reminders, the first sent first."""
    async with pool.connection() as conn:
        found = await list_notices(conn, wallet_id=wallet_id)
    return [one for one in reversed(found) if one.kind.startswith("document_")]


async def test_three_reminders_each_sent_once(pool: Pool) -> None:
    chiaras = await a_wallet(pool)
    await bring(pool, chiaras, passport(valid_until=LAST_DAY))
    sent = {left: await remind(pool, noon(left)) for left in range(100, -3, -1)}
    assert {left for left, count in sent.items() if count} == {90, 30, 7, -1}
    notices = await told(pool, chiaras)
    assert [one.title_en for one in notices] == [
        "Your passport expires in 90 days",
        "Your passport expires in 30 days",
        "Your passport expires in 7 days",
        "Your passport has expired",
    ]
    assert notices[2].title_zh == "您的护照将在 7 天后到期"
    assert "last day is 1 June 2027" in notices[0].body_en
    assert "当日仍有效" in notices[0].body_zh
    assert notices[0].link == "/me/pay/manage/real-name/add?kind=passport"


@pytest.mark.parametrize(
    ("left", "title"),
    [
        (20, "expires in 20 days"),
        (1, "expires tomorrow"),
        (0, "expires today"),
        (-1, "has expired"),
        (-1400, "has expired"),
    ],
)
async def test_a_worker_that_was_away_sends_the_latest_only(
    pool: Pool, left: int, title: str
) -> None:
    """A passport that is shown late is the same: it is told what is so."""
    chiaras = await a_wallet(pool)
    await bring(pool, chiaras, passport(valid_until=LAST_DAY))
    assert await remind(pool, noon(left)) == 1
    assert [one.title_en for one in await told(pool, chiaras)] == [f"Your passport {title}"]
    assert await remind(pool, noon(left)) == 0


async def test_the_last_day_is_the_holders_and_counts(pool: Pool) -> None:
    """At half past eight in the evening of 31 May in London it is 1 June, her last day, in Beijing;
    on the second it has expired."""
    chiaras, bens = await a_wallet(pool), await a_wallet(pool, "+8613800138002")
    await bring(pool, chiaras, passport(valid_until=LAST_DAY))
    await bring(pool, bens, passport(number="C22222222", valid_until=LAST_DAY))
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET time_zone = 'Europe/London' WHERE wallet_id = %s", (bens,)
        )
    assert await remind(pool, datetime(2027, 5, 31, 19, 30, tzinfo=UTC)) == 2
    assert (await told(pool, chiaras))[0].title_en == "Your passport expires today"
    assert (await told(pool, bens))[0].title_en == "Your passport expires tomorrow"
    late = await a_wallet(pool, "+8613800138003")
    await bring(pool, late, passport(number="C33333333", valid_until=LAST_DAY))
    assert await remind(pool, datetime(2027, 6, 1, 16, 30, tzinfo=UTC)) == 2
    assert (await told(pool, late))[-1].title_en == "Your passport has expired"
    assert (await told(pool, bens))[-1].title_en == "Your passport expires tomorrow"


async def test_with_the_new_document_what_was_told_of_the_old_is_over(pool: Pool) -> None:
    chiaras = await a_wallet(pool)
    await bring(pool, chiaras, passport(valid_until=LAST_DAY))
    await remind(pool, noon(-1))
    await bring(pool, chiaras, passport(number="C99999999", valid_until=date(2037, 1, 1)))
    assert await remind(pool, noon(-2)) == 1
    expired, replaced = await told(pool, chiaras)
    assert (expired.kind, expired.settled_at) == ("document_expired", noon(-2))
    assert replaced.kind == "document_replaced"
    assert await remind(pool, noon(-3)) == 0


async def test_a_replaced_document_and_a_closed_wallet_are_left_alone(pool: Pool) -> None:
    renewed, closed = await a_wallet(pool), await a_wallet(pool, "+8613800138002")
    await bring(pool, renewed, passport(valid_until=LAST_DAY))
    await bring(pool, renewed, passport(number="C99999999", valid_until=date(2036, 1, 1)))
    await bring(pool, closed, passport(number="C22222222", valid_until=LAST_DAY))
    await close(pool, closed)
    assert await remind(pool, noon(7)) == 0


async def test_many_are_reminded_a_few_at_a_time_and_by_two_workers_once(pool: Pool) -> None:
    wallets = [await a_wallet(pool, f"+861380013{n:04d}") for n in range(7)]
    for n, wallet in enumerate(wallets):
        await bring(pool, wallet, passport(number=f"C{n:08d}", valid_until=LAST_DAY))
    few = partial(remind_of_expiry, now=noon(30), limit=2)
    async with pool.connection() as conn:
        assert await few(conn) == 2
    counts = await asyncio.gather(until_done(pool, few), until_done(pool, few))
    assert sum(counts) == 5
    assert [len(await told(pool, wallet)) for wallet in wallets] == [1] * 7


def test_the_worker_looks_every_hour() -> None:
    cron, _ = PERIODIC["remind_of_expiry"]
    assert cron == "37 * * * *"
