"""What a statement says: every line once, and the balances before and after it add up."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianbao.ids import new_id
from qianbao.leaving import (
    PeriodInvalid,
    Statement,
    StatementTooLong,
    periods,
    statement,
    statement_pdf,
    statements,
    write_camt053,
    write_csv,
    write_pdf,
)
from qianbao.leaving.statement_camt053 import NAMESPACE
from qianbao.ledger import lock_accounts, main_account
from qianbao.wallets.errors import WalletUnknown
from tests.leaving.scene import a_verified_wallet, an_order_at_the_bank
from tests.mandates.scene import BANK, BEN, NOW, Connection, a_merchant, a_wallet, move

PERSON = new_id("per", NOW)
OPENED = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)  # a minute to midnight in Shanghai
MOVES = st.lists(
    st.tuples(st.integers(0, 90 * 24 * 60), st.sampled_from("+-"), st.integers(1, 10**9)),
    max_size=12,
)

_number = iter(range(10**9))


async def balance(conn: Connection, wallet_id: str) -> int:
    key = main_account(wallet_id)
    return (await lock_accounts(conn, [key]))[key].balance_minor


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES)
async def test_opening_plus_lines_is_closing(
    conn: Connection, moves: list[tuple[int, str, int]]
) -> None:
    """Whatever came and went, in whatever month: each statement adds up, each begins where the one
    before ended, months make the year, and all of it is what the ledger holds."""
    wallet_id = await a_wallet(conn, f"+861380{next(_number):07}", OPENED)
    held = 0
    for minute, sign, amount in sorted(moves):
        at = OPENED + timedelta(minutes=minute)
        if sign == "+" or held < amount:
            await move(conn, "top_up", BANK, wallet_id, amount, at)
            held += amount
        else:
            await move(conn, "withdrawal", wallet_id, BANK, amount, at)
            held -= amount
    now = OPENED + timedelta(days=100)

    async def read(period: str) -> Statement:
        found = await statement(conn, wallet_id=wallet_id, period=period, now=now)
        amounts = [line.amount_minor for line in found.lines]
        assert found.opening_minor + sum(amounts) == found.closing_minor
        assert found.in_minor - found.out_minor == sum(amounts)
        running = [line.balance_after_minor for line in found.lines]
        assert running[-1:] == ([found.closing_minor] if running else [])
        return found

    months = [await read(f"{year}-{month:02}") for year, month in
              ((2025, 12), (2026, 1), (2026, 2), (2026, 3), (2026, 4))]  # fmt: skip
    for before, after in pairwise(months):
        assert before.closing_minor == after.opening_minor
    everything = await read("all")
    assert months[0].opening_minor == everything.opening_minor == 0
    assert sum((month.lines for month in months), ()) == everything.lines
    year = await read("2026")
    assert (await read("2025")).lines + year.lines == everything.lines
    assert everything.closing_minor == await balance(conn, wallet_id) == held
    balances = [line.balance_after_minor for line in everything.lines]
    cursor = await conn.execute(
        "SELECT balance_after_minor FROM entries WHERE owner_id = %s ORDER BY sequence",
        (wallet_id,),
    )
    assert balances == [row[0] for row in await cursor.fetchall()]


async def test_a_month_ends_at_midnight_in_shanghai(conn: Connection) -> None:
    """23:59 belongs to December, 00:00 to January, wherever the server is."""
    anna = await a_wallet(conn, now=OPENED)
    await move(conn, "top_up", BANK, anna, 1, OPENED)
    await move(conn, "top_up", BANK, anna, 2, OPENED + timedelta(minutes=1))
    december = await statement(conn, wallet_id=anna, period="2025-12", now=NOW)
    january = await statement(conn, wallet_id=anna, period="2026-01", now=NOW)
    assert [line.amount_minor for line in december.lines] == [1]
    assert [line.amount_minor for line in january.lines] == [2]
    assert january.opening_minor == 1


@pytest.mark.parametrize(
    "period",
    ["", "26", "2026-13", "2026-00", "2026-1", "2026-11-02", "ALL", "everything", "2026-12",
     "2027", "9999", "9999-12", "0000", "０２０６", "2026-11\n", "-2026", "'; DROP TABLE entries"],
)  # fmt: skip
async def test_what_is_no_period(conn: Connection, period: str) -> None:
    """A period that is none, or has not begun, is refused by name."""
    anna = await a_wallet(conn)
    with pytest.raises(PeriodInvalid) as refusal:
        await statement(conn, wallet_id=anna, period=period, now=NOW)
    assert refusal.value.status == 422


async def test_periods_on_offer_can_all_be_had(conn: Connection) -> None:
    """Every period that is offered, from opening until today, is a statement."""
    anna = await a_wallet(conn, now=OPENED)
    offered = await periods(conn, wallet_id=anna, now=NOW)
    assert offered[:3] == ("all", "2026", "2026-11")
    assert offered[-3:] == ("2026-01", "2025", "2025-12")
    assert len(offered) == 1 + 1 + 11 + 1 + 1
    for period in offered:
        found = await statement(conn, wallet_id=anna, period=period, now=NOW)
        assert found.lines == ()
    with pytest.raises(WalletUnknown):
        await periods(conn, wallet_id=new_id("wal", NOW), now=NOW)
    with pytest.raises(WalletUnknown):
        await statement(conn, wallet_id=new_id("wal", NOW), period="all", now=NOW)


async def test_too_long(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lines than a statement holds: refused before they are read, with what to do."""
    anna = await a_wallet(conn)
    for _ in range(3):
        await move(conn, "top_up", BANK, anna, 1)
    monkeypatch.setattr(statement_pdf, "MAX_LINES", 2)
    with pytest.raises(StatementTooLong):
        write_pdf(await statement(conn, wallet_id=anna, period="all", now=NOW))
    monkeypatch.setattr(statements, "MAX_LINES", 2)
    with pytest.raises(StatementTooLong) as refusal:
        await statement(conn, wallet_id=anna, period="all", now=NOW)
    assert refusal.value.detail == {"lines": 3, "most": 2}


async def test_more_than_one_chunk(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in chunks, nothing is missed or doubled."""
    monkeypatch.setattr(statements, "CHUNK", 2)
    anna = await a_wallet(conn)
    for number in range(1, 6):
        await move(conn, "top_up", BANK, anna, number)
    found = await statement(conn, wallet_id=anna, period="all", now=NOW)
    assert [line.balance_after_minor for line in found.lines] == [1, 3, 6, 10, 15]


async def annas_statement(
    conn: Connection, note: str = "soup, with “everything”\nplease"
) -> Statement:
    """Money in from ICBC, lunch with Ben, soup at a merchant's."""
    anna, card = await a_verified_wallet(conn, PERSON)
    ben, shop = await a_wallet(conn, BEN), await a_merchant(conn, "Noodle bar", "面馆")
    await an_order_at_the_bank(conn, anna, card, "top_up", 1_234_567)
    await move(conn, "transfer", anna, ben, 1_000, note="for lunch")
    await move(conn, "payment", anna, shop, 5, reference="pay_1", note=note)
    return await statement(conn, wallet_id=anna, period="2026-11", now=NOW)


def rows_of(found: Statement) -> list[list[str]]:
    content = b"".join(write_csv(found))
    assert content.startswith("\ufeff".encode())
    assert content.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def test_csv(conn: Connection) -> None:
    """A heading and a row a line, of equal length; amounts a machine can add up; commas, quotes
    and line breaks survive."""
    found = await annas_statement(conn)
    heading, *rows = rows_of(found)
    assert {len(row) for row in [heading, *rows]} == {11}
    assert [row[5] for row in rows] == ["12345.67", "-10.00", "-0.05"]
    assert [row[6] for row in rows] == ["12345.67", "12335.67", "12335.62"]
    assert rows[0][:5] == [
        "2026-11-02 10:00:00", "Top-up", "充值",
        "Industrial and Commercial Bank of China ••••6789", "中国工商银行（尾号 6789）",
    ]  # fmt: skip
    assert rows[2][7] == "soup, with “everything”\nplease"
    assert "Asia/Shanghai" in heading[0]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("note", FORMULAS)
async def test_a_note_is_never_a_formula(conn: Connection, note: str) -> None:
    """What a stranger writes into a note does not run in Anna's spreadsheet."""
    rows = rows_of(await annas_statement(conn, note))
    assert rows[3][7] == "'" + note


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    note=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
)
async def test_any_note_can_be_written(conn: Connection, note: str) -> None:
    """Whatever somebody wrote into a note, all three files are made and can be read."""
    anna, ben = [await a_wallet(conn, f"+861390{next(_number):07}") for _ in range(2)]
    await move(conn, "top_up", BANK, anna, 100)
    await move(conn, "transfer", anna, ben, 100, note=note)
    found = await statement(conn, wallet_id=ben, period="all", now=NOW)
    [_, row] = rows_of(found)
    assert row[7].removeprefix("'") == note or row[7] == note
    assert row[7][:1] not in ("=", "+", "-", "@")
    assert write_pdf(found).endswith(b"%%EOF\n")
    document = ElementTree.fromstring(b"".join(write_camt053(found)))
    pieces = [element.text or "" for element in document.iter(f"{{{NAMESPACE}}}Ustrd")]
    assert all(0 < len(piece) <= 140 for piece in pieces)


async def test_camt053(conn: Connection) -> None:
    """Bookkeeping software reads the same balances, the same entries, without a sign but with a
    direction, in the order that the standard asks for."""
    found = await annas_statement(conn)
    document = ElementTree.fromstring(b"".join(write_camt053(found)))
    spaces = {"c": NAMESPACE}
    [booked] = document.findall("c:BkToCstmrStmt/c:Stmt", spaces)

    def names(element: Any) -> list[str]:
        return [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]

    assert names(booked) == [
        "Id", "CreDtTm", "FrToDt", "Acct", "Bal", "Bal", "TxsSummry", "Ntry", "Ntry", "Ntry",
    ]  # fmt: skip
    assert names(booked.findall("c:Ntry", spaces)[2]) == [
        "NtryRef", "Amt", "CdtDbtInd", "Sts", "BookgDt", "ValDt", "AcctSvcrRef", "BkTxCd",
        "NtryDtls", "AddtlNtryInf",
    ]  # fmt: skip
    details = booked.find("c:Ntry[3]/c:NtryDtls/c:TxDtls", spaces)
    assert names(details) == ["Refs", "Amt", "CdtDbtInd", "RltdPties", "RmtInf"]
    balances = [
        (bal.findtext("c:Tp/c:CdOrPrtry/c:Cd", "", spaces), bal.findtext("c:Amt", "", spaces))
        for bal in booked.findall("c:Bal", spaces)
    ]
    assert balances == [("OPBD", "0.00"), ("CLBD", "12335.62")]
    entries = [
        (entry.findtext("c:Amt", "", spaces), entry.findtext("c:CdtDbtInd", "", spaces))
        for entry in booked.findall("c:Ntry", spaces)
    ]
    assert entries == [("12345.67", "CRDT"), ("10.00", "DBIT"), ("0.05", "DBIT")]
    [amount] = booked.findall("c:Ntry[1]/c:Amt", spaces)
    assert amount.get("Ccy") == "CNY"
    assert booked.findtext("c:Acct/c:Ownr/c:Nm", "", spaces) == "ANNA MÜLLER"
    assert booked.findtext("c:TxsSummry/c:TtlDbtNtries/c:Sum", "", spaces) == "10.05"


async def test_pdf(conn: Connection) -> None:
    """One page for little, more for more; the same statement gives the same bytes."""
    found = await annas_statement(conn)
    assert write_pdf(found) == write_pdf(found)
    assert write_pdf(found).count(b"/Type /Page\n") == 1
    anna = await a_wallet(conn, "+8613800138009")
    for _ in range(60):
        await move(conn, "top_up", BANK, anna, 1)
    long = await statement(conn, wallet_id=anna, period="all", now=NOW)
    assert write_pdf(long).count(b"/Type /Page\n") == 3
    empty = await statement(conn, wallet_id=anna, period="2025", now=NOW)
    assert write_pdf(empty).count(b"/Type /Page\n") == 1
