"""A script asks for codes for a thousand phones."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.wallets import codes
from qianbao.wallets.code_limits import CodesFromAddress, CodesUsedUp
from tests.wallets.scene import KEYS, NOW, SETTINGS

FEW = msgspec.structs.replace(SETTINGS, codes_per_address_per_hour=5, codes_per_hour=8)


async def ask(pool: Pool, number: int, address: str, minutes: int = 0) -> codes.Signup:
    return await codes.start_signup(
        pool, KEYS, FEW, signup_id=id_from_key("sig", address, str(number)),
        phone=f"+86138{number:08d}", language="en", address=address,
        now=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


async def test_one_network_asks_for_so_many_and_no_more(pool: Pool) -> None:
    """All at once, too; another network is served, and the first again an hour later."""

    async def outcome(number: int) -> str:
        try:
            await ask(pool, number, "8.8.8.8")
        except QianbaoError as refusal:
            return refusal.code
        return "sent"

    outcomes = await asyncio.gather(*[outcome(number) for number in range(9)])
    assert sorted(outcomes) == ["codes_from_address"] * 4 + ["sent"] * 5
    await ask(pool, 20, "1.1.1.1")
    with pytest.raises(CodesFromAddress) as refused:
        await ask(pool, 21, "8.8.8.8", minutes=59)
    assert refused.value.status == 429
    assert refused.value.detail["left_seconds"] == 60
    await ask(pool, 21, "8.8.8.8", minutes=60)


async def test_a_repeated_request_finds_its_first_answer(pool: Pool) -> None:
    first = [await ask(pool, number, "8.8.8.8") for number in range(5)]
    assert [await ask(pool, number, "8.8.8.8") for number in range(5)] == first


async def test_all_phones_together(pool: Pool) -> None:
    for number in range(8):
        await ask(pool, number, f"8.8.8.{number}", minutes=number)
    with pytest.raises(CodesUsedUp) as refused:
        await ask(pool, 8, "", minutes=10)
    assert (refused.value.status, refused.value.detail["left_seconds"]) == (503, 50 * 60)
    await ask(pool, 8, "", minutes=60)


async def test_an_address_is_kept_as_a_look_up_only(pool: Pool) -> None:
    await ask(pool, 1, "8.8.8.8")
    await ask(pool, 2, "")
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT address_index FROM signups ORDER BY address_index")
        kept = [row[0] for row in await cursor.fetchall()]
    assert kept == [KEYS.index("8.8.8.8", "address"), None]
