"""The registers say yes, say no, and say nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.http_client import HttpClient
from qianbao.identity.documents import DocumentSubmission
from qianbao.identity.evidence import list_evidence
from qianbao.identity.registers import (
    RegisterMisunderstood,
    Registers,
    RegisterSilent,
    check_registers,
)
from tests.identity.desk import Desk, open_desk
from tests.identity.papers import KEYS, NOW, a_wallet, bring, passport


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as opened:
        yield opened


async def _check(pool: Pool, desk: Desk, wallet_id: str, now: datetime = NOW) -> None:
    http = HttpClient(desk.url, "token", 5.0)
    try:
        await check_registers(pool, Registers(http), KEYS, wallet_id=wallet_id, now=now)
    finally:
        await http.close()


async def _facts(pool: Pool, wallet_id: str) -> tuple[list[str], datetime]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT evidence, facts_changed_at FROM wallets WHERE wallet_id = %s", (wallet_id,)
        )
        row = await cursor.fetchone()
    assert row
    return row[0], row[1]


async def test_both_registers_know_anna(pool: Pool, desk: Desk) -> None:
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    desk.answers = {"immigration": "MATCH", "mobile_operator": "MATCH"}
    later = NOW + timedelta(minutes=1)
    await _check(pool, desk, annas, later)
    assert await _facts(pool, annas) == (["immigration", "mobile_operator"], later)
    asked = dict(desk.asked)
    assert asked["mobile_operator"]["phone"] == "+8613800138001"
    assert asked["immigration"]["document_number"] == "C01X00T47"
    assert asked["immigration"]["name"] == "MUELLER ANNA MARIA"
    async with pool.connection() as conn:
        kept = await list_evidence(conn, annas)
    assert {one.source: one.compared for one in kept} == {
        "immigration": ["name", "document_number"],
        "mobile_operator": ["name", "document_number", "phone"],
    }
    await _check(pool, desk, annas, NOW + timedelta(days=1))
    assert len(desk.asked) == 2
    assert (await _facts(pool, annas))[1] == later


async def test_silence_is_asked_about_again_with_the_same_question(pool: Pool, desk: Desk) -> None:
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    desk.answers = {"immigration": None, "mobile_operator": "MATCH"}
    for _ in range(2):
        with pytest.raises(RegisterSilent) as silent:
            await _check(pool, desk, annas)
        assert silent.value.retry
    assert (await _facts(pool, annas))[0] == ["mobile_operator"]
    desk.answers["immigration"] = "MATCH"
    await _check(pool, desk, annas)
    assert (await _facts(pool, annas))[0] == ["immigration", "mobile_operator"]
    questions = [body["request_id"] for register, body in desk.asked if register == "immigration"]
    assert len(questions) == 3
    assert len(set(questions)) == 1


async def test_nobody_at_the_other_end_is_silence_too(pool: Pool) -> None:
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    async with open_desk() as gone:
        pass
    with pytest.raises(RegisterSilent):
        await _check(pool, gone, annas)
    assert (await _facts(pool, annas))[0] == []


async def test_a_no_confirms_nothing_and_is_asked_about_anew(pool: Pool, desk: Desk) -> None:
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    desk.answers = {"immigration": "NOT_FOUND", "mobile_operator": "MISMATCH"}
    await _check(pool, desk, annas)
    assert (await _facts(pool, annas))[0] == []
    desk.answers = {"immigration": "NOT_FOUND", "mobile_operator": "MATCH"}
    await _check(pool, desk, annas, NOW + timedelta(days=1))
    assert (await _facts(pool, annas))[0] == ["mobile_operator"]
    questions = [body["request_id"] for register, body in desk.asked]
    assert len(set(questions)) == 4


async def test_a_new_document_is_asked_about_and_a_no_takes_the_fact_away(
    pool: Pool, desk: Desk
) -> None:
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    desk.answers = {"immigration": "MATCH", "mobile_operator": "MATCH"}
    await _check(pool, desk, annas)
    await bring(pool, annas, passport(number="C01X00T48"))
    desk.answers = {"immigration": "MATCH", "mobile_operator": "MISMATCH"}
    await _check(pool, desk, annas, NOW + timedelta(days=1))
    assert (await _facts(pool, annas))[0] == ["immigration"]


async def test_a_resident_is_confirmed_by_the_citizens_register(pool: Pool, desk: Desk) -> None:
    wangs = await a_wallet(pool)
    resident_id = DocumentSubmission(
        kind="resident_id", number="11010519491231002X", native="王小明"
    )
    await bring(pool, wangs, resident_id)
    desk.answers = {"immigration": "MATCH", "mobile_operator": "NOT_FOUND"}
    await _check(pool, desk, wangs)
    assert (await _facts(pool, wangs))[0] == ["citizen"]
    assert desk.asked[0][1]["name"] == "王小明"


async def test_a_wallet_without_a_document_asks_nobody(pool: Pool, desk: Desk) -> None:
    await _check(pool, desk, await a_wallet(pool))
    assert desk.asked == []


def test_not_being_understood_is_not_retried() -> None:
    assert not RegisterMisunderstood.retry


async def test_what_registers_said_of_one_person_is_no_word_for_the_next(
    pool: Pool, desk: Desk
) -> None:
    """Anna's own passport, then, before any bank has confirmed her, one of her number in another
    name: no check digit covers that. A renewal keeps what was said until it is asked anew."""
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    desk.answers = {"immigration": "MATCH", "mobile_operator": "MATCH"}
    await _check(pool, desk, annas)
    both = ["immigration", "mobile_operator"]
    await bring(pool, annas, passport("MUELLER", "ANNA", number="C22X00T47"))
    assert (await _facts(pool, annas))[0] == both
    await bring(pool, annas, passport("MUELLER", "BEATE"))
    assert (await _facts(pool, annas))[0] == []
    desk.answers = {"immigration": None, "mobile_operator": "MISMATCH"}
    with pytest.raises(RegisterSilent):
        await _check(pool, desk, annas)
    assert (await _facts(pool, annas))[0] == []
    await bring(pool, annas, passport())
    assert (await _facts(pool, annas))[0] == both  # about her it was said
