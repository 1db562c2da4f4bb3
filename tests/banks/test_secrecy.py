"""The card number passes through once: it is in no table, no log and no error."""

from __future__ import annotations

import logging

import pytest
from psycopg import sql

from qianbao.banks.gateway import BankSilent, Gateway, VerificationRequest
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from tests.banks.scene import (
    Sandbox,
    link,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)


async def everything(pool: Pool) -> str:
    """Every row of every table, as text; binary columns as hexadecimal and as characters."""
    kept = []
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in await cursor.fetchall():
            rows = await conn.execute(
                sql.SQL("SELECT t.*, t::text FROM {} AS t").format(sql.Identifier(schema, table))
            )
            for row in await rows.fetchall():
                kept.append(str(row))
                kept.extend(value.hex() for value in row if isinstance(value, bytes))
    return "\n".join(kept)


async def test_the_card_number_is_nowhere(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Linked, refused and unanswered: none of the three leaves a number behind."""
    caplog.set_level(logging.DEBUG)
    number, phone = new_number(), new_phone()
    anna = await new_wallet(pool, passport("MUELLER", "ANNA", number))
    [linked] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    [refused] = await sandbox.account("BOC", "MUELLER ANNA", number, phone)
    [silent] = await sandbox.account("CMB", "MUELLER ANNA", number, phone)
    card = await link(pool, gateway, sandbox, anna, linked, phone)
    errors: list[QianbaoError] = []
    with pytest.raises(QianbaoError) as error:
        await start(pool, gateway, anna, refused, phone)
    errors.append(error.value)
    await sandbox.fault("CMB", "silent_after")
    with pytest.raises(BankSilent) as error:
        await start(pool, gateway, anna, silent, phone)
    errors.append(error.value)

    database = await everything(pool)
    said = " ".join(f"{error} {error.detail}" for error in errors)
    printed = sandbox.said.read_text(errors="replace")
    assert card.last_four in database  # the search does see what is there
    assert card.card_id in database
    for card_number in (linked, refused, silent):
        # Ten of its digits in a row; fewer may stand in anything that is random.
        pieces = {card_number[at : at + 10] for at in range(len(card_number) - 9)}
        for place in (database, caplog.text, said, printed):
            assert card_number.encode().hex() not in place
            assert [piece for piece in pieces if piece in place] == []
    for secret in (number, phone):
        assert secret not in database
        assert secret not in caplog.text
        assert secret not in printed


def test_a_request_to_a_bank_prints_nothing_of_itself() -> None:
    """It may end up in a traceback."""
    request = VerificationRequest(
        request_id="crd_1", card_number="6222020000000012344", holder_name="MUELLER ANNA",
        document_kind="passport", document_number="C01X00T47", phone="+8613800138001",
    )  # fmt: skip
    assert repr(request) == "VerificationRequest(request_id='crd_1', …)"
