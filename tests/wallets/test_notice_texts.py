"""What must not wait until Anna opens the app reaches her phone, once, in her language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.notices.inbox import tell
from qianbao.settings import Settings
from qianbao.wallets.notice_texts import text_notice
from tests.kit.money import KEYS, add_wallet

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
SETTINGS = Settings(public_url="https://wallet.example")


class Phone:
    """Anna's wallet, and the texts on their way to her."""

    def __init__(self, pool: Pool, wallet_id: str) -> None:
        self.pool = pool
        self.wallet_id = wallet_id

    async def tell(self, day: int = 0) -> str:
        async with self.pool.connection() as conn:
            return await tell(
                conn, wallet_id=self.wallet_id, kind="policy_announced",
                title_en="From 15 January 2027: Link cards from two banks",
                title_zh="2027年1月15日起：绑定两家银行的银行卡", body_en="¥3,197.80 can leave.",
                body_zh="可提现 ¥3,197.80。", text=True, now=NOW + timedelta(days=day),
            )  # fmt: skip

    async def send(self, notice_id: str, day: int = 0) -> bool:
        async with self.pool.connection() as conn:
            return await text_notice(
                conn, KEYS, SETTINGS, wallet_id=self.wallet_id, notice_id=notice_id,
                now=NOW + timedelta(days=day),
            )  # fmt: skip

    async def texts(self) -> list[str]:
        async with self.pool.connection() as conn:
            cursor = await conn.execute("SELECT body_cipher FROM text_messages ORDER BY sms_id")
            return [KEYS.decrypt(one, "sms") for (one,) in await cursor.fetchall()]

    async def change(self, column: str, value: str) -> None:
        async with self.pool.connection() as conn:
            await conn.execute(f"UPDATE wallets SET {column} = %s", (value,))


@pytest.fixture
async def phone(pool: Pool) -> Phone:
    return Phone(pool, await add_wallet(pool, "Anna", now=NOW))


async def test_a_notice_is_texted_once_with_where_to_read_on(phone: Phone) -> None:
    notice_id = await phone.tell()
    async with phone.pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT args ->> 'notice_id' FROM procrastinate_jobs WHERE task_name = 'text_notice'"
        )
        assert await cursor.fetchall() == [(notice_id,)]
    assert [await phone.send(notice_id) for _ in range(2)] == [True, False]
    assert await phone.texts() == [
        "Qianbao: From 15 January 2027: Link cards from two banks. "
        "Read more: https://wallet.example/me/notices"
    ]


async def test_it_speaks_the_holders_language_and_tells_no_amounts(phone: Phone) -> None:
    await phone.change("language", "zh")
    await phone.send(await phone.tell())
    (text,) = await phone.texts()
    assert text == (
        "【钱包】2027年1月15日起：绑定两家银行的银行卡。详情请见：https://wallet.example/me/notices"
    )


async def test_a_day_brings_so_many_texts_and_no_more(phone: Phone) -> None:
    most = msgspec.structs.asdict(SETTINGS)["notice_texts_per_day"]
    sent = [await phone.send(await phone.tell()) for _ in range(most + 2)]
    assert sent == [True] * most + [False] * 2
    assert await phone.send(await phone.tell(2), 2)


async def test_a_closed_wallets_phone_is_left_alone(phone: Phone) -> None:
    notice_id = await phone.tell()
    await phone.change("status", "closed")
    assert not await phone.send(notice_id)
