"""The sandbox clock's offset, kept where every process sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from qianbao.clock import MovableClock, show_minute, system_clock
from qianbao.db.queries import Connection
from qianbao.errors import InvalidInput


class ClockBackwards(InvalidInput):
    code = "clock_backwards"
    en = "The sandbox's clock only moves forward; it stands at {now_en}."
    zh = "演示时钟只能向前调；现在是 {now_zh}。"
    next_en = "Choose a later day."
    next_zh = "请选择更晚的日期。"


async def refresh(conn: Connection, clock: MovableClock) -> None:
    """Sets `clock` to the stored offset."""
    cursor = await conn.execute("SELECT offset_seconds FROM clock")
    row = await cursor.fetchone()
    assert row is not None
    clock.offset = timedelta(seconds=row[0])


async def present(conn: Connection, *, sandbox: bool) -> datetime:
    """The present moment, in a sandbox that of its clock: for a process that asks once."""
    clock = MovableClock()
    if sandbox:
        await refresh(conn, clock)
    return clock()


async def move(conn: Connection, clock: MovableClock, to: datetime) -> None:
    """Moves the sandbox to `to`, or less than a second later, for every process: whoever waits for
    midnight must not find themselves before it. Raises `ClockBackwards`."""
    ahead = to - clock()
    if ahead < timedelta(0):
        now = clock()
        raise ClockBackwards(now_en=show_minute(now, "en"), now_zh=show_minute(now, "zh"))
    offset_seconds = ceil((clock.offset + ahead).total_seconds())
    await conn.execute("UPDATE clock SET offset_seconds = %s", (offset_seconds,))
    clock.offset = timedelta(seconds=offset_seconds)


async def start_at(conn: Connection, clock: MovableClock, at: datetime) -> None:
    """Sets a sandbox's clock before its first act, to an earlier day if need be."""
    clock.offset = at - system_clock()
    await conn.execute(
        "UPDATE clock SET offset_seconds = %s", (round(clock.offset.total_seconds()),)
    )
