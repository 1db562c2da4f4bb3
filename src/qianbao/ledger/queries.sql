-- name: open_account
-- Nothing has been counted yet: the day before, which is over wherever the holder lives.
INSERT INTO accounts (owner_id, account_id, kind, currency, overdraft, opened_at, changed_at,
    counted_on)
VALUES (%(owner_id)s, %(account_id)s, %(kind)s, %(currency)s, %(overdraft)s, %(now)s, %(now)s,
    (%(now)s::timestamptz AT TIME ZONE 'UTC')::date - 1)
ON CONFLICT (owner_id, account_id) DO NOTHING

-- name: lock_accounts
-- In key order, so that two batches never wait for each other in a circle. Whoever holds the lock
-- reads facts in a later statement, which sees what the lock's last holder committed.
SELECT a.owner_id, a.account_id, a.currency, a.overdraft, a.balance_minor, a.held_minor,
    a.entry_count, a.changed_at, a.counted_on, a.last_used_at, a.paid_today_minor,
    a.paid_this_year_minor, a.moved_for_life_minor, a.received_for_life_minor
FROM unnest(%(owners)b::text[], %(accounts)b::text[]) AS n (owner_id, account_id)
JOIN accounts a ON a.owner_id = n.owner_id AND a.account_id = n.account_id
ORDER BY a.owner_id, a.account_id
FOR NO KEY UPDATE OF a

-- name: balance_at
-- The entries of an account are in the order of their moments, so the last one of a moment is found by
-- halving, each step one look into the primary key.
WITH RECURSIVE search AS (
    SELECT 0::bigint AS low, entry_count AS high
    FROM accounts WHERE owner_id = %(owner_id)s AND account_id = %(account_id)s
    UNION ALL
    SELECT CASE WHEN e.created_at <= %(at)s THEN e.sequence ELSE s.low END,
        CASE WHEN e.created_at <= %(at)s THEN s.high ELSE e.sequence - 1 END
    FROM search s
    JOIN entries e ON e.owner_id = %(owner_id)s AND e.account_id = %(account_id)s
        AND e.sequence = (s.low + s.high + 1) / 2
    WHERE s.low < s.high
)
SELECT coalesce((
    SELECT e.balance_after_minor FROM entries e
    WHERE e.owner_id = %(owner_id)s AND e.account_id = %(account_id)s AND e.sequence = s.low
), 0) AS balance_minor
FROM search s WHERE s.low = s.high

-- name: load_holds
SELECT owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state, expires_at
FROM holds
WHERE (owner_id, hold_id) IN (SELECT * FROM unnest(%(owners)b::text[], %(holds)b::text[]))

-- name: overdue_holds
SELECT owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state, expires_at
FROM holds WHERE state = 'held' AND expires_at <= %(now)s
ORDER BY expires_at LIMIT %(limit)s

-- name: lock_chain
SELECT chain, links, head FROM chains ORDER BY chain LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED

-- name: wait_for_chain
SELECT chain, links, head FROM chains ORDER BY chain LIMIT 1 FOR NO KEY UPDATE

-- name: seal
WITH sealed AS (
    INSERT INTO batches (name, chain, number, transfers, digest, sealed_at)
    VALUES (%(name)s, %(chain)s, %(number)s, %(transfers)s, %(digest)s, %(now)s)
)
UPDATE chains SET links = %(number)s, head = %(digest)s WHERE chain = %(chain)s

-- name: copy_transfers
COPY transfers (transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id,
    credit_account_id, amount_minor, currency, reference, note, event_at, created_at)
FROM STDIN (FORMAT binary)

-- name: insert_transfers
-- The same rows as the two COPYs', for few.
WITH new AS (
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
        %b::bigint[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[],
        %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[])
        AS n (transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id,
            credit_account_id, amount_minor, currency, reference, note, event_at, created_at,
            debit_sequence, debit_after_minor, credit_sequence, credit_after_minor)
), transferred AS (
    INSERT INTO transfers (transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id,
        credit_account_id, amount_minor, currency, reference, note, event_at, created_at)
    SELECT transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id, credit_account_id,
        amount_minor, currency, reference, note, event_at, created_at
    FROM new
)
INSERT INTO entries (owner_id, account_id, sequence, transfer_id, kind, counterparty_id,
    amount_minor, balance_after_minor, event_at, created_at)
SELECT debit_owner_id, debit_account_id, debit_sequence, transfer_id, kind, credit_owner_id,
    -amount_minor, debit_after_minor, event_at, created_at
FROM new
UNION ALL
SELECT credit_owner_id, credit_account_id, credit_sequence, transfer_id, kind, debit_owner_id,
    amount_minor, credit_after_minor, event_at, created_at
FROM new

-- name: copy_entries
COPY entries (owner_id, account_id, sequence, transfer_id, kind, counterparty_id, amount_minor,
    balance_after_minor, event_at, created_at)
FROM STDIN (FORMAT binary)

-- name: update_accounts
-- What is counted for limits comes as changes. A process whose clock is a moment behind at midnight
-- adds to the day that has begun: it never starts one again. `used`: 1 where the holder's limits count
-- it, as on every account of a wallet that a payment touches.
UPDATE accounts a
SET balance_minor = n.balance_minor, held_minor = n.held_minor, entry_count = n.entry_count,
    changed_at = %(now)s,
    last_used_at = CASE WHEN n.used = 1 THEN %(now)s::timestamptz ELSE a.last_used_at END,
    counted_on = greatest(a.counted_on, n.day),
    paid_today_minor
        = greatest(0, CASE WHEN a.counted_on >= n.day THEN a.paid_today_minor ELSE 0 END + n.paid),
    paid_this_year_minor = greatest(0, n.paid
        + CASE WHEN a.counted_on >= n.day
                OR extract(year FROM a.counted_on) = extract(year FROM n.day)
            THEN a.paid_this_year_minor ELSE 0 END),
    moved_for_life_minor = greatest(0, a.moved_for_life_minor + n.moved),
    received_for_life_minor = greatest(0, a.received_for_life_minor + n.received)
FROM unnest(%(owners)b::text[], %(accounts)b::text[], %(balances)b::bigint[], %(helds)b::bigint[],
    %(counts)b::bigint[], %(used)b::bigint[], %(days)b::date[], %(paid)b::bigint[],
    %(moved)b::bigint[], %(received)b::bigint[])
    AS n (owner_id, account_id, balance_minor, held_minor, entry_count, used, day, paid, moved,
        received)
WHERE a.owner_id = n.owner_id AND a.account_id = n.account_id

-- name: write_holds
INSERT INTO holds (owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state,
    expires_at, created_at, ended_at)
SELECT n.owner_id, n.hold_id, n.account_id, n.amount_minor, n.settled_minor, n.reason, n.state,
    n.expires_at, %(now)s, CASE WHEN n.state = 'held' THEN NULL ELSE %(now)s::timestamptz END
FROM unnest(%(owners)s::text[], %(holds)s::text[], %(accounts)s::text[], %(amounts)s::bigint[],
    %(settled)s::bigint[], %(reasons)s::text[], %(states)s::text[], %(expire)s::timestamptz[])
    AS n (owner_id, hold_id, account_id, amount_minor, settled_minor, reason, state, expires_at)
ON CONFLICT (owner_id, hold_id) DO UPDATE
SET settled_minor = excluded.settled_minor, state = excluded.state, ended_at = excluded.ended_at

-- name: proof_counts
SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM transfers) AS transfers,
    (SELECT count(*) FROM entries) AS entries, (SELECT count(*) FROM batches) AS batches

-- name: proof_links
SELECT b.name, b.chain, b.number, b.transfers, b.digest,
    CASE WHEN b.number = 1 THEN ''::bytea ELSE p.digest END AS before
FROM batches b
LEFT JOIN batches p ON p.chain = b.chain AND p.number = b.number - 1
WHERE b.name > %(after)s
ORDER BY b.name LIMIT %(limit)s

-- name: proof_copy
COPY (
    SELECT transfer_id, kind, debit_owner_id, debit_account_id, credit_owner_id, credit_account_id,
        amount_minor, currency, reference, note, event_at, created_at
    FROM transfers
    WHERE transfer_id > %(after)s AND (%(until)s::text IS NULL OR transfer_id < %(until)s)
    ORDER BY transfer_id
) TO STDOUT (FORMAT binary)

-- name: proof_chains
SELECT coalesce(c.chain, b.chain) AS chain, coalesce(c.links, 0) AS links,
    coalesce(c.head, '') AS head, count(b.name) AS found, coalesce(max(b.number), 0) AS highest,
    coalesce((SELECT l.digest FROM batches l WHERE l.chain = c.chain AND l.number = c.links
        ORDER BY l.name LIMIT 1), '') AS last
FROM chains c FULL JOIN batches b ON b.chain = c.chain
GROUP BY c.chain, b.chain, c.links, c.head ORDER BY 1

-- name: proof_accounts
-- A page of accounts against their entries: the sum, their number, and the first running balance that
-- does not follow from the amounts before it, or the first gap in the sequence.
SELECT a.owner_id, a.account_id, a.balance_minor, a.entry_count,
    coalesce(e.total, 0)::bigint AS entries_minor, coalesce(e.entries, 0) AS entries,
    e.first_wrong, w.expected::bigint AS wrong_expected, w.balance_after_minor AS wrong_found
FROM (
    SELECT owner_id, account_id, balance_minor, entry_count FROM accounts
    WHERE (owner_id, account_id) > (%(owner_id)s, %(account_id)s)
    ORDER BY owner_id, account_id LIMIT %(limit)s
) a
LEFT JOIN LATERAL (
    SELECT sum(r.amount_minor) AS total, count(*) AS entries,
        min(r.sequence) FILTER (WHERE r.balance_after_minor <> r.expected OR r.sequence <> r.place)
            AS first_wrong
    FROM (
        SELECT sequence, amount_minor, balance_after_minor,
            sum(amount_minor) OVER (ORDER BY sequence) AS expected,
            row_number() OVER (ORDER BY sequence) AS place
        FROM entries x WHERE x.owner_id = a.owner_id AND x.account_id = a.account_id
    ) r
) e ON true
LEFT JOIN LATERAL (
    SELECT y.balance_after_minor, (
        SELECT sum(x.amount_minor) FROM entries x
        WHERE x.owner_id = a.owner_id AND x.account_id = a.account_id AND x.sequence <= e.first_wrong
    ) AS expected
    FROM entries y
    WHERE y.owner_id = a.owner_id AND y.account_id = a.account_id AND y.sequence = e.first_wrong
) w ON true
ORDER BY a.owner_id, a.account_id

-- name: proof_transfers
-- Every transfer against its two entries: whose they are, how much, of what kind, with whom, and when.
SELECT coalesce(t.transfer_id, e.transfer_id) AS row,
    coalesce(t.debit_owner_id || '/' || t.debit_account_id || ' to ' || t.credit_owner_id || '/'
        || t.credit_account_id || ', ' || t.amount_minor || ', ' || t.kind || ', ' || t.event_at,
        'a transfer') AS expected,
    coalesce(e.entries || ' entries, ' || coalesce(e.payer, '-') || ' (with '
        || coalesce(e.paid_to, '-') || ') to ' || coalesce(e.payee, '-') || ' (with '
        || coalesce(e.paid_by, '-') || '), ' || coalesce(e.credit, 0) || ', ' || e.kind || ' '
        || e.other_kind || ', ' || e.event_at || ' ' || e.other_event_at, 'no entries') AS found
FROM transfers t
FULL JOIN (
    SELECT transfer_id, count(*) AS entries, sum(amount_minor) AS total,
        max(amount_minor) AS credit, min(created_at) AS first_at, max(created_at) AS last_at,
        min(kind COLLATE "C") AS kind, max(kind COLLATE "C") AS other_kind,
        min(event_at) AS event_at, max(event_at) AS other_event_at,
        min(owner_id || '/' || account_id) FILTER (WHERE amount_minor < 0) AS payer,
        min(owner_id || '/' || account_id) FILTER (WHERE amount_minor > 0) AS payee,
        min(counterparty_id) FILTER (WHERE amount_minor < 0) AS paid_to,
        min(counterparty_id) FILTER (WHERE amount_minor > 0) AS paid_by
    FROM entries GROUP BY transfer_id
) e ON e.transfer_id = t.transfer_id
WHERE t.transfer_id IS NULL OR e.transfer_id IS NULL OR e.entries <> 2 OR e.total <> 0
    OR e.credit <> t.amount_minor OR e.payer <> t.debit_owner_id || '/' || t.debit_account_id
    OR e.payee <> t.credit_owner_id || '/' || t.credit_account_id
    OR e.paid_to <> t.credit_owner_id OR e.paid_by <> t.debit_owner_id
    OR e.kind <> t.kind OR e.other_kind <> t.kind
    OR e.event_at <> t.event_at OR e.other_event_at <> t.event_at
    OR e.first_at <> t.created_at OR e.last_at <> t.created_at
ORDER BY 1 LIMIT %(limit)s

-- name: proof_orphans
SELECT e.owner_id || '/' || e.account_id || '/' || e.sequence AS row, 'an account' AS expected,
    'none' AS found
FROM entries e
LEFT JOIN accounts a ON a.owner_id = e.owner_id AND a.account_id = e.account_id
WHERE a.owner_id IS NULL ORDER BY 1 LIMIT %(limit)s

-- name: proof_holds
SELECT a.owner_id || '/' || a.account_id AS row,
    'held ' || coalesce(sum(h.amount_minor), 0)::bigint AS expected, a.held_minor::text AS found
FROM accounts a
LEFT JOIN holds h ON h.owner_id = a.owner_id AND h.account_id = a.account_id AND h.state = 'held'
GROUP BY a.owner_id, a.account_id, a.held_minor
HAVING a.held_minor <> coalesce(sum(h.amount_minor), 0)
ORDER BY 1 LIMIT %(limit)s

-- name: proof_currencies
SELECT currency AS row, '0 over all accounts' AS expected, sum(balance_minor)::text AS found
FROM accounts GROUP BY currency HAVING sum(balance_minor) <> 0
ORDER BY 1 LIMIT %(limit)s
