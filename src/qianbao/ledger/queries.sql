-- name: open_account
INSERT INTO accounts (owner_id, account_id, kind, currency, overdraft, opened_at)
VALUES (%(owner_id)s, %(account_id)s, %(kind)s, %(currency)s, %(overdraft)s, %(now)s)
ON CONFLICT (owner_id, account_id) DO NOTHING

-- name: lock_accounts
-- In key order, so that two batches never wait for each other in a circle. Whoever holds the lock
-- reads counters and facts in a later statement, which sees what the lock's last holder committed.
SELECT owner_id, account_id, currency, overdraft, balance_minor, held_minor, entry_count
FROM accounts
WHERE (owner_id, account_id) IN (SELECT * FROM unnest(%(owners)b::text[], %(accounts)b::text[]))
ORDER BY owner_id, account_id
FOR NO KEY UPDATE

-- name: load_holds
SELECT owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state
FROM holds
WHERE (owner_id, hold_id) IN (SELECT * FROM unnest(%(owners)s::text[], %(holds)s::text[]))

-- name: copy_transfers
COPY transfers (transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id,
    credit_account_id, amount_minor, currency, reference, note, event_at, created_at)
FROM STDIN (FORMAT binary)

-- name: copy_entries
COPY entries (owner_id, account_id, sequence, transfer_id, kind, counterparty_id, amount_minor,
    balance_after_minor, event_at, created_at)
FROM STDIN (FORMAT binary)

-- name: update_accounts
UPDATE accounts a
SET balance_minor = n.balance_minor, held_minor = n.held_minor, entry_count = n.entry_count
FROM unnest(%(owners)b::text[], %(accounts)b::text[], %(balances)b::bigint[], %(helds)b::bigint[],
    %(counts)b::bigint[]) AS n (owner_id, account_id, balance_minor, held_minor, entry_count)
WHERE a.owner_id = n.owner_id AND a.account_id = n.account_id

-- name: write_holds
INSERT INTO holds (owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state,
    created_at, ended_at)
SELECT n.owner_id, n.hold_id, n.account_id, n.amount_minor, n.settled_minor, n.reason, n.state,
    %(now)s, CASE WHEN n.state = 'held' THEN NULL ELSE %(now)s::timestamptz END
FROM unnest(%(owners)s::text[], %(holds)s::text[], %(accounts)s::text[], %(amounts)s::bigint[],
    %(settled)s::bigint[], %(reasons)s::text[], %(states)s::text[])
    AS n (owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state)
ON CONFLICT (owner_id, hold_id) DO UPDATE
SET settled_minor = excluded.settled_minor, state = excluded.state, ended_at = excluded.ended_at

-- name: proof_balances
-- Every account against its entries: sum, count and the last running balance.
SELECT a.owner_id, a.account_id, a.balance_minor, a.entry_count,
    coalesce(sum(e.amount_minor), 0)::bigint AS entries_minor, count(e.sequence) AS entries,
    coalesce(max(e.sequence), 0) AS last_sequence
FROM accounts a
LEFT JOIN entries e USING (owner_id, account_id)
GROUP BY a.owner_id, a.account_id
HAVING a.balance_minor <> coalesce(sum(e.amount_minor), 0) OR a.entry_count <> count(e.sequence)
    OR a.entry_count <> coalesce(max(e.sequence), 0)
ORDER BY a.owner_id, a.account_id
LIMIT %(limit)s

-- name: proof_running
-- Every entry's running balance against the one before it.
SELECT owner_id, account_id, sequence FROM (
    SELECT owner_id, account_id, sequence, balance_after_minor,
        sum(amount_minor) OVER (PARTITION BY owner_id, account_id ORDER BY sequence) AS expected
    FROM entries
) running
WHERE balance_after_minor <> expected
ORDER BY owner_id, account_id, sequence
LIMIT %(limit)s

-- name: proof_currencies
SELECT currency, sum(balance_minor)::bigint AS balance_minor FROM accounts
GROUP BY currency HAVING sum(balance_minor) <> 0

-- name: proof_holds
SELECT a.owner_id, a.account_id, a.held_minor, coalesce(sum(h.amount_minor), 0)::bigint AS holds_minor
FROM accounts a
LEFT JOIN holds h ON h.owner_id = a.owner_id AND h.account_id = a.account_id AND h.state = 'held'
GROUP BY a.owner_id, a.account_id
HAVING a.held_minor <> coalesce(sum(h.amount_minor), 0)
LIMIT %(limit)s

-- name: proof_counts
SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM transfers) AS transfers,
    (SELECT count(*) FROM entries) AS entries
