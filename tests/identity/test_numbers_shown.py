"""A number that somebody has shown is not theirs by that: whom a bank vouches for comes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.identity import documents
from tests.identity.papers import NOW, a_wallet, bring, close, identity_of, passport

OLD, NEW = passport(number="C11111111"), passport(number="C22222222")
STRANGER = ("SMITH", "BEN")
LATER = NOW + timedelta(days=1)


async def _verified(pool: Pool, phone: str = "+8613800138001") -> str:
    """Anna's wallet, her old passport confirmed by a bank."""
    annas = await a_wallet(pool, phone)
    await bring(pool, annas, OLD, NOW - timedelta(days=1))
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET verified_at = %s WHERE wallet_id = %s", (NOW, annas))
    return annas


async def _person(pool: Pool, wallet_id: str) -> object:
    async with pool.connection() as conn:
        return (await identity_of(conn, wallet_id))[0]


@pytest.mark.parametrize("as_anna", [False, True])
async def test_a_number_corrected_away_is_nobodys(pool: Pool, as_anna: bool) -> None:
    """Whatever name it was shown with."""
    annas, strangers = await _verified(pool), await a_wallet(pool, "+8613800138002")
    name = ("MUELLER", "ANNA MARIA") if as_anna else STRANGER
    await bring(pool, strangers, passport(*name, number="C22222222"))
    await bring(pool, strangers, passport(*name, number="C33333333"))
    before = await _person(pool, annas)
    renewed = await bring(pool, annas, NEW, LATER)
    assert renewed.superseded_at is None
    assert await _person(pool, annas) == before != await _person(pool, strangers)


async def test_nor_does_it_keep_a_newcomer_off(pool: Pool) -> None:
    annas, strangers = await a_wallet(pool), await a_wallet(pool, "+8613800138002")
    await bring(pool, strangers, passport(*STRANGER, number="C22222222"))
    await bring(pool, strangers, passport(*STRANGER, number="C33333333"))
    await bring(pool, annas, NEW)
    assert await _person(pool, annas) != await _person(pool, strangers)


async def test_a_number_that_a_stranger_still_shows_gives_way(pool: Pool) -> None:
    annas, strangers = await _verified(pool), await a_wallet(pool, "+8613800138002")
    await bring(pool, strangers, passport(*STRANGER, number="C22222222"))
    await bring(pool, annas, NEW, LATER)
    with pytest.raises(documents.PersonHasOpenWallet) as refused:  # and does not come back
        await bring(pool, strangers, passport(number="C22222222"), LATER)
    assert "01" in refused.value.sentence("en")


async def test_so_does_a_copy_of_her_whole_new_passport(pool: Pool) -> None:
    """In a wallet that no bank has confirmed: hers is. The copy stays nobody that anybody knows."""
    annas, copied = await _verified(pool), await a_wallet(pool, "+8613800138042")
    await bring(pool, copied, NEW)
    before = await _person(pool, annas)
    await bring(pool, annas, NEW, LATER)
    assert await _person(pool, annas) == before != await _person(pool, copied)


async def test_annas_own_second_wallet_is_named_and_closed(pool: Pool) -> None:
    """Where a bank has confirmed both."""
    annas, second = await _verified(pool), await a_wallet(pool, "+8613800138042")
    await bring(pool, second, NEW)
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET verified_at = %s", (NOW,))
    with pytest.raises(documents.PersonHasOpenWallet) as refused:
        await bring(pool, annas, NEW, LATER)
    assert "42" in refused.value.sentence("en")


async def test_nor_does_one_keep_her_off_whom_a_bank_has_confirmed_with_another_number(
    pool: Pool,
) -> None:
    """Both show it: a bank that is asked about it decides. Who was first stays who they are."""
    annas, bens = await _verified(pool), await a_wallet(pool, "+8613800138002")
    await bring(pool, bens, passport(*STRANGER, number="C33333333"), NOW - timedelta(days=1))
    async with pool.connection() as conn:
        await conn.execute("UPDATE wallets SET verified_at = %s", (NOW,))
    await bring(pool, bens, passport(*STRANGER, number="C22222222"), LATER)
    annas_person, bens_person = await _person(pool, annas), await _person(pool, bens)
    await bring(pool, annas, NEW, LATER)
    assert await _person(pool, annas) == annas_person
    await close(pool, bens)
    again = await a_wallet(pool, "+8613800138003")
    await bring(pool, again, passport(*STRANGER, number="C22222222"), LATER)
    assert await _person(pool, again) == bens_person
