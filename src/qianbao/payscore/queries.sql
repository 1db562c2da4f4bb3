-- name: lock_wallet
-- What changes the switch or the number of open orders waits here for whoever does the same.
SELECT status, currency, pay_score_on FROM wallets
WHERE wallet_id = %(wallet_id)s
FOR NO KEY UPDATE

-- name: turn_on
INSERT INTO pay_scores (wallet_id, enabled_at) VALUES (%(wallet_id)s, %(now)s)

-- name: turn_off
UPDATE pay_scores SET disabled_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND disabled_at IS NULL

-- name: set_switch
UPDATE wallets SET pay_score_on = %(on)s, facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s

-- name: last_switch
SELECT s.wallet_id, s.enabled_at, s.disabled_at
FROM pay_scores s
WHERE s.wallet_id = %(wallet_id)s
ORDER BY s.enabled_at DESC
LIMIT 1

-- name: count_orders
UPDATE wallets
SET score_orders_open = score_orders_open + %(change)s, facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s

-- name: insert_order
INSERT INTO score_orders (wallet_id, score_order_id, merchant_id, merchant_reference, introduction,
    deposit_minor, currency, state, created_at)
VALUES (%(wallet_id)s, %(score_order_id)s, %(merchant_id)s, %(merchant_reference)s,
    %(introduction)s, %(deposit_minor)s, %(currency)s, 'created', %(now)s)

-- name: order_of_wallet
SELECT o.wallet_id, o.score_order_id, o.merchant_id, o.merchant_reference, o.introduction,
    o.deposit_minor, o.amount_minor, o.currency, o.state, o.payment_id, o.created_at,
    o.confirmed_at, o.ended_at, m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM score_orders o
JOIN merchants m USING (merchant_id)
WHERE o.wallet_id = %(wallet_id)s AND o.score_order_id = %(score_order_id)s

-- name: order_of_merchant
SELECT o.wallet_id, o.score_order_id, o.merchant_id, o.merchant_reference, o.introduction,
    o.deposit_minor, o.amount_minor, o.currency, o.state, o.payment_id, o.created_at,
    o.confirmed_at, o.ended_at, m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM score_orders o
JOIN merchants m USING (merchant_id)
WHERE o.merchant_id = %(merchant_id)s AND o.score_order_id = %(score_order_id)s

-- name: lock_order
SELECT state FROM score_orders
WHERE wallet_id = %(wallet_id)s AND score_order_id = %(score_order_id)s
FOR NO KEY UPDATE

-- name: orders_of_wallet
SELECT o.wallet_id, o.score_order_id, o.merchant_id, o.merchant_reference, o.introduction,
    o.deposit_minor, o.amount_minor, o.currency, o.state, o.payment_id, o.created_at,
    o.confirmed_at, o.ended_at, m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM score_orders o
JOIN merchants m USING (merchant_id)
WHERE o.wallet_id = %(wallet_id)s AND (NOT %(open_only)s OR o.state IN ('created', 'doing'))
ORDER BY (o.state IN ('created', 'doing')) DESC, o.created_at DESC, o.score_order_id DESC
LIMIT %(limit)s

-- name: orders_of_merchant
SELECT o.wallet_id, o.score_order_id, o.merchant_id, o.merchant_reference, o.introduction,
    o.deposit_minor, o.amount_minor, o.currency, o.state, o.payment_id, o.created_at,
    o.confirmed_at, o.ended_at, m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM score_orders o
JOIN merchants m USING (merchant_id)
WHERE o.merchant_id = %(merchant_id)s
    AND (o.created_at, o.score_order_id) < (%(after_at)s::timestamptz, %(after_id)s)
ORDER BY o.created_at DESC, o.score_order_id DESC
LIMIT %(limit)s

-- name: confirm_order
UPDATE score_orders SET state = 'doing', confirmed_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND score_order_id = %(score_order_id)s

-- name: end_order
UPDATE score_orders SET state = %(state)s, ended_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND score_order_id = %(score_order_id)s

-- name: set_collection
UPDATE score_orders SET amount_minor = %(amount_minor)s, payment_id = %(payment_id)s
WHERE wallet_id = %(wallet_id)s AND score_order_id = %(score_order_id)s

-- name: paid_payment
SELECT 1 FROM payments
WHERE merchant_id = %(merchant_id)s AND payment_id = %(payment_id)s AND state = 'paid'
    AND wallet_id = %(wallet_id)s AND amount_minor = %(amount_minor)s

-- name: collected_order
-- Paid, and not ended: whoever is about to end it holds its lock.
SELECT o.merchant_id, o.score_order_id, o.payment_id
FROM score_orders o
JOIN payments p ON p.merchant_id = o.merchant_id AND p.payment_id = o.payment_id
    AND p.state = 'paid' AND p.wallet_id = o.wallet_id AND p.amount_minor = o.amount_minor
WHERE o.state = 'doing' AND o.payment_id IS NOT NULL
ORDER BY p.paid_at
LIMIT 1
FOR NO KEY UPDATE OF o SKIP LOCKED

-- name: stale_order
SELECT wallet_id, score_order_id FROM score_orders
WHERE state = 'created' AND created_at <= %(before)s
ORDER BY created_at
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED

-- name: score_counts
SELECT
    (SELECT count(*) FROM payments p
     WHERE p.wallet_id = w.wallet_id AND p.state = 'paid' AND p.paid_at >= %(since)s
        AND p.paid_at <= %(now)s) AS payments,
    (SELECT count(*) FROM score_orders o
     WHERE o.wallet_id = w.wallet_id AND o.state = 'done') AS orders_done,
    (SELECT count(*) FROM score_orders o
     WHERE o.wallet_id = w.wallet_id AND o.state = 'doing' AND o.amount_minor IS NOT NULL)
        AS orders_owed,
    w.opened_at
FROM wallets w
WHERE w.wallet_id = %(wallet_id)s
