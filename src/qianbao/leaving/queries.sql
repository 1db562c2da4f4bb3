-- name: lock_wallet
-- After the ledger account: the clearing loop takes them in this order too.
SELECT wallet_id, person_id, currency, status, phone_index, phone_tail, opened_at, verified_at,
    time_zone
FROM wallets
WHERE wallet_id = %(wallet_id)s
FOR NO KEY UPDATE

-- name: wallet
SELECT wallet_id, person_id, currency, status, phone_index, phone_tail, opened_at, verified_at,
    time_zone
FROM wallets
WHERE wallet_id = %(wallet_id)s

-- name: handed_over
-- What was withdrawn after the last entry of any other kind: the holder emptying the wallet.
SELECT coalesce(-sum(amount_minor), 0)::bigint
FROM entries
WHERE owner_id = %(wallet_id)s AND account_id = %(account_id)s AND kind = 'withdrawal'
    AND sequence > coalesce((
        SELECT max(sequence) FROM entries
        WHERE owner_id = %(wallet_id)s AND account_id = %(account_id)s
            AND kind NOT IN ('withdrawal', 'withdrawal_fee')), 0)

-- name: insert_closure
INSERT INTO closures (wallet_id, closed_by, reason, handed_over_minor, currency, statement_hash,
    closed_at)
VALUES (%(wallet_id)s, %(closed_by)s, %(reason)s, %(handed_over_minor)s, %(currency)s,
    %(statement_hash)s, %(now)s)

-- name: void_signups
UPDATE signups SET expires_at = %(now)s
WHERE phone_index = %(phone_index)s AND confirmed_at IS NULL AND expires_at > %(now)s

-- name: closure
SELECT wallet_id, closed_by, reason, handed_over_minor, currency, statement_hash, closed_at
FROM closures
WHERE wallet_id = %(wallet_id)s

-- name: earlier_wallets
SELECT w.wallet_id, w.opened_at, c.closed_at, w.currency, r.reopened_at
FROM wallets w
JOIN closures c USING (wallet_id)
LEFT JOIN reopenings r ON r.wallet_id = %(wallet_id)s AND r.earlier_wallet_id = w.wallet_id
WHERE w.person_id = %(person_id)s AND w.status = 'closed' AND w.wallet_id <> %(wallet_id)s
ORDER BY c.closed_at DESC, w.wallet_id

-- name: insert_reopening
INSERT INTO reopenings (wallet_id, earlier_wallet_id, reopened_at)
VALUES (%(wallet_id)s, %(earlier_wallet_id)s, %(now)s)

-- name: wallets_in_history
-- The wallet itself and those that it reopened.
SELECT w.wallet_id, w.currency, w.opened_at
FROM wallets w
WHERE w.wallet_id = %(wallet_id)s OR w.wallet_id IN (
    SELECT earlier_wallet_id FROM reopenings WHERE wallet_id = %(wallet_id)s)
ORDER BY w.opened_at DESC, w.wallet_id

-- name: newest_entries
-- Each account's newest entries before a place in it, straight from its key.
SELECT e.owner_id, e.sequence, e.transfer_id, e.kind, e.counterparty_id, e.amount_minor,
    e.balance_after_minor, e.event_at, e.created_at
FROM unnest(%(owners)s::text[], %(accounts)s::text[], %(befores)s::bigint[])
    AS place (owner_id, account_id, before)
CROSS JOIN LATERAL (
    SELECT * FROM entries
    WHERE owner_id = place.owner_id AND account_id = place.account_id
        AND sequence < place.before
    ORDER BY sequence DESC
    LIMIT %(limit)s
) AS e
ORDER BY e.owner_id, e.sequence DESC

-- name: entry_of_transfer
SELECT e.owner_id, e.sequence, e.transfer_id, e.kind, e.counterparty_id, e.amount_minor,
    e.balance_after_minor, e.event_at, e.created_at
FROM entries e
WHERE e.owner_id = ANY(%(owners)s) AND e.transfer_id = %(transfer_id)s
ORDER BY e.created_at DESC
LIMIT 1

-- name: order_not_ended
SELECT o.wallet_id, o.order_id, o.kind, o.bank, c.last_four, o.amount_minor, o.fee_minor,
    o.currency, o.state, o.created_at
FROM bank_orders o
LEFT JOIN cards c ON c.wallet_id = o.wallet_id AND c.card_id = o.card_id
WHERE o.wallet_id = %(wallet_id)s AND o.order_id = %(order_id)s
    AND o.state IN ('pending', 'unknown')

-- name: orders_not_ended
SELECT o.wallet_id, o.order_id, o.kind, o.bank, c.last_four, o.amount_minor, o.fee_minor,
    o.currency, o.state, o.created_at
FROM bank_orders o
LEFT JOIN cards c ON c.wallet_id = o.wallet_id AND c.card_id = o.card_id
WHERE o.wallet_id = %(wallet_id)s AND o.state IN ('pending', 'unknown')
ORDER BY o.created_at DESC, o.order_id DESC
LIMIT %(limit)s

-- name: transfers
SELECT transfer_id, currency, reference, note FROM transfers WHERE transfer_id = ANY(%(ids)s)

-- name: merchant_names
SELECT merchant_id, name_en, name_zh FROM merchants WHERE merchant_id = ANY(%(ids)s)

-- name: phone_tails
SELECT wallet_id, phone_tail FROM wallets WHERE wallet_id = ANY(%(ids)s)

-- name: order_cards
SELECT o.order_id, c.last_four
FROM bank_orders o
JOIN cards c ON c.wallet_id = o.wallet_id AND c.card_id = o.card_id
WHERE (o.wallet_id, o.order_id) IN (
    SELECT * FROM unnest(%(wallets)s::text[], %(orders)s::text[]))

-- name: holder_name
SELECT surname, given, native FROM documents
WHERE wallet_id = %(wallet_id)s AND superseded_at IS NULL
ORDER BY created_at DESC
LIMIT 1

-- name: period_sums
-- One snapshot of each account: what it held before the period, what at its end, and the last entry
-- counted, so that the lines read afterwards are exactly these.
SELECT owner_id,
    coalesce(sum(amount_minor) FILTER (WHERE created_at < %(starts_at)s), 0)::bigint AS opening_minor,
    coalesce(sum(amount_minor), 0)::bigint AS closing_minor,
    coalesce(sum(amount_minor) FILTER (
        WHERE created_at >= %(starts_at)s AND amount_minor > 0), 0)::bigint AS in_minor,
    coalesce(-sum(amount_minor) FILTER (
        WHERE created_at >= %(starts_at)s AND amount_minor < 0), 0)::bigint AS out_minor,
    count(*) FILTER (WHERE created_at >= %(starts_at)s) AS lines,
    max(sequence) AS last_sequence
FROM entries
WHERE owner_id = ANY(%(owners)s) AND account_id = %(account_id)s AND created_at < %(ends_at)s
GROUP BY owner_id

-- name: period_entries
SELECT e.owner_id, e.sequence, e.transfer_id, e.kind, e.counterparty_id, e.amount_minor,
    e.balance_after_minor, e.event_at, e.created_at
FROM unnest(%(owners)s::text[], %(lasts)s::bigint[]) AS counted (owner_id, last_sequence)
JOIN entries e ON e.owner_id = counted.owner_id AND e.sequence <= counted.last_sequence
WHERE e.account_id = %(account_id)s AND e.created_at >= %(starts_at)s
    AND e.created_at < %(ends_at)s
ORDER BY e.created_at, e.owner_id, e.sequence
