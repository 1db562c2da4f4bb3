"""Anna's inbox: what she is told, and what she has read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.queries import Connection
from qianbao.ids import new_id
from qianbao.notices.inbox import NoticeUnknown, count_unread, list_notices, mark_read, tell

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
ANNAS, BENS = "wal_0000000000000000anna", "wal_000000000000000000ben"


async def _tell(conn: Connection, wallet_id: str, day: int) -> str:
    return await tell(
        conn, wallet_id=wallet_id, kind="policy_warning", title_en=f"Day {day}",
        title_zh=f"第 {day} 天", body_en="Link a second bank.", body_zh="请再绑定一家银行。",
        link="/me/pay/cards/add", now=NOW + timedelta(days=day),
    )  # fmt: skip


async def test_the_latest_notice_comes_first_page_by_page(conn: Connection) -> None:
    for day in range(5):
        await _tell(conn, ANNAS, day)
    await _tell(conn, BENS, 9)
    first = await list_notices(conn, wallet_id=ANNAS, limit=2)
    rest = await list_notices(conn, wallet_id=ANNAS, limit=9, after=first[-1].notice_id)
    assert [notice.title_zh for notice in first] == ["第 4 天", "第 3 天"]
    assert [notice.title_en for notice in rest] == ["Day 2", "Day 1", "Day 0"]


async def test_the_first_reading_counts(conn: Connection) -> None:
    notice_id = await _tell(conn, ANNAS, 0)
    await _tell(conn, ANNAS, 1)
    assert await count_unread(conn, wallet_id=ANNAS) == 2
    for hours in (1, 2):
        await mark_read(
            conn, wallet_id=ANNAS, notice_id=notice_id, now=NOW + timedelta(hours=hours)
        )
    notices = await list_notices(conn, wallet_id=ANNAS)
    assert [notice.read_at for notice in notices] == [None, NOW + timedelta(hours=1)]
    assert await count_unread(conn, wallet_id=ANNAS) == 1


async def test_nobody_reads_another_ones_notice(conn: Connection) -> None:
    notice_id = await _tell(conn, ANNAS, 0)
    with pytest.raises(NoticeUnknown):
        await mark_read(conn, wallet_id=BENS, notice_id=notice_id, now=NOW)
    with pytest.raises(NoticeUnknown):
        await mark_read(conn, wallet_id=ANNAS, notice_id=new_id("ntc", NOW), now=NOW)
    assert await count_unread(conn, wallet_id=ANNAS) == 1
