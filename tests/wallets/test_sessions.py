"""Anna's phone stays signed in, is lost, is signed out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.keyring import new_token
from qianbao.wallets.opening import mark_closed
from qianbao.wallets.profile import set_language
from qianbao.wallets.sessions import NotSignedIn, Session, end_session, find_session, start_session
from tests.wallets.scene import ANNA, NOW, SETTINGS, sign_up


async def _annas(pool: Pool) -> tuple[str, str]:
    wallet_id, token = await sign_up(pool, ANNA), new_token()
    async with pool.connection() as conn:
        await start_session(conn, wallet_id=wallet_id, token=token, now=NOW)
    return wallet_id, token


async def _find(pool: Pool, token: str, now: datetime) -> Session:
    async with pool.connection() as conn:
        return await find_session(one_by_one(conn), token=token, now=now, settings=SETTINGS)


async def test_a_session_lasts_while_it_is_used(pool: Pool) -> None:
    _, token = await _annas(pool)
    idle = timedelta(days=SETTINGS.session_days)
    almost = NOW + idle - timedelta(seconds=1)
    await _find(pool, token, almost)
    await _find(pool, token, almost + idle - timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        await _find(pool, token, almost + 2 * idle)


async def test_use_is_written_down_once_an_hour(pool: Pool) -> None:
    _, token = await _annas(pool)

    async def seen() -> datetime:
        async with pool.connection() as conn:
            cursor = await conn.execute("SELECT max(last_seen_at) FROM sessions")
            row = await cursor.fetchone()
        assert row
        return row[0]

    await _find(pool, token, NOW + timedelta(minutes=59))
    assert await seen() == NOW
    await _find(pool, token, NOW + timedelta(minutes=60))
    assert await seen() == NOW + timedelta(minutes=60)


async def test_signing_out_ends_this_session_only(pool: Pool) -> None:
    wallet_id, token = await _annas(pool)
    other = new_token()
    async with pool.connection() as conn:
        await start_session(conn, wallet_id=wallet_id, token=other, now=NOW)
        await end_session(conn, token=token, now=NOW)
        await end_session(conn, token="never seen", now=NOW)
    with pytest.raises(NotSignedIn):
        await _find(pool, token, NOW)
    assert (await _find(pool, other, NOW)).wallet_id == wallet_id


async def test_the_session_of_a_closed_wallet_says_so_and_may_read(pool: Pool) -> None:
    wallet_id, token = await _annas(pool)
    async with pool.connection() as conn:
        await set_language(conn, wallet_id=wallet_id, language="zh")
        await mark_closed(conn, wallet_id=wallet_id, now=NOW)
    assert await _find(pool, token, NOW) == Session(wallet_id, "closed", "zh", None)
