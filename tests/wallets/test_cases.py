"""Anna asks, Mei answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.notices.inbox import list_notices
from qianbao.wallets import cases
from qianbao.wallets.errors import WalletUnknown
from tests.wallets.scene import ANNA, BEN, NOW, sign_up


async def _ask(pool: Pool, wallet_id: str, case_id: str, subject: str = "Why?", body: str = "…"):
    async with pool.connection() as conn:
        return await cases.open_case(
            conn, wallet_id=wallet_id, case_id=case_id, subject=subject, body=body, now=NOW
        )


async def _answer(pool: Pool, wallet_id: str, case_id: str, text: str) -> cases.Case:
    async with pool.connection() as conn:
        return await cases.answer(
            conn, wallet_id=wallet_id, case_id=case_id, answer=text, operator="Mei",
            now=NOW + timedelta(days=1),
        )  # fmt: skip


async def test_a_question_and_its_answer(pool: Pool) -> None:
    annas, case_id = await sign_up(pool, ANNA), new_id("cas", NOW)
    asked = await _ask(pool, annas, case_id, " Name wrong ", "My bank spells it otherwise.\n")
    assert (asked.subject, asked.state) == ("Name wrong", "open")
    async with pool.connection() as conn:
        assert [case.case_id for case in await cases.list_open_cases(conn)] == [case_id]
    answered = await _answer(pool, annas, case_id, "Both spellings are fine.")
    assert (answered.state, answered.answered_by) == ("answered", "Mei")
    with pytest.raises(cases.CaseAnswered):
        await _answer(pool, annas, case_id, "Or not.")
    async with pool.connection() as conn:
        assert await cases.list_open_cases(conn) == []
        (notice,) = await list_notices(conn, wallet_id=annas)
        (kept,) = await cases.list_cases(conn, annas)
    assert notice.body_en == kept.answer == "Both spellings are fine."


async def test_the_same_question_again_is_one_case(pool: Pool) -> None:
    annas, case_id = await sign_up(pool, ANNA), new_id("cas", NOW)
    assert await _ask(pool, annas, case_id) == await _ask(pool, annas, case_id)
    with pytest.raises(cases.CaseIdUsed):
        await _ask(pool, annas, case_id, "Something else")


async def test_what_is_no_case(pool: Pool) -> None:
    annas, bens = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    case_id = new_id("cas", NOW)
    for subject, body in (("", "b"), ("s", " "), ("s" * 121, "b"), ("s", "b" * 4001)):
        with pytest.raises(cases.CaseTextLength):
            await _ask(pool, annas, case_id, subject, body)
    with pytest.raises(WalletUnknown):
        await _ask(pool, new_id("wal", NOW), case_id)
    await _ask(pool, annas, case_id)
    with pytest.raises(cases.CaseUnknown):
        await _answer(pool, bens, case_id, "Not Ben's.")
    with pytest.raises(cases.CaseTextLength):
        await _answer(pool, annas, case_id, "")
