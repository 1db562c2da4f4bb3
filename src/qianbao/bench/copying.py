"""The physical limit that the ledger is compared with: a bare binary COPY of the same rows."""

from __future__ import annotations

import time

from psycopg import AsyncConnection

_TABLES = {
    "transfers": (
        """CREATE TABLE bare_transfers (transfer_id text COLLATE "C" PRIMARY KEY, kind text,
        debit_owner_id text, debit_account_id text, credit_owner_id text, credit_account_id text,
        amount_minor bigint, currency text, reference text, note text, event_at timestamptz,
        created_at timestamptz)""",
        "SELECT transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id, "
        "credit_account_id, amount_minor, currency, reference, note, event_at, created_at "
        "FROM transfers WHERE kind <> 'top_up'",
        ["text"] * 6 + ["int8"] + ["text"] * 3 + ["timestamptz"] * 2,
    ),
    "entries": (
        """CREATE TABLE bare_entries (owner_id text COLLATE "C", account_id text COLLATE "C",
        sequence bigint, transfer_id text, kind text, counterparty_id text, amount_minor bigint,
        balance_after_minor bigint, event_at timestamptz, created_at timestamptz,
        PRIMARY KEY (owner_id, account_id, sequence))""",
        "SELECT owner_id, account_id, sequence, transfer_id, kind, counterparty_id, amount_minor, "
        "balance_after_minor, event_at, created_at FROM entries WHERE kind <> 'top_up' "
        "ORDER BY created_at, transfer_id",
        ["text", "text", "int8", "text", "text", "text", "int8", "int8"] + ["timestamptz"] * 2,
    ),
}


async def bare_copy(url: str, batch: int) -> float:
    """Transfers a second when the rows that the run wrote are copied again, a commit each `batch`
    transfers, into tables with the same keys and nothing else."""
    async with await AsyncConnection.connect(url) as conn:
        rows = {}
        for name, (create, select, _) in _TABLES.items():
            await conn.execute(create.encode())
            rows[name] = await (await conn.execute(select.encode())).fetchall()
        await conn.commit()
        transfers = len(rows["transfers"])
        started = time.perf_counter()
        for start in range(0, transfers, batch):
            for name, (_, _, types) in _TABLES.items():
                size = len(rows[name]) // transfers
                part = rows[name][start * size : (start + batch) * size]
                copy_into = f"COPY bare_{name} FROM STDIN (FORMAT binary)".encode()
                async with conn.cursor() as cursor, cursor.copy(copy_into) as copy:
                    copy.set_types(types)
                    for row in part:
                        await copy.write_row(row)
            await conn.commit()
        return transfers / (time.perf_counter() - started)
