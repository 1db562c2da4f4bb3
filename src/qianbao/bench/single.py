"""What most ledgers do, measured beside ours: each transfer a transaction of its own.

One call of a function in the database locks both accounts in order, checks the balance and the
idempotency key, and writes the same rows as the clearing loop does: transfer, two entries, answer,
both accounts with what their limits count. The payments are those of the run. No rules are asked:
this is what a ledger costs when only its commits are shared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime

from psycopg import AsyncConnection

from qianbao.bench import pgbench
from qianbao.bench.shape import Wanted
from qianbao.bench.world import tidy
from qianbao.db.arrays import copy_rows
from qianbao.ids import id_series

_MOST = 20_000
"""Transfers: at 3,000 a second that is seconds enough."""
_SCRIPT = f"""\
\\set number :asked + :client_id
SELECT single_transfer(:number);
\\set asked :asked + {pgbench.CLIENTS}
"""


async def transfers_one_by_one(url: str, payments: Sequence[Wanted], now: datetime) -> float | None:
    """Transfers a second with 32 clients; None without pgbench."""
    if pgbench.program() is None:
        return None
    each = max(1, min(len(payments), _MOST) // pgbench.CLIENTS)
    ids = id_series("trf", now)
    rows = [
        (number, next(ids), one.payer, one.payee, one.amount_minor, one.key)
        for number, one in enumerate(payments[: each * pgbench.CLIENTS])
    ]
    async with await AsyncConnection.connect(url) as conn:
        await conn.execute(_TABLES)
        await conn.execute(_FUNCTION)
        types = ("bigint", "text", "text", "text", "bigint", "text")
        await copy_rows(conn, b"COPY single_requests FROM STDIN (FORMAT binary)", types, rows)
        await conn.commit()
        await tidy(url)
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(_SCRIPT)
            script.flush()
            speed = await pgbench.speed(url, "-D", "asked=0", "-f", script.name, "-t", str(each))
        await conn.execute(_GONE)
    return speed


_TABLES = b"""
CREATE TABLE single_requests (number bigint PRIMARY KEY, transfer_id text, payer text, payee text,
    amount bigint, key text);
CREATE TABLE single_accounts (LIKE accounts INCLUDING ALL);
CREATE TABLE single_transfers (LIKE transfers INCLUDING ALL);
CREATE TABLE single_entries (LIKE entries INCLUDING ALL);
CREATE TABLE single_answers (LIKE answers INCLUDING ALL);
INSERT INTO single_accounts SELECT * FROM accounts;
"""
_FUNCTION = b"""
CREATE FUNCTION single_transfer(asked bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r single_requests;
    debit single_accounts;
    credit single_accounts;
    at timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO r FROM single_requests WHERE number = asked;
    INSERT INTO single_answers (scope, key, request_hash, answer, created_at)
    VALUES (r.payer, r.key, sha256(r.key::bytea), '{"transfer_id":"' || r.transfer_id
        || '","amount":{"amount_minor":' || r.amount || ',"currency":"CNY"},"at":"' || at || '"}',
        at)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM FROM single_accounts
    WHERE owner_id IN (r.payer, r.payee) AND account_id = 'CNY'
    ORDER BY owner_id, account_id FOR NO KEY UPDATE;
    UPDATE single_accounts
    SET balance_minor = balance_minor - r.amount, entry_count = entry_count + 1, changed_at = at,
        paid_today_minor = paid_today_minor + r.amount,
        paid_this_year_minor = paid_this_year_minor + r.amount,
        moved_for_life_minor = moved_for_life_minor + r.amount, last_used_at = at
    WHERE owner_id = r.payer AND account_id = 'CNY' RETURNING * INTO STRICT debit;
    UPDATE single_accounts
    SET balance_minor = balance_minor + r.amount, entry_count = entry_count + 1, changed_at = at,
        received_for_life_minor = received_for_life_minor + r.amount, last_used_at = at
    WHERE owner_id = r.payee AND account_id = 'CNY' RETURNING * INTO STRICT credit;
    INSERT INTO single_transfers (transfer_id, kind, debit_owner_id, debit_account_id,
        credit_owner_id, credit_account_id, amount_minor, currency, event_at, created_at)
    VALUES (r.transfer_id, 'transfer', r.payer, 'CNY', r.payee, 'CNY', r.amount, 'CNY', at, at);
    INSERT INTO single_entries (owner_id, account_id, sequence, transfer_id, kind, counterparty_id,
        amount_minor, balance_after_minor, event_at, created_at)
    VALUES (r.payer, 'CNY', debit.entry_count, r.transfer_id, 'transfer', r.payee, -r.amount,
            debit.balance_minor, at, at),
        (r.payee, 'CNY', credit.entry_count, r.transfer_id, 'transfer', r.payer, r.amount,
            credit.balance_minor, at, at);
END
$$
"""
_GONE = b"""
DROP FUNCTION single_transfer;
DROP TABLE single_requests, single_accounts, single_transfers, single_entries, single_answers
"""
