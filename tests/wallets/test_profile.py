"""An operator looks a wallet up; its holder sets the language."""

from __future__ import annotations

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.wallets import profile
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.phones import PhoneInvalid
from tests.wallets.scene import ANNA, BEN, KEYS, NOW, sign_up


async def test_a_wallet_is_found_by_its_phone_however_it_is_typed(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    async with pool.connection() as conn:
        (found,) = await profile.find_by_phone(conn, KEYS, "138-0013-8001")
        assert found == await profile.wallet(conn, annas)
        assert await profile.phone_of(conn, KEYS, annas) == ANNA
        assert await profile.open_wallet_of(conn, KEYS, "138 0013 8001") == annas
        assert await profile.find_by_phone(conn, KEYS, BEN) == []
        assert await profile.open_wallet_of(conn, KEYS, BEN) is None
        with pytest.raises(PhoneInvalid):
            await profile.find_by_phone(conn, KEYS, "anna")


async def test_the_language_is_the_holders(pool: Pool) -> None:
    annas, bens = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    async with pool.connection() as conn:
        await profile.set_language(conn, wallet_id=annas, language="zh")
        assert (await profile.wallet(conn, annas)).language == "zh"
        assert (await profile.wallet(conn, bens)).language == "en"


async def test_nobodys_wallet(pool: Pool) -> None:
    nobodys = new_id("wal", NOW)
    async with pool.connection() as conn:
        for look in (
            profile.wallet(conn, nobodys),
            profile.phone_of(conn, KEYS, nobodys),
            profile.set_language(conn, wallet_id=nobodys, language="zh"),
        ):
            with pytest.raises(WalletUnknown):
                await look
