"""Mei enters a court's order, Oskar approves it, and the two of them lift it again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.notices.inbox import list_notices
from qianbao.wallets import holds
from qianbao.wallets.cases import Case, CaseOfLegalHold, answer, list_cases, list_open_cases
from qianbao.wallets.cases import open_cases_of as open_cases
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.opening import mark_closed
from qianbao.wallets.situation import read_situation
from tests.wallets.scene import ANNA, BEN, NOW, sign_up

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


async def _keep(pool: Pool, wallet_id: str, legal_hold_id: str) -> holds.LegalHold:
    async with pool.connection() as conn:
        return await holds.keep(conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id)


async def _held(pool: Pool, wallet_id: str) -> tuple[bool, datetime]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT legal_hold, facts_changed_at FROM wallets WHERE wallet_id = %s", (wallet_id,)
        )
        row = await cursor.fetchone()
    assert row
    return row[0], row[1]


async def _lift(pool: Pool, wallet_id: str, order: str, now: datetime = NOW) -> holds.LegalHold:
    """Mei proposes it, Oskar agrees."""
    await _act(pool, "propose_lift", wallet_id, order, "Mei", now)
    return await _act(pool, "lift", wallet_id, order, "Oskar", now)


async def _placed(pool: Pool, wallet_id: str, reference: str = REFERENCE) -> str:
    """An order that Mei entered and Oskar approved."""
    order = await _enter(pool, wallet_id, reference)
    await _act(pool, "approve", wallet_id, order, "Oskar")
    return order


async def _is_person(pool: Pool, wallet_id: str, person_id: str) -> None:
    """The wallet's document says whose it is."""
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET person_id = %s WHERE wallet_id = %s", (person_id, wallet_id)
        )


async def _fact(pool: Pool, wallet_id: str) -> bool:
    """What rules read."""
    async with pool.connection() as conn:
        found = await read_situation(conn, wallet_id=wallet_id, now=NOW, free_minor=0)
    return found.legal_hold


async def _open_cases(pool: Pool, wallet_id: str) -> list[Case]:
    async with pool.connection() as conn:
        return await open_cases(conn, wallet_id)


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


async def test_lifting_needs_two_operators(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _placed(pool, annas)
    with pytest.raises(holds.LegalHoldLiftNotProposed):
        await _act(pool, "lift", annas, order, "Oskar")
    proposed = await _act(pool, "propose_lift", annas, order, "Mei")
    assert (proposed.lift_proposed_by, proposed.lift_proposed_at) == ("Mei", NOW)
    again = await _act(pool, "propose_lift", annas, order, "Pia", NOW + timedelta(hours=1))
    assert again == proposed
    with pytest.raises(holds.LegalHoldLiftNeedsSecondOperator):
        await _act(pool, "lift", annas, order, "Mei")
    assert (await _held(pool, annas))[0]
    lifted = await _act(pool, "lift", annas, order, "Oskar")
    assert (lifted.lift_proposed_by, lifted.lifted_by) == ("Mei", "Oskar")
    assert not (await _held(pool, annas))[0]
    for verb in ("propose_lift", "withdraw"):
        with pytest.raises(holds.LegalHoldLifted):
            await _act(pool, verb, annas, order, "Pia")
    with pytest.raises(holds.LegalHoldLifted):
        await _keep(pool, annas, order)


async def test_a_hold_that_is_to_be_kept_has_to_be_proposed_again(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _placed(pool, annas)
    await _act(pool, "propose_lift", annas, order, "Mei")
    kept = await _keep(pool, annas, order)
    assert (kept.lift_proposed_by, kept.lift_proposed_at) == (None, None)
    with pytest.raises(holds.LegalHoldLiftNotProposed):
        await _act(pool, "lift", annas, order, "Oskar")
    assert (await _held(pool, annas))[0]


async def test_the_holder_is_told_that_there_is_an_order_and_nothing_of_it(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _placed(pool, annas)
    (case,) = await _open_cases(pool, annas)
    await _lift(pool, annas, order, NOW + timedelta(days=1))
    async with pool.connection() as conn:
        ended, begun = await list_notices(conn, wallet_id=annas)
    assert (begun.kind, ended.kind) == ("legal_hold_begun", "legal_hold_ended")
    assert case.case_id in begun.body_en
    assert case.case_id in begun.body_zh
    for told in (begun, ended, case):
        assert REFERENCE not in f"{told}"


async def test_a_case_opens_with_the_hold_and_closes_with_it(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _enter(pool, annas)
    assert await _open_cases(pool, annas) == []
    await _act(pool, "approve", annas, order, "Oskar")
    await _act(pool, "approve", annas, order, "Pia")
    (case,) = await _open_cases(pool, annas)
    assert (case.legal_hold_id, case.state, case.created_at) == (order, "open", NOW)
    async with pool.connection() as conn:
        assert await list_open_cases(conn) == []  # nobody has asked anything
        with pytest.raises(CaseOfLegalHold):
            await answer(
                conn, wallet_id=annas, case_id=case.case_id, answer="Wait.", operator="Mei", now=NOW
            )
    later = NOW + timedelta(days=1)
    await _lift(pool, annas, order, later)
    assert await _open_cases(pool, annas) == []
    async with pool.connection() as conn:
        (kept,) = await list_cases(conn, annas)
    assert (kept.state, kept.answered_by, kept.answered_at) == ("answered", "Oskar", later)
    assert kept.answer


async def test_a_hold_follows_the_person_to_a_new_wallet(pool: Pool) -> None:
    """Anna closed her wallet and came back with another phone; then the order arrives."""
    former, bens = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=former, now=NOW)
    order = await _placed(pool, former)
    present = await sign_up(pool, ANNA, NOW + timedelta(days=1))
    assert not await _fact(pool, present)  # nobody knows yet whose it is
    await _is_person(pool, former, "per_anna")
    await _is_person(pool, present, "per_anna")
    assert await _fact(pool, present)
    assert not await _fact(pool, bens)
    (case,) = await _open_cases(pool, present)
    assert (case.wallet_id, case.legal_hold_id) == (former, order)
    async with pool.connection() as conn:
        (listed,) = await holds.list_legal_holds(conn, present)
    assert (listed.wallet_id, listed.legal_hold_id) == (former, order)
    await _lift(pool, former, order)
    assert not await _fact(pool, present)
    async with pool.connection() as conn:
        (told,) = await list_notices(conn, wallet_id=present)
    assert told.kind == "legal_hold_ended"


async def test_one_order_of_two_on_a_person_frees_nobody(pool: Pool) -> None:
    former, present = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=former, now=NOW)
    for wallet_id in (former, present):
        await _is_person(pool, wallet_id, "per_anna")
    first = await _placed(pool, former)
    await _placed(pool, present, "second")
    await _lift(pool, former, first)
    assert await _fact(pool, present)
    assert await _fact(pool, former)
    async with pool.connection() as conn:
        told = [notice.kind for notice in await list_notices(conn, wallet_id=present)]
    assert told == ["legal_hold_begun"]


async def test_a_wallet_is_held_while_any_order_stands(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    first, second = await _placed(pool, annas), await _placed(pool, annas, "second")
    await _lift(pool, annas, first)
    assert (await _held(pool, annas))[0]
    later = NOW + timedelta(days=1)
    await _lift(pool, annas, second, later)
    await _act(pool, "lift", annas, second, "Oskar", later + timedelta(days=1))
    assert await _held(pool, annas) == (False, later)
    async with pool.connection() as conn:
        kept = await holds.list_legal_holds(conn, annas)
    assert {hold.lifted_at for hold in kept} == {NOW, later}


async def test_an_order_withdrawn_before_it_was_approved_never_binds(pool: Pool) -> None:
    annas = await sign_up(pool, ANNA)
    order = await _enter(pool, annas)
    for verb in ("propose_lift", "lift"):
        with pytest.raises(holds.LegalHoldNotInForce):
            await _act(pool, verb, annas, order, "Pia")
    with pytest.raises(holds.LegalHoldNotInForce):
        await _keep(pool, annas, order)
    await _act(pool, "withdraw", annas, order, "Mei")
    with pytest.raises(holds.LegalHoldLifted):
        await _act(pool, "approve", annas, order, "Oskar")
    assert await _held(pool, annas) == (False, NOW)
    second = await _placed(pool, annas)
    with pytest.raises(holds.LegalHoldInForce):
        await _act(pool, "withdraw", annas, second, "Mei")


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
