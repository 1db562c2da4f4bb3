"""Somebody has copied Anna's passport into a wallet that no bank has confirmed: she is refused,
opens a case, and Mei sets the copy aside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from qianbao.banks.cards.forms import DocumentNeeded
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.identity.documents import (
    Document,
    DocumentSubmission,
    PersonHasOpenWallet,
    current_document,
    list_documents,
)
from qianbao.ids import new_id
from qianbao.notices.inbox import list_notices
from qianbao.rollouts import oversight, set_aside
from qianbao.rollouts.operators import list_audit
from qianbao.rollouts.set_aside import SetAside
from qianbao.wallets.cases import open_case
from qianbao.wallets.errors import WalletUnknown
from qianbao.wallets.expiry import settle_replaced
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import (
    KEYS,
    NOW,
    Sandbox,
    bring,
    confirmed,
    facts,
    finish,
    link,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)

LATER = NOW + timedelta(hours=1)
FACTS = """
    SELECT person_id, residency, document_kind, document_valid_until, evidence, data_missing,
        data_confirmed_at, stale_banks, verified_at
    FROM wallets WHERE wallet_id = %s
"""


@pytest.fixture
def hers() -> DocumentSubmission:
    """Anna's passport."""
    return passport("MUELLER", "ANNA", new_number())


async def _set_aside(pool: Pool, wallet_id: str, **changed: Any) -> SetAside:
    asked = {"request_id": new_id("req", LATER), "reason": "Case of 2 November"} | changed
    async with pool.connection() as conn:
        return await set_aside.set_aside(
            conn, wallet_id=wallet_id, operator="Mei", now=LATER, **asked
        )


async def _facts(pool: Pool, wallet_id: str) -> tuple[Any, ...]:
    async with pool.connection() as conn:
        row = await (await conn.execute(FACTS, (wallet_id,))).fetchone()
    assert row
    return tuple(row)


async def _person(pool: Pool, wallet_id: str) -> Any:
    return (await _facts(pool, wallet_id))[0]


async def _refused(pool: Pool, wallet_id: str, paper: DocumentSubmission) -> PersonHasOpenWallet:
    with pytest.raises(PersonHasOpenWallet) as refused:
        await bring(pool, wallet_id, paper, LATER)
    return refused.value


async def test_from_the_refusal_to_a_bank_that_confirms_her(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    hers = passport("MUELLER", "ANNA", number)
    copied, annas = await new_wallet(pool, hers), await new_wallet(pool)
    refusal = await _refused(pool, annas, hers)
    assert "an operator can set its document aside" in refusal.next_step("en")
    async with pool.connection() as conn:
        case = await open_case(
            conn, wallet_id=annas, case_id=new_id("cas", NOW), subject="My passport", now=NOW,
            body="Somebody else shows it",
        )  # fmt: skip
        [found] = await oversight.find_wallets_showing(
            conn, KEYS, number=f" {number[:4]}-{number[4:].lower()}", operator="Mei", now=NOW
        )
    assert found.wallet_id == copied
    done = await _set_aside(pool, copied)
    async with pool.connection() as conn:
        assert not await oversight.find_wallets_showing(
            conn, KEYS, number=number, operator="Mei", now=NOW
        )
        await oversight.answer_case(
            conn, wallet_id=annas, case_id=case.case_id, answer="Show it again.", operator="Mei",
            now=LATER,
        )  # fmt: skip
        act, look = await list_audit(conn, subject=copied)
        [kept] = await list_documents(conn, copied)
        told = (await list_notices(conn, wallet_id=copied))[0]
    assert (look.action, look.detail) == ("wallet.find_document", {})
    assert (act.operator, act.action) == ("Mei", "wallet.set_document_aside")
    assert (act.detail["document"], act.detail["reason"]) == (done.document_id, done.reason)
    assert (kept.document_id, kept.superseded_at) == (done.document_id, LATER)
    assert told.kind == "document_set_aside"
    assert "link a card" in told.body_en
    assert "绑定本人名下的银行卡" in told.body_zh

    await bring(pool, annas, hers, LATER)
    await _refused(pool, copied, hers)  # before a bank has confirmed her
    [card] = await sandbox.account("CMB", "MUELLER ANNA", number, phone)
    await link(pool, gateway, sandbox, annas, card, phone, name_form="MUELLER ANNA")
    assert (await facts(pool, annas))[2] == NOW
    await _refused(pool, copied, hers)  # and after
    assert await _person(pool, copied) is None


async def test_the_wallet_is_as_one_that_never_showed_any(
    pool: Pool, hers: DocumentSubmission
) -> None:
    copied, fresh = await new_wallet(pool, hers), await new_wallet(pool)
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET evidence = '{immigration}', stale_banks = '{CMB}' "
            "WHERE wallet_id = %s",
            (copied,),
        )
    await _set_aside(pool, copied)
    assert await _facts(pool, copied) == await _facts(pool, fresh)
    async with pool.connection() as conn:
        assert await current_document(conn, copied) is None
        changed = await conn.execute(
            "SELECT facts_changed_at FROM wallets WHERE wallet_id = %s", (copied,)
        )
        assert await changed.fetchone() == (LATER,)
        told = await conn.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'tell_wallet' "
            "AND args ->> 'wallet_id' = %s",
            (copied,),
        )
        assert len(await told.fetchall()) > 1


async def test_what_was_told_of_its_last_day_is_over_without_a_new_document(
    pool: Pool, hers: DocumentSubmission
) -> None:
    copied = await new_wallet(pool, hers)
    async with pool.connection() as conn:
        document = await current_document(conn, copied)
        assert document
        await conn.execute(
            "INSERT INTO notices (wallet_id, notice_id, kind, title_en, title_zh, body_en, body_zh,"
            " link, about, ways_out, created_at) VALUES (%s, %s, 'document_expiring', '', '', '',"
            " '', '', %s, '[]', %s)",
            (copied, new_id("ntc", NOW), f"document:{document.document_id}", NOW),
        )
    await _set_aside(pool, copied)
    async with pool.connection() as conn:
        assert await settle_replaced(conn, wallet_id=copied, now=LATER) == 0


async def test_a_leaver_comes_back(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, hers: DocumentSubmission
) -> None:
    before = await confirmed(pool, gateway, sandbox, hers)
    person = await _person(pool, before)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=before, now=NOW)
    copied, annas = await new_wallet(pool, hers), await new_wallet(pool)
    await _refused(pool, annas, hers)
    await _set_aside(pool, copied)
    await bring(pool, annas, hers, LATER)
    assert await _person(pool, annas) == person
    await _refused(pool, copied, hers)


async def test_a_detour_by_another_number_leads_no_further(
    pool: Pool, hers: DocumentSubmission
) -> None:
    """Whoever showed two numbers is not the person of both once the document is set aside."""
    other = passport("MUELLER", "ANNA", new_number())
    copied, annas = await new_wallet(pool, other, hers), await new_wallet(pool)
    await _set_aside(pool, copied)
    await bring(pool, annas, hers, LATER)
    await bring(pool, copied, other, LATER)
    await _refused(pool, copied, hers)
    assert await _person(pool, annas) != await _person(pool, copied)


async def test_it_may_be_shown_again_while_nobody_else_does(
    pool: Pool, hers: DocumentSubmission
) -> None:
    """An operator who was wrong has taken nothing."""
    annas = await new_wallet(pool, hers)
    before = await _facts(pool, annas)
    await _set_aside(pool, annas)
    shown = await bring(pool, annas, hers, LATER)
    assert shown.superseded_at is None
    after = await _facts(pool, annas)
    assert after[:4] == before[:4]


async def test_not_once_a_bank_has_confirmed(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, hers: DocumentSubmission
) -> None:
    annas = await confirmed(pool, gateway, sandbox, hers)
    before = await _facts(pool, annas)
    with pytest.raises(set_aside.SetAsideImpossible):
        await _set_aside(pool, annas)
    assert await _facts(pool, annas) == before
    async with pool.connection() as conn:
        assert not await set_aside.can_be_set_aside(conn, annas)


async def test_nor_where_nothing_is_shown(pool: Pool, hers: DocumentSubmission) -> None:
    closed = await new_wallet(pool, hers)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=closed, now=NOW)
    for wallet in (closed, await new_wallet(pool)):
        with pytest.raises(set_aside.SetAsideImpossible):
            await _set_aside(pool, wallet)
    with pytest.raises(WalletUnknown):
        await _set_aside(pool, new_id("wal", NOW))
    for reason in (" ", "a" * 401):
        with pytest.raises(set_aside.SetAsideReasonNeeded):
            await _set_aside(pool, closed, reason=reason)


@pytest.mark.parametrize("held", ["this", "another"])
async def test_a_legal_hold_does_not_end_by_it(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, hers: DocumentSubmission, held: str
) -> None:
    """One operator cannot do what takes two."""
    before = await confirmed(pool, gateway, sandbox, hers)
    async with pool.connection() as conn:
        await mark_closed(conn, wallet_id=before, now=NOW)
    present = await new_wallet(pool, hers)
    async with pool.connection() as conn:
        await conn.execute(
            "UPDATE wallets SET legal_hold = true WHERE wallet_id = %s",
            (present if held == "this" else before,),
        )
    with pytest.raises(set_aside.SetAsideHeld):
        await _set_aside(pool, present)


async def test_twice_changes_nothing(pool: Pool, hers: DocumentSubmission) -> None:
    copied, request = await new_wallet(pool, hers), new_id("req", NOW)
    first = await _set_aside(pool, copied, request_id=request)
    assert await _set_aside(pool, copied) == first
    own: Document = await bring(pool, copied, passport("SMITH", "BEN", new_number()), LATER)
    assert await _set_aside(pool, copied, request_id=request) == first  # a request that was late
    async with pool.connection() as conn:
        assert len(await list_audit(conn, subject=copied)) == 1
        notices = await list_notices(conn, wallet_id=copied)
        current = await current_document(conn, copied)
    assert [one.kind for one in notices].count("document_set_aside") == 1
    assert current == own


async def test_a_code_on_its_way_confirms_nobody(
    pool: Pool, gateway: Gateway, sandbox: Sandbox
) -> None:
    number, phone = new_number(), new_phone()
    wallet = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [number_of_card] = await sandbox.account("CMB", "MUELLER ANNA", number, phone)
    card = await start(pool, gateway, wallet, number_of_card, phone, name_form="MUELLER ANNA")
    await _set_aside(pool, wallet)
    with pytest.raises(DocumentNeeded):
        await finish(pool, gateway, card, await sandbox.code(phone))
    assert await facts(pool, wallet) == ([], [], None)
