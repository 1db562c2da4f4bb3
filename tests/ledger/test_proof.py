"""The proof finds what was tampered with, and names where it begins."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from qianbao.ledger import (
    AccountUnknown,
    Transfer,
    balance_at,
    expire_holds,
    main_account,
    open_account,
    open_book,
    write_book,
)
from qianbao.ledger.proof import prove_snapshot
from qianbao.ledger.seal import canonical, link

NOW = datetime(2026, 12, 20, tzinfo=UTC)
ANNA, BEN, BANK = main_account("wal_anna"), main_account("wal_ben"), main_account("bank:ICBC")


async def batch(pool, *transfers, minute=0):
    """One batch of (from, to, amount), `minute` minutes on."""
    now = NOW + timedelta(minutes=minute)
    async with pool.connection() as conn:
        book = await open_book(conn, [ANNA, BEN, BANK], now=now)
        ids = [book.transfer(Transfer("transfer", *move, now)) for move in transfers]
        await write_book(conn, book)
    return ids


@pytest.fixture
async def written(pool):
    """Three batches: Anna gets 1,000, sends Ben 300 and 200, and Ben sends 100 back."""
    async with pool.connection() as conn:
        for owner, overdraft in (("wal_anna", False), ("wal_ben", False), ("bank:ICBC", True)):
            await open_account(
                conn, owner_id=owner, account_id="CNY", kind="any", currency="CNY",
                overdraft=overdraft, now=NOW,
            )  # fmt: skip
    await batch(pool, (BANK, ANNA, 1000))
    await batch(pool, (ANNA, BEN, 300), (ANNA, BEN, 200), minute=1)
    await batch(pool, (BEN, ANNA, 100), minute=2)
    return pool


async def tamper(pool, *statements):
    """As somebody with the database's password would."""
    async with pool.connection() as conn:
        for statement in statements:
            cursor = await conn.execute(statement)
            assert cursor.rowcount, statement


async def broken(pool):
    """What the proof names, in its order."""
    proof = await prove_snapshot(pool)
    assert proof.sound is not bool(proof.broken)
    return [(one.what, one.row) for one in proof.broken]


async def test_what_was_written_is_sound(written):
    proof = await prove_snapshot(written)
    assert proof.broken == []
    assert (proof.counts.transfers, proof.counts.batches, proof.counts.entries) == (4, 3, 8)


def test_a_link_is_what_the_documentation_says_it_is():
    """So that somebody else can prove the ledger, with nothing of ours."""
    moment = (NOW - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    row = ("trf_1", "transfer", "wal_anna", "CNY", "wal_ben", "CNY", 300, "CNY", "r", "茶 \"x\"",
           moment, moment)  # fmt: skip
    text = json.dumps([row], separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical([row]) == text
    before = bytes(range(32))
    digest = hashlib.sha256(before + b"\x003\x0017\x00" + text).digest()
    assert link(3, 17, before, canonical([row])) == digest


async def test_a_changed_amount(written):
    """Changed in the transfer, in both entries and in every balance after: the chain knows."""
    async with written.connection() as conn:
        row = await (
            await conn.execute("SELECT transfer_id FROM transfers WHERE amount_minor = 300")
        ).fetchone()
    transfer_id = row[0]
    await tamper(
        written,
        "UPDATE transfers SET amount_minor = 310 WHERE amount_minor = 300",
        "UPDATE entries SET amount_minor = sign(amount_minor) * 310 WHERE abs(amount_minor) = 300",
        "UPDATE entries SET balance_after_minor = balance_after_minor - 10 "
        "WHERE owner_id = 'wal_anna' AND sequence >= 2",
        "UPDATE entries SET balance_after_minor = balance_after_minor + 10 "
        "WHERE owner_id = 'wal_ben'",
        "UPDATE accounts SET balance_minor = balance_minor - 10 WHERE owner_id = 'wal_anna'",
        "UPDATE accounts SET balance_minor = balance_minor + 10 WHERE owner_id = 'wal_ben'",
    )
    assert await broken(written) == [("batch", transfer_id[:20])]


async def test_a_changed_entry(written):
    await tamper(
        written,
        "UPDATE entries SET amount_minor = -301 WHERE owner_id = 'wal_anna' AND sequence = 2",
    )
    found = await broken(written)
    assert found[:2] == [("entry", "wal_anna/CNY/2"), ("account", "wal_anna/CNY")]
    assert found[2][0] == "transfer"


async def test_a_deleted_entry(written):
    await tamper(written, "DELETE FROM entries WHERE owner_id = 'wal_ben' AND sequence = 2")
    found = await broken(written)
    assert found[0] == ("entry", "wal_ben/CNY/3")
    assert ("account", "wal_ben/CNY") in found


async def test_a_deleted_transfer_with_all_its_traces(written):
    await tamper(
        written,
        "DELETE FROM entries WHERE abs(amount_minor) = 100",
        "DELETE FROM transfers WHERE amount_minor = 100",
        "UPDATE accounts SET balance_minor = balance_minor - 100, entry_count = entry_count - 1 "
        "WHERE owner_id = 'wal_anna'",
        "UPDATE accounts SET balance_minor = balance_minor + 100, entry_count = entry_count - 1 "
        "WHERE owner_id = 'wal_ben'",
    )
    [(what, _)] = await broken(written)
    assert what == "batch"


async def test_a_batch_removed_with_its_transfers(written):
    """Its own row gone, too: the link after it has nothing before it, and the chain counts."""
    await tamper(
        written,
        "DELETE FROM batches WHERE number = 2",
        "DELETE FROM entries WHERE abs(amount_minor) IN (200, 300)",
        "DELETE FROM transfers WHERE amount_minor IN (200, 300)",
    )
    found = await broken(written)
    assert found[0][0] == "batch"
    assert ("chain", "1") in found


async def test_reordered_batches(written):
    await tamper(
        written,
        "UPDATE batches SET number = 5 - number WHERE number IN (2, 3)",
    )
    found = await broken(written)
    assert [what for what, _ in found] == ["batch", "batch", "chain"]


async def test_a_swapped_pair(written):
    """The two transfers of a batch change places: sums and balances at the end stay right."""
    await tamper(
        written,
        """UPDATE transfers t SET amount_minor = 500 - t.amount_minor
           WHERE t.amount_minor IN (200, 300)""",
        """UPDATE entries SET amount_minor = sign(amount_minor) * (500 - abs(amount_minor))
           WHERE abs(amount_minor) IN (200, 300)""",
        "UPDATE entries SET balance_after_minor = 800 WHERE owner_id = 'wal_anna' AND sequence = 2",
        "UPDATE entries SET balance_after_minor = 200 WHERE owner_id = 'wal_ben' AND sequence = 1",
    )
    [(what, _)] = await broken(written)
    assert what == "batch"


async def test_a_transfer_put_in(written):
    await tamper(
        written,
        """INSERT INTO transfers SELECT 'trf_zzzzzzzzzzzzzzzz0000', kind, debit_owner_id,
           debit_account_id, credit_owner_id, credit_account_id, 1, currency, '', '', event_at,
           created_at FROM transfers LIMIT 1""",
    )
    assert set(await broken(written)) == {("transfer", "trf_zzzzzzzzzzzzzzzz0000")}


@pytest.mark.parametrize("name", ["aaa", "trf", "zzz", "\U0010ffff"])
async def test_a_transfer_put_in_with_all_its_traces(written, name):
    """Whatever its id is, entries and balances made to fit: it is in no batch."""
    await tamper(
        written,
        f"""INSERT INTO transfers SELECT '{name}', kind, debit_owner_id, debit_account_id,
           credit_owner_id, credit_account_id, 50, currency, '', '', event_at, created_at
           FROM transfers WHERE amount_minor = 100""",
        f"""INSERT INTO entries
            SELECT owner_id, account_id, sequence + 1, '{name}', kind, counterparty_id,
            sign(amount_minor) * 50, balance_after_minor + sign(amount_minor) * 50, event_at,
            created_at FROM entries WHERE abs(amount_minor) = 100""",
        "UPDATE accounts SET balance_minor = balance_minor + 50, entry_count = entry_count + 1 "
        "WHERE owner_id = 'wal_anna'",
        "UPDATE accounts SET balance_minor = balance_minor - 50, entry_count = entry_count + 1 "
        "WHERE owner_id = 'wal_ben'",
    )
    assert await broken(written) == [("transfer", name)]


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'refund'",
        "counterparty_id = 'wal_taro'",
        "event_at = event_at - interval '1 day'",
        "created_at = created_at + interval '1 microsecond'",
    ],
)
async def test_what_a_statement_shows_of_a_transfer_is_changed(written, change):
    """Amounts and balances stay right."""
    await tamper(
        written, f"UPDATE entries SET {change} WHERE owner_id = 'wal_ben' AND amount_minor = 300"
    )
    [(what, _)] = await broken(written)
    assert what == "transfer"


async def test_a_chain_that_is_gone(written):
    """Its links stay, and nothing says any more how many there were."""
    await tamper(written, "DELETE FROM chains WHERE links > 0")
    assert await broken(written) == [("chain", "1")]


async def test_money_from_nowhere_and_a_hold_that_is_none(written):
    await tamper(
        written,
        "UPDATE accounts SET balance_minor = balance_minor + 5 WHERE owner_id = 'wal_ben'",
        "UPDATE accounts SET held_minor = 7 WHERE owner_id = 'wal_anna'",
    )
    assert await broken(written) == [
        ("account", "wal_ben/CNY"), ("hold", "wal_anna/CNY"), ("currency", "CNY"),
    ]  # fmt: skip


async def test_the_balance_at_any_time(written):
    async with written.connection() as conn:
        found = [
            await balance_at(conn, ANNA, NOW + timedelta(seconds=second))
            for second in (-1, 0, 59, 60, 119, 120, 10**6)
        ]
        with pytest.raises(AccountUnknown):
            await balance_at(conn, main_account("wal_nobody"), NOW)
    assert found == [0, 1000, 1000, 500, 500, 600, 600]


async def test_moments_of_an_account_never_go_back(written):
    """A process whose clock is behind writes at the moment of the entry before."""
    await batch(written, (ANNA, BEN, 1), minute=-30)
    async with written.connection() as conn:
        assert await balance_at(conn, ANNA, NOW + timedelta(minutes=2)) == 599
        assert await balance_at(conn, ANNA, NOW) == 1000
        cursor = await conn.execute(
            "SELECT created_at, event_at FROM entries WHERE owner_id = 'wal_anna' ORDER BY sequence"
        )
        moments = await cursor.fetchall()
    assert [at for at, _ in moments] == sorted(at for at, _ in moments)
    assert moments[-1][1] == NOW - timedelta(minutes=30)  # when it happened stays what was said
    assert await broken(written) == []


async def test_a_hold_ends_by_itself_when_its_time_has_come(written):
    async with written.connection() as conn:
        book = await open_book(conn, [ANNA], now=NOW)
        book.hold(ANNA, "hld_1", 400, "deposit", expires_at=NOW + timedelta(hours=1))
        await write_book(conn, book)
    async with written.connection() as conn:
        assert await expire_holds(conn, now=NOW + timedelta(minutes=59)) == 0
    async with written.connection() as conn:
        assert await expire_holds(conn, now=NOW + timedelta(hours=1)) == 1
    async with written.connection() as conn:
        book = await open_book(conn, [ANNA], now=NOW, holds=[("wal_anna", "hld_1")])
        assert book.account(ANNA).available_minor == 600
        assert book.holds["wal_anna", "hld_1"].state == "expired"
    assert await broken(written) == []
