"""The audit: every act with who and when, page by page, in the reader's language."""

from __future__ import annotations

import re
from datetime import timedelta

from qianbao.console.overview import AUDIT_PAGE
from qianbao.db.pool import Pool
from qianbao.rollouts.operators import SHIPPED, audit
from qianbao.rollouts.publish import install_pack
from tests.console.conftest import NOW, Enter


async def test_it_is_read_page_by_page(enter: Enter, pool: Pool) -> None:
    mei = await enter("Mei")
    async with pool.connection() as conn:
        for minute in range(AUDIT_PAGE + 3):
            await audit(
                conn, operator="Mei", action="legal_hold.enter", subject=f"wal_{minute}",
                now=NOW + timedelta(minutes=minute),
            )  # fmt: skip
    page = (await mei.get("/console/audit?kind=legal_hold")).text
    assert "Latest" not in page
    assert "wal_52" in page
    older = re.search(r'href="([^"]*before=[^"]*)"', page)
    assert older
    page = (await mei.get(older.group(1).replace("&amp;", "&"))).text
    assert re.findall(r">(wal_\d+)<", page) == ["wal_2", "wal_1", "wal_0"]
    assert "Latest" in page
    assert "Older" not in page
    assert "signed in" not in page


async def test_it_is_in_the_readers_language(enter: Enter, pool: Pool) -> None:
    async with pool.connection() as conn:
        await install_pack(conn, now=NOW)
    mei = await enter("Mei")
    page = (await mei.get("/console/audit", headers={"Accept-Language": "zh-CN"})).text
    assert "版本 1" in page
    assert "随软件提供" in page
    for english in (SHIPPED, "version", "Nothing yet"):
        assert english not in page
    listed = (await mei.get("/console/policies", headers={"Accept-Language": "zh-CN"})).text
    assert SHIPPED not in listed
