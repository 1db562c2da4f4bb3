"""What no document shows: asked for, kept encrypted, confirmed again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.identity.documents import DocumentSubmission, add_document
from qianbao.identity.identity_data import (
    GivenData,
    IdentityDataIncomplete,
    IdentityDataNeedsDocument,
    IdentityDataUnreadable,
    confirm_data,
    identity_data,
)
from qianbao.ids import new_id
from tests.identity.papers import KEYS, NOW, a_wallet, bring, close, passport

ALL = GivenData(occupation="Engineer", address="12 Kejia Road, Chengdu")
LATER = NOW + timedelta(days=200)


async def _known(pool, wallet_id):
    async with pool.connection() as conn:
        return await identity_data(conn, KEYS, wallet_id=wallet_id)


async def _confirm(pool, wallet_id, given=ALL, now=LATER):
    async with pool.connection() as conn:
        return await confirm_data(conn, KEYS, wallet_id=wallet_id, given=given, now=now)


async def _facts(pool, wallet_id):
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT data_missing, data_confirmed_at, facts_changed_at FROM wallets "
            "WHERE wallet_id = %s", (wallet_id,),
        )  # fmt: skip
        return await cursor.fetchone()


async def test_a_passport_shows_the_sex_and_leaves_the_rest_to_be_asked(pool):
    wallet_id = await a_wallet(pool)
    assert await _known(pool, wallet_id) is None
    await bring(pool, wallet_id, passport())
    known = await _known(pool, wallet_id)
    assert (known.sex, known.sex_shown) == ("F", True)
    assert known.missing == ("occupation", "address")
    assert await _facts(pool, wallet_id) == (["occupation", "address"], NOW, NOW)


async def test_it_can_come_with_the_document(pool):
    wallet_id = await a_wallet(pool)
    async with pool.connection() as conn:
        await add_document(
            conn, KEYS, wallet_id=wallet_id, document_id=new_id("doc", NOW),
            submission=passport(), given=ALL, now=NOW,
        )  # fmt: skip
    known = await _known(pool, wallet_id)
    assert (known.occupation, known.address) == ("Engineer", "12 Kejia Road, Chengdu")
    assert (await _facts(pool, wallet_id))[0] == []


async def test_it_can_come_with_a_document_shown_before(pool):
    wallet_id = await a_wallet(pool)
    await bring(pool, wallet_id, passport())
    async with pool.connection() as conn:
        await add_document(
            conn, KEYS, wallet_id=wallet_id, document_id=new_id("doc", LATER),
            submission=passport(), given=ALL, now=LATER,
        )  # fmt: skip
    assert await _facts(pool, wallet_id) == ([], LATER, NOW)


async def test_what_is_confirmed_is_complete_and_a_renewal_keeps_it(pool):
    wallet_id = await a_wallet(pool)
    await bring(pool, wallet_id, passport())
    with pytest.raises(IdentityDataIncomplete) as refused:
        await _confirm(pool, wallet_id, GivenData(occupation="Engineer"))
    assert refused.value.detail["missing_zh"] == "住址"
    assert (await _facts(pool, wallet_id))[0] == ["occupation", "address"]
    assert (await _confirm(pool, wallet_id)).missing == ()
    assert await _facts(pool, wallet_id) == ([], LATER, NOW)
    again = LATER + timedelta(days=1)
    moved = GivenData(address="1 Sea Street, Xiamen")
    known = await _confirm(pool, wallet_id, moved, again)
    assert (known.occupation, known.address) == ("Engineer", "1 Sea Street, Xiamen")
    await bring(pool, wallet_id, passport(number="C01X00T55"), again)
    assert (await _facts(pool, wallet_id))[0] == []


async def test_a_sex_that_no_document_shows_is_stated(pool):
    wallet_id = await a_wallet(pool)
    card = DocumentSubmission(
        kind="travel_permit", number="H1234567800", surname="CHAN", given="TAI MAN",
        valid_until=NOW.date() + timedelta(days=900), country="HKG",
    )  # fmt: skip
    await bring(pool, wallet_id, card)
    assert (await _known(pool, wallet_id)).missing == ("sex", "occupation", "address")
    stated = GivenData(sex="X", occupation="Cook", address="3 Nathan Road, Hong Kong")
    known = await _confirm(pool, wallet_id, stated)
    assert (known.sex, known.sex_shown, known.missing) == ("X", False, ())


@pytest.mark.parametrize(
    "given",
    [
        GivenData(occupation="x"), GivenData(address="a\nb"), GivenData(address="a" * 201),
        GivenData(sex="W"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused(pool, given):
    wallet_id = await a_wallet(pool)
    await bring(pool, wallet_id, passport())
    with pytest.raises(IdentityDataUnreadable):
        await _confirm(pool, wallet_id, given)


async def test_without_an_open_wallet_with_a_document_there_is_nothing_to_confirm(pool):
    wallet_id = await a_wallet(pool)
    with pytest.raises(IdentityDataNeedsDocument):
        await _confirm(pool, wallet_id)
    await bring(pool, wallet_id, passport())
    await close(pool, wallet_id)
    with pytest.raises(IdentityDataNeedsDocument):
        await _confirm(pool, wallet_id)


async def test_it_is_stored_encrypted(pool):
    wallet_id = await a_wallet(pool)
    await bring(pool, wallet_id, passport())
    await _confirm(pool, wallet_id)
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT occupation_cipher, address_cipher FROM identity_data")
        row = await cursor.fetchone()
    assert all(b"Kejia" not in bytes(cipher) and b"Engineer" not in bytes(cipher) for cipher in row)
