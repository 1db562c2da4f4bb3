"""Ben has closed his wallet and gone home; somebody else may have his phone number by now."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.identity.documents import DocumentSubmission, add_document
from qianbao.ids import new_id
from qianbao.leaving.close import close
from qianbao.wallets import codes
from qianbao.wallets.records import (
    OpenedRecords,
    RecordsProofMissing,
    RecordsProofsUsedUp,
    RecordsRefused,
    open_records,
)
from qianbao.wallets.sessions import find_session
from tests.wallets.scene import ANNA, BEN, KEYS, NOW, PIN, SETTINGS, code_for, confirm, sign_up

NUMBER = "11010519491231002X"
YEARS_LATER = NOW + timedelta(days=900)


async def closed(pool: Pool, phone: str = BEN, number: str = NUMBER, now: datetime = NOW) -> str:
    """A wallet that its holder has closed; with `number`, after they showed a document."""
    wallet_id = await sign_up(pool, phone, now)
    async with pool.connection() as conn:
        if number:
            shown = DocumentSubmission(kind="resident_id", number=number, native="王小明")
            await add_document(
                conn, KEYS, wallet_id=wallet_id, document_id=new_id("doc", now), submission=shown,
                now=now,
            )  # fmt: skip
        await close(conn, wallet_id=wallet_id, reason="", now=now, free_minor=100_000)
    return wallet_id


async def read(
    pool: Pool, code: tuple[str, str], pin: str = "", number: str = "", now: datetime = YEARS_LATER
) -> tuple[OpenedRecords, ...]:
    return await open_records(
        pool, KEYS, SETTINGS, signup_id=code[0], code=code[1], pin=pin, document_number=number,
        now=now,
    )  # fmt: skip


@pytest.mark.parametrize(("pin", "number"), [(PIN, ""), ("", "110105 19491231 002x")])
async def test_the_code_and_one_more_proof_open_the_records(
    pool: Pool, pin: str, number: str
) -> None:
    bens = await closed(pool)
    (opened,) = await read(pool, await code_for(pool, BEN, YEARS_LATER), pin, number)
    async with pool.connection() as conn:
        session = await find_session(
            one_by_one(conn), token=opened.token, now=YEARS_LATER, settings=SETTINGS
        )
        cursor = await conn.execute("SELECT count(*) FROM wallets")
        assert await cursor.fetchone() == (1,)  # none was opened for it
    assert (opened.wallet_id, session.wallet_id, session.status) == (bens, bens, "closed")


async def test_whoever_has_the_number_now_reads_nothing(pool: Pool) -> None:
    """And is not told whether there is anything to read."""
    await closed(pool)
    for phone in (BEN, ANNA):
        code = await code_for(pool, phone, YEARS_LATER)
        with pytest.raises(RecordsProofMissing):
            await read(pool, code)
        for left in (4, 3, 2, 1, 0):
            with pytest.raises(RecordsRefused) as refused:
                await read(pool, code, f"13579{left}", f"X100000{left}")
            assert refused.value.detail == {"left": left}
        with pytest.raises(RecordsProofsUsedUp):
            await read(pool, code, PIN, NUMBER)
    soon = YEARS_LATER + timedelta(hours=23)
    with pytest.raises(RecordsProofsUsedUp):  # a new code brings no new tries
        await read(pool, await code_for(pool, BEN, soon), PIN, NUMBER, now=soon)
    tomorrow = YEARS_LATER + timedelta(hours=24)
    assert await read(pool, await code_for(pool, BEN, tomorrow), PIN, now=tomorrow)


async def test_guesses_sent_all_at_once_get_no_more_looks(pool: Pool) -> None:
    await closed(pool)
    code = await code_for(pool, BEN, YEARS_LATER)
    tried = await asyncio.gather(
        *(read(pool, code, number=f"{guess:018d}") for guess in range(12)), return_exceptions=True
    )
    kinds = [type(one).__name__ for one in tried]
    assert kinds.count("RecordsRefused") == SETTINGS.records_proofs_per_day
    assert kinds.count("RecordsProofsUsedUp") == 12 - SETTINGS.records_proofs_per_day


async def test_reading_often_uses_up_no_tries(pool: Pool) -> None:
    await closed(pool)
    for hour in range(2 * SETTINGS.records_proofs_per_day):
        now = YEARS_LATER + timedelta(hours=hour)
        code = await code_for(pool, BEN, now)
        assert await read(pool, code, PIN, now=now)
        with pytest.raises(codes.CodeUsed):
            await read(pool, code, PIN, now=now)


async def test_all_that_the_proof_fits_are_opened_and_no_other(pool: Pool) -> None:
    """Two of Ben's, the one between them somebody else's; and the one that is open now."""
    first = await closed(pool)
    await closed(pool, number="110105194912310011", now=NOW + timedelta(days=100))
    last = await closed(pool, now=NOW + timedelta(days=200))
    await sign_up(pool, BEN, NOW + timedelta(days=300))
    opened = await read(pool, await code_for(pool, BEN, YEARS_LATER), number=NUMBER)
    assert [one.wallet_id for one in opened] == [last, first]
    assert opened[0].closed_at == NOW + timedelta(days=200)


async def test_a_wallet_that_knows_no_document_needs_its_pin(pool: Pool) -> None:
    bens = await closed(pool, number="")
    code = await code_for(pool, BEN, YEARS_LATER)
    for number in (NUMBER, " "):
        with pytest.raises(RecordsRefused):
            await read(pool, code, number=number)
    assert [one.wallet_id for one in await read(pool, code, PIN)] == [bens]


async def test_a_code_that_is_wrong_or_for_something_else_opens_nothing(pool: Pool) -> None:
    await closed(pool)
    signup_id, code = await code_for(pool, BEN, YEARS_LATER)
    with pytest.raises(codes.CodeWrong):
        await read(pool, (signup_id, f"{(int(code) + 1) % 1_000_000:06d}"), PIN)
    assert await read(pool, (signup_id, code), PIN)
    later = YEARS_LATER + timedelta(hours=1)
    signup_id, code = await code_for(pool, ANNA, later)
    assert (await confirm(pool, signup_id, code, now=later)).created
    with pytest.raises(codes.CodeUsed):
        await read(pool, (signup_id, code), PIN, now=later)


async def test_a_bounded_number_of_wallets_is_looked_at_the_last_closed_first(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qianbao.wallets.records.MOST", 2)
    days = [timedelta(days=60 * place) for place in range(3)]
    wallets = [await closed(pool, number="", now=NOW + day) for day in days]
    opened = await read(pool, await code_for(pool, BEN, YEARS_LATER), PIN)
    assert [one.wallet_id for one in opened] == [wallets[2], wallets[1]]
