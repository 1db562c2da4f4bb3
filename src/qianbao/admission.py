"""Letting operators and merchants in, from the command line."""

from __future__ import annotations

from psycopg import AsyncConnection

from qianbao.clock import system_clock
from qianbao.ids import new_id
from qianbao.keyring import new_token
from qianbao.payments import merchants
from qianbao.rollouts import operators
from qianbao.services import read_keys
from qianbao.settings import Settings


async def add_operator(settings: Settings, *, name: str, password: str) -> None:
    """Raises what `rollouts.operators.create_operator` does."""
    now = system_clock()
    async with await AsyncConnection.connect(settings.database_url) as conn:
        await operators.create_operator(
            conn, operator_id=new_id("opr", now), name=name, password=password, now=now
        )


async def add_merchant(settings: Settings, *, name_en: str, name_zh: str) -> tuple[str, str]:
    """The new merchant's id and API key; the key is stored only as a hash."""
    now, api_key = system_clock(), new_token()
    async with await AsyncConnection.connect(settings.database_url) as conn:
        merchant = await merchants.add_merchant(
            conn,
            read_keys(settings),
            merchant_id=new_id("mch", now),
            name_en=name_en,
            name_zh=name_zh,
            api_key=api_key,
            now=now,
        )
    return merchant.merchant_id, api_key
