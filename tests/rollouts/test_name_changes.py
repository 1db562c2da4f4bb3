"""Anna Müller marries and becomes Anna Schmidt: her new passport is refused, she opens a case, Mei
and Oskar allow the other name, and it is taken once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.identity import evidence
from qianbao.identity.documents import (
    DocumentOfAnotherPerson,
    DocumentSubmission,
    PersonHasOpenWallet,
    current_document,
    list_documents,
)
from qianbao.ids import new_id
from qianbao.names import display
from qianbao.notices.inbox import list_notices
from qianbao.rollouts import name_changes, oversight
from qianbao.rollouts.name_changes import NameChange
from qianbao.rollouts.operators import HOLDER, list_audit
from qianbao.rollouts.population import waiting
from qianbao.wallets.cases import open_case
from qianbao.wallets.errors import WalletUnknown
from tests.identity.papers import a_bank_confirms, a_wallet, bring, close, passport

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 30
SEEN = "Marriage certificate of 12 June 2026: Müller, now Schmidt"
MARRIED = passport("SCHMIDT", number="C02X00T48")


@pytest.fixture
async def anna(pool: Pool) -> str:
    """Her wallet; a bank has confirmed ANNA MARIA MUELLER."""
    wallet_id = await a_wallet(pool)
    await bring(pool, wallet_id, passport(), NOW - DAY)
    await a_bank_confirms(pool)
    return wallet_id


async def _propose(pool: Pool, wallet_id: str, now: datetime = NOW, **changed: str) -> NameChange:
    asked = {"name_change_id": new_id("chn", now), "reason": SEEN, "operator": "Mei"} | changed
    async with pool.connection() as conn:
        return await name_changes.propose(conn, wallet_id=wallet_id, now=now, **asked)


async def _approve(
    pool: Pool, asked: NameChange, operator: str = "Oskar", now: datetime = NOW
) -> NameChange:
    async with pool.connection() as conn:
        return await name_changes.approve(
            conn, wallet_id=asked.wallet_id, name_change_id=asked.name_change_id,
            operator=operator, days=DAYS, now=now,
        )  # fmt: skip


async def _withdraw(pool: Pool, asked: NameChange, operator: str = "Oskar") -> NameChange:
    async with pool.connection() as conn:
        return await name_changes.withdraw(
            conn, wallet_id=asked.wallet_id, name_change_id=asked.name_change_id,
            operator=operator, now=NOW,
        )  # fmt: skip


async def _allowed(pool: Pool, wallet_id: str, now: datetime = NOW) -> NameChange:
    return await _approve(pool, await _propose(pool, wallet_id, now), now=now)


async def _now(pool: Pool, wallet_id: str) -> NameChange:
    async with pool.connection() as conn:
        return (await name_changes.list_name_changes(conn, wallet_id))[0]


async def _names(pool: Pool, wallet_id: str) -> list[str]:
    async with pool.connection() as conn:
        return [display(one.legal_name) for one in await list_documents(conn, wallet_id)]


async def test_from_the_refusal_to_the_new_name(pool: Pool, anna: str) -> None:
    with pytest.raises(DocumentOfAnotherPerson) as refused:
        await bring(pool, anna, MARRIED)
    assert "open a case and name both spellings" in refused.value.next_step("en")
    async with pool.connection() as conn:
        case = await open_case(
            conn, wallet_id=anna, case_id=new_id("cas", NOW), subject="My name", now=NOW,
            body="I have married: Müller before, Schmidt now",
        )  # fmt: skip
        asked = await name_changes.propose(
            conn, wallet_id=anna, name_change_id=new_id("chn", NOW), reason=SEEN,
            operator="Mei", now=NOW,
        )  # fmt: skip
        assert (await waiting(conn)).name_changes == 1
        assert await name_changes.name_changes_waiting(conn) == [asked]
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, anna, MARRIED)  # nobody has approved it

    assert (await _approve(pool, asked)).approved_by == "Oskar"
    async with pool.connection() as conn:
        await oversight.answer_case(
            conn, wallet_id=anna, case_id=case.case_id, answer="Show it again.", operator="Oskar",
            now=NOW,
        )  # fmt: skip
        told = [one for one in await list_notices(conn, wallet_id=anna) if "name" in one.kind]
        assert (await waiting(conn)).name_changes == 0
    assert "before 2 December 2026" in told[0].body_en
    assert "2026年12月2日之前" in told[0].body_zh

    taken = await bring(pool, anna, MARRIED, NOW + DAY)
    assert taken.name_change_id == asked.name_change_id
    assert await _names(pool, anna) == ["Anna Maria Schmidt", "Anna Maria Mueller"]
    used = await _now(pool, anna)
    assert (used.document_id, used.used_at) == (taken.document_id, NOW + DAY)
    again = await bring(pool, anna, MARRIED, NOW + DAY)
    assert again == taken


async def test_the_new_name_is_what_later_documents_are_held_against(pool: Pool, anna: str) -> None:
    await _allowed(pool, anna)
    await bring(pool, anna, MARRIED)
    for other in (
        passport("FISCHER", number="C3"),
        passport("MUELLER", number="C3"),
        passport("SCHMIDT", "ANNA LUISE", number="C3"),
        passport("SCHMIDT", number="C3", born=date(1991, 4, 12)),
        passport("SCHMIDT", number="C3", sex="M"),
    ):
        with pytest.raises(DocumentOfAnotherPerson):
            await bring(pool, anna, other)
    renewed = await bring(pool, anna, passport("SCHMIDT", number="C4"), NOW + DAY)
    assert renewed.name_change_id is None
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, anna, passport("FISCHER", number="C5"), NOW + 2 * DAY)
    await _allowed(pool, anna, NOW + 2 * DAY)  # she marries again
    await bring(pool, anna, passport("FISCHER", number="C5"), NOW + 2 * DAY)
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, anna, passport("SCHMIDT", number="C6"), NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("paper", "what"),
    [
        (passport("SCHMIDT", number="C3", born=date(1991, 4, 12)), "date of birth"),
        (passport("SCHMIDT", number="C3", sex="M"), "sex"),
        (
            DocumentSubmission(
                kind="travel_permit", number="H1234567801", surname="SCHMIDT", given="ANNA",
                valid_until=date(2033, 1, 1),
            ),
            "the name",  # nothing else in it says whose it is
        ),
    ],
)  # fmt: skip
async def test_only_the_name_may_differ(
    pool: Pool, anna: str, paper: DocumentSubmission, what: str
) -> None:
    await _allowed(pool, anna)
    with pytest.raises(DocumentOfAnotherPerson) as refused:
        await bring(pool, anna, paper)
    assert what in refused.value.sentence("en")
    await bring(pool, anna, MARRIED)  # it was not used up


async def test_a_number_for_life_stays_and_is_enough(pool: Pool) -> None:
    wallet = await a_wallet(pool)
    permit = DocumentSubmission(
        kind="travel_permit", number="H1234567801", surname="CHAN", given="TAIMAN",
        valid_until=date(2033, 1, 1),
    )  # fmt: skip
    await bring(pool, wallet, permit, NOW - DAY)
    await a_bank_confirms(pool)
    await _allowed(pool, wallet)
    renamed = msgspec.structs.replace(permit, surname="WONG")
    with pytest.raises(DocumentOfAnotherPerson) as refused:
        await bring(pool, wallet, msgspec.structs.replace(renamed, number="H7654321001"))
    assert "number" in refused.value.sentence("en")
    await bring(pool, wallet, renamed)
    assert await _names(pool, wallet) == ["Taiman Wong", "Taiman Chan"]


async def test_where_no_document_tells_a_birthday_what_was_seen_is_enough(pool: Pool) -> None:
    """Of a permit and a passport nothing else can be compared."""
    wallet = await a_wallet(pool)
    permit = DocumentSubmission(
        kind="travel_permit", number="H1234567801", native="王小明", valid_until=date(2033, 1, 1)
    )
    await bring(pool, wallet, permit, NOW - DAY)
    await a_bank_confirms(pool)
    theirs = passport("WANG", "XIAOMING", number="C3", country="CAN")
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, wallet, theirs)
    await _allowed(pool, wallet)
    assert (await bring(pool, wallet, theirs)).name_change_id is not None


async def test_a_document_that_is_somebody_elses_stays_theirs(pool: Pool, anna: str) -> None:
    """Born the same day, as it happens, and of the name that Anna has now."""
    other = await a_wallet(pool, "+8613800138002")
    await bring(pool, other, MARRIED)
    await a_bank_confirms(pool)
    await _allowed(pool, anna)
    with pytest.raises(PersonHasOpenWallet):
        await bring(pool, anna, MARRIED)
    assert (await _now(pool, anna)).document_id is None


async def test_a_renewal_that_needs_no_change_leaves_it(pool: Pool, anna: str) -> None:
    await _allowed(pool, anna)
    assert (await bring(pool, anna, passport(number="C3"))).name_change_id is None
    assert (await _now(pool, anna)).used_at is None
    await bring(pool, anna, MARRIED)


async def test_of_two_documents_at_once_one_is_taken(pool: Pool, anna: str) -> None:
    await _allowed(pool, anna)
    found = await asyncio.gather(
        bring(pool, anna, MARRIED),
        bring(pool, anna, passport("FISCHER", number="C3")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in found) == ["Document", "DocumentOfAnotherPerson"]
    assert len(await _names(pool, anna)) == 2


async def test_it_ends_by_itself(pool: Pool, anna: str) -> None:
    allowed = await _allowed(pool, anna)
    assert allowed.until == datetime(2026, 12, 1, 16, tzinfo=UTC)  # midnight in Shanghai
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, anna, MARRIED, allowed.until)
    await bring(pool, anna, MARRIED, allowed.until - timedelta(seconds=1))


async def test_it_takes_two_and_there_is_one_at_a_time(pool: Pool, anna: str) -> None:
    asked = await _propose(pool, anna)
    with pytest.raises(name_changes.NameChangeNeedsSecondOperator):
        await _approve(pool, asked, "Mei")
    with pytest.raises(name_changes.NameChangeStands):
        await _propose(pool, anna)
    assert await _propose(pool, anna, name_change_id=asked.name_change_id) == asked
    with pytest.raises(name_changes.NameChangeIdUsed):
        await _propose(pool, anna, name_change_id=asked.name_change_id, reason="Another")
    allowed = await _approve(pool, asked)
    assert await _approve(pool, asked, "Pia") == allowed
    assert allowed.until is not None
    with pytest.raises(name_changes.NameChangeStands):
        await _propose(pool, anna)
    await _propose(pool, anna, allowed.until)  # the first has ended


async def test_one_taken_back_lets_nothing_pass(pool: Pool, anna: str) -> None:
    allowed = await _allowed(pool, anna)
    assert (await _withdraw(pool, allowed)).withdrawn_by == "Oskar"
    async with pool.connection() as conn:
        (notice,) = await list_notices(conn, wallet_id=anna)
    assert notice.settled_at == NOW
    with pytest.raises(DocumentOfAnotherPerson):
        await bring(pool, anna, MARRIED)
    for verb in (_withdraw, _approve):
        with pytest.raises(name_changes.NameChangeSettled):
            await verb(pool, allowed)
    used = await _allowed(pool, anna)
    await bring(pool, anna, MARRIED)
    with pytest.raises(name_changes.NameChangeSettled):
        await _withdraw(pool, used)


async def test_what_cannot_be_proposed(pool: Pool, anna: str) -> None:
    with pytest.raises(name_changes.NameChangeReasonNeeded):
        await _propose(pool, anna, reason="  ")
    with pytest.raises(WalletUnknown):
        await _propose(pool, new_id("wal", NOW))
    with pytest.raises(name_changes.NameChangeUnknown):
        await _withdraw(
            pool,
            msgspec.structs.replace(await _propose(pool, anna), name_change_id=new_id("chn", NOW)),
        )
    unconfirmed = await a_wallet(pool, "+8613800138002")
    with pytest.raises(name_changes.NameChangeNotNeeded):
        await _propose(pool, unconfirmed)
    closed = await a_wallet(pool, "+8613800138003")
    await a_bank_confirms(pool)
    await close(pool, closed)
    with pytest.raises(name_changes.NameChangeNotNeeded):
        await _propose(pool, closed)


async def test_every_step_is_on_record_once(pool: Pool, anna: str) -> None:
    allowed = await _allowed(pool, anna)
    taken = await bring(pool, anna, MARRIED)
    for _ in range(2):  # a job runs at least once
        async with pool.connection() as conn:
            await name_changes.record_use(
                conn, wallet_id=anna, name_change_id=allowed.name_change_id, now=NOW
            )
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = 'record_name_change'"
        )
        assert await cursor.fetchall() == [
            ({"wallet_id": anna, "name_change_id": allowed.name_change_id},)
        ]
        acts = await list_audit(conn, subject=anna, kind="name_change")
        (notice,) = await list_notices(conn, wallet_id=anna)
    assert {(act.action, act.operator) for act in acts} == {
        ("name_change.propose", "Mei"), ("name_change.approve", "Oskar"),
        ("name_change.use", HOLDER),
    }  # fmt: skip
    assert len(acts) == 3
    assert {act.detail["reason"] for act in acts} == {SEEN}
    (use,) = [act for act in acts if act.operator == HOLDER]
    assert use.detail["document"] == taken.document_id
    assert notice.settled_at == NOW


async def test_what_registers_said_of_the_former_name_counts_no_more(pool: Pool, anna: str) -> None:
    async with pool.connection() as conn:
        document = await current_document(conn, anna)
        assert document is not None
        await evidence.record(
            conn, wallet_id=anna, evidence_id=new_id("evi", NOW), source="immigration",
            outcome="MATCH", compared=["name"], document_id=document.document_id, card_id=None,
            at=NOW,
        )  # fmt: skip
        await evidence.refresh(conn, wallet_id=anna, now=NOW)
    assert await _evidence(pool, anna) == ["immigration"]
    await _allowed(pool, anna)
    await bring(pool, anna, MARRIED)
    assert await _evidence(pool, anna) == []
    async with pool.connection() as conn:
        assert len(await evidence.list_evidence(conn, anna)) == 1  # it is kept


async def _evidence(pool: Pool, wallet_id: str) -> list[str]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT evidence FROM wallets WHERE wallet_id = %s", (wallet_id,)
        )
        row = await cursor.fetchone()
    assert row
    found: list[str] = row[0]
    return found
