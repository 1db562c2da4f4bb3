"""Identity when two things happen at once, late, or back again."""

from __future__ import annotations

import asyncio

import msgspec

from qianbao.identity import evidence
from qianbao.identity.documents import current_document
from qianbao.ids import new_id
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import new_wallet, passport
from tests.kit.money import NOW, add_wallet


async def test_two_registers_that_answer_at_once_both_count(pool):
    """Each answer is written while the other is not committed yet."""
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", "C01234567"))
    async with pool.connection() as conn:
        document = await current_document(conn, anna)

    async def keep(conn, source):
        await evidence.record(
            conn,
            wallet_id=anna,
            evidence_id=new_id("evi", NOW),
            source=source,
            outcome="MATCH",
            compared=["name"],
            document_id=document.document_id,
            card_id=None,
            at=NOW,
        )
        await evidence.refresh(conn, wallet_id=anna, now=NOW)

    async def second():
        async with pool.connection() as conn:
            await keep(conn, "mobile_operator")

    async with pool.connection() as first:
        await keep(first, "immigration")
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.3)
    await waiting
    assert await one(pool, "SELECT evidence FROM wallets WHERE wallet_id = %s", anna) == (
        ["immigration", "mobile_operator"],
    )


async def test_a_name_is_corrected_and_back_again(pool):
    """Before anybody has confirmed it, the first spelling may return."""
    plain = passport("MUELLER", "ANNA", "C01234567")
    typed = msgspec.structs.replace(plain, surname="Müller", given="Anna")
    wallet = await new_wallet(pool, plain, typed, plain)
    async with pool.connection() as conn:
        current = await current_document(conn, wallet)
    assert current.legal_name.surname == "MUELLER"


async def test_a_late_register_leaves_a_closed_wallet_alone(pool):
    """The answer is kept, the wallet's facts are not touched."""
    anna = await add_wallet(pool, "Anna", evidence=())
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=anna, now=NOW)
    before = await one(pool, "SELECT * FROM wallets WHERE wallet_id = %s", anna)
    async with pool.connection() as conn:
        await evidence.record(
            conn,
            wallet_id=anna,
            evidence_id=new_id("evi", NOW),
            source="immigration",
            outcome="MATCH",
            compared=["name"],
            document_id="doc",
            card_id=None,
            at=NOW,
        )
        await evidence.refresh(conn, wallet_id=anna, now=NOW)
    assert before == await one(pool, "SELECT * FROM wallets WHERE wallet_id = %s", anna)


async def one(pool, query, *args):
    async with pool.connection() as conn:
        return await (await conn.execute(query, args)).fetchone()
