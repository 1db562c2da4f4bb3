"""What this folder's stories start from: keys, settings, phones, and reading a text message."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.settings import Settings
from qianbao.wallets.codes import start_signup
from qianbao.wallets.phones import read_phone
from qianbao.wallets.signup import SignedIn, confirm_signup

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
SETTINGS = Settings(sandbox=True)

ANNA, BEN, TARO = "+8613800138001", "+8613800138002", "+8613800138003"
PIN = "246810"


async def texts_to(pool: Pool, phone: str) -> list[str]:
    """What `phone` was sent."""
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT phone_cipher, body_cipher FROM text_messages")
        rows = await cursor.fetchall()
    return [KEYS.decrypt(body, "sms") for to, body in rows if KEYS.decrypt(to, "phone") == phone]


async def code_for(
    pool: Pool, phone: str, now: datetime = NOW, language: str = "en"
) -> tuple[str, str]:
    """A sign-up is started: its id, and the code that the text message brought."""
    signup_id = new_id("sig", now)
    before = await texts_to(pool, read_phone(phone))
    await start_signup(
        pool, KEYS, SETTINGS, signup_id=signup_id, phone=phone, language=language, now=now
    )
    (text,) = set(await texts_to(pool, read_phone(phone))) - set(before)
    found = re.search(r"\d{6}", text)
    assert found
    return signup_id, found.group()


async def confirm(
    pool: Pool, signup_id: str, code: str, pin: str | None = PIN, now: datetime = NOW
) -> SignedIn:
    """The sign-up is confirmed under a fresh wallet id."""
    return await confirm_signup(
        pool, KEYS, SETTINGS, signup_id=signup_id, code=code, pin=pin,
        wallet_id=new_id("wal", now), now=now,
    )  # fmt: skip


async def sign_up(pool: Pool, phone: str, now: datetime = NOW) -> str:
    """The id of a new wallet for `phone`, with `PIN`."""
    return (await confirm(pool, *await code_for(pool, phone, now), now=now)).wallet_id


def wrong(code: str) -> str:
    """Six digits that are not `code`."""
    return f"{(int(code) + 1) % 1_000_000:06d}"
