"""Mei enters a court's order, Oskar approves it, and both lift it again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.notices.inbox import list_notices
from qianbao.wallets import holds
from qianbao.wallets.errors import WalletUnknown
from tests.wallets.scene import ANNA, NOW, sign_up

REFERENCE = "(2026) Jing 01 No. 77"


async def _enter(pool: Pool, wallet_id: str, reference: str = REFERENCE) -> str:
    legal_hold_id = new_id("leg", NOW)
    async with pool.connection() as conn:
        await holds.enter(
            conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, reference=reference,
            operator="Mei", now=NOW,
        )  # fmt: skip
    return legal_hold_id


async def _act(
    pool: Pool, verb: str, wallet_id: str, legal_hold_id: str, operator: str, now: datetime = NOW
) -> holds.LegalHold:
    async with pool.connection() as conn:
        hold: holds.LegalHold = await getattr(holds, verb)(
            conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, operator=operator, now=now
        )
    return hold


async def _held(pool: Pool, wallet_id: str) -> tuple[bool, datetime]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT legal_hold, facts_changed_at FROM wallets WHERE wallet_id = %s", (wallet_id,)
        )
        row = await cursor.fetchone()
    assert row
    return row[0], row[1]


async def test_an_order_needs_two_operators(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _enter(pool, annas)
    assert await _held(pool, annas) == (False, NOW)
    with pytest.raises(holds.LegalHoldNeedsSecondOperator):
        await _act(pool, "approve", annas, order, "Mei")
    assert await _held(pool, annas) == (False, NOW)
    later = NOW + timedelta(hours=1)
    await _act(pool, "approve", annas, order, "Oskar", later)
    assert await _held(pool, annas) == (True, later)
    again = await _act(pool, "approve", annas, order, "Pia", later + timedelta(hours=1))
    assert (again.approved_by, again.approved_at) == ("Oskar", later)


async def test_the_holder_is_told_that_there_is_an_order_and_nothing_of_it(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _enter(pool, annas)
    await _act(pool, "approve", annas, order, "Oskar")
    await _act(pool, "lift", annas, order, "Mei", NOW + timedelta(days=1))
    async with pool.connection() as conn:
        ended, begun = await list_notices(conn, wallet_id=annas)
    assert (begun.kind, ended.kind) == ("legal_hold_begun", "legal_hold_ended")
    for notice in (begun, ended):
        assert REFERENCE not in f"{notice}"


async def test_a_wallet_is_held_while_any_order_stands(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    first, second = await _enter(pool, annas), await _enter(pool, annas, "second")
    for order in (first, second):
        await _act(pool, "approve", annas, order, "Oskar")
    await _act(pool, "lift", annas, first, "Oskar")
    assert (await _held(pool, annas))[0]
    later = NOW + timedelta(days=1)
    await _act(pool, "lift", annas, second, "Oskar", later)
    await _act(pool, "lift", annas, second, "Oskar", later + timedelta(days=1))
    assert await _held(pool, annas) == (False, later)
    async with pool.connection() as conn:
        kept = await holds.list_legal_holds(conn, annas)
    assert {hold.lifted_at for hold in kept} == {NOW, later}


async def test_an_order_lifted_before_it_was_approved_never_binds(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _enter(pool, annas)
    await _act(pool, "lift", annas, order, "Mei")
    with pytest.raises(holds.LegalHoldLifted):
        await _act(pool, "approve", annas, order, "Oskar")
    assert await _held(pool, annas) == (False, NOW)


async def test_what_cannot_be_entered(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    for reference in ("", "  ", "x" * 121):
        with pytest.raises(holds.LegalHoldReferenceNeeded):
            await _enter(pool, annas, reference)
    with pytest.raises(WalletUnknown):
        await _enter(pool, new_id("wal", NOW))
    order = await _enter(pool, annas)
    async with pool.connection() as conn:
        with pytest.raises(holds.LegalHoldIdUsed):
            await holds.enter(
                conn, wallet_id=annas, legal_hold_id=order, reference="another", operator="Mei",
                now=NOW,
            )  # fmt: skip
    with pytest.raises(holds.LegalHoldUnknown):
        await _act(pool, "approve", annas, new_id("leg", NOW), "Oskar")
