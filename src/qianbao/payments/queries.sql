-- name: find_answers
-- One look into the key for each, however many the planner takes the table to have.
SELECT n.place, a.request_hash, a.answer
FROM unnest(%(scopes)b::text[], %(keys)b::text[]) WITH ORDINALITY AS n (scope, key, place)
CROSS JOIN LATERAL (SELECT * FROM answers x WHERE x.scope = n.scope AND x.key = n.key LIMIT 1) a

-- name: copy_answers
COPY answers (scope, key, request_hash, answer, created_at) FROM STDIN (FORMAT binary)

-- name: insert_answers
INSERT INTO answers (scope, key, request_hash, answer, created_at)
SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::text[], %b::timestamptz[])

-- name: forget_answers
DELETE FROM answers WHERE (scope, key) IN (
    SELECT scope, key FROM answers WHERE created_at < %(before)s ORDER BY created_at LIMIT %(limit)s)

-- name: write_decisions
INSERT INTO decisions (wallet_id, decision_id, capability, outcome, policies, reasons, facts,
    situation, proven, asks, at)
SELECT n.wallet_id, n.decision_id, n.capability, n.outcome, n.policies::jsonb, n.reasons::jsonb,
    n.facts::jsonb, n.situation::jsonb, n.proven::jsonb, n.asks::jsonb, %(now)s
FROM unnest(%(wallets)b::text[], %(ids)b::text[], %(capabilities)b::text[], %(outcomes)b::text[],
    %(policies)b::text[], %(reasons)b::text[], %(facts)b::text[], %(situations)b::text[],
    %(proven)b::text[], %(asks)b::text[])
    AS n (wallet_id, decision_id, capability, outcome, policies, reasons, facts, situation, proven,
        asks)

-- name: find_decision
SELECT decision_id, wallet_id, capability, outcome, policies, reasons, facts, situation, proven,
    asks, at
FROM decisions WHERE decision_id = %(decision_id)s

-- name: list_decisions
SELECT decision_id, wallet_id, capability, outcome, policies, reasons, facts, situation, proven,
    asks, at
FROM decisions WHERE wallet_id = %(wallet_id)s ORDER BY decision_id DESC LIMIT %(limit)s

-- name: forget_decisions
-- An id begins with its moment, so the index by id is one by age.
DELETE FROM decisions WHERE (wallet_id, decision_id) IN (
    SELECT wallet_id, decision_id FROM decisions
    WHERE decision_id < %(first)s ORDER BY decision_id LIMIT %(limit)s)

-- name: write_step_ups
-- The request as it was last sent under its key. Another one starts anew: no code and no proof that
-- the one before it had is good for it.
INSERT INTO step_ups AS s (wallet_id, step_up_id, kind, request_hash, amount_minor, currency,
    counterparty_id, pin_proven, expires_at)
SELECT n.wallet_id, n.step_up_id, n.kind, n.request_hash, n.amount_minor, n.currency,
    n.counterparty_id, n.pins = 1, %(expires_at)s
FROM unnest(%(wallets)b::text[], %(ids)b::text[], %(kinds)b::text[], %(hashes)b::bytea[],
    %(amounts)b::bigint[], %(currencies)b::text[], %(counterparties)b::text[], %(pins)b::bigint[])
    AS n (wallet_id, step_up_id, kind, request_hash, amount_minor, currency, counterparty_id, pins)
ON CONFLICT (wallet_id, step_up_id) DO UPDATE
SET kind = excluded.kind, request_hash = excluded.request_hash,
    amount_minor = excluded.amount_minor, currency = excluded.currency,
    counterparty_id = excluded.counterparty_id, pin_proven = excluded.pin_proven,
    expires_at = excluded.expires_at, code_proven_at = NULL,
    signup_id = CASE WHEN s.request_hash = excluded.request_hash THEN s.signup_id END

-- name: find_step_up
SELECT wallet_id, step_up_id, kind, request_hash, amount_minor, currency, counterparty_id,
    pin_proven, signup_id, code_proven_at, expires_at
FROM step_ups WHERE wallet_id = %(wallet_id)s AND step_up_id = %(step_up_id)s

-- name: set_step_up_code
UPDATE step_ups SET signup_id = %(signup_id)s
WHERE wallet_id = %(wallet_id)s AND step_up_id = %(step_up_id)s
    AND request_hash = %(request_hash)s

-- name: prove_step_up
UPDATE step_ups SET code_proven_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND step_up_id = %(step_up_id)s
    AND request_hash = %(request_hash)s AND signup_id = %(signup_id)s

-- name: forget_step_ups
DELETE FROM step_ups WHERE (wallet_id, step_up_id) IN (
    SELECT wallet_id, step_up_id FROM step_ups
    WHERE expires_at < %(before)s ORDER BY expires_at LIMIT %(limit)s)

-- name: add_merchant
INSERT INTO merchants (merchant_id, currency, name_en, name_zh, api_key_hash, created_at)
VALUES (%(merchant_id)s, %(currency)s, %(name_en)s, %(name_zh)s, %(api_key_hash)s, %(now)s)
ON CONFLICT (merchant_id) DO NOTHING

-- name: find_merchant
SELECT merchant_id, currency, name_en, name_zh FROM merchants WHERE merchant_id = %(merchant_id)s

-- name: find_merchants_by_key
SELECT n.place, m.merchant_id, m.currency, m.name_en, m.name_zh
FROM unnest(%(hashes)b::bytea[]) WITH ORDINALITY AS n (api_key_hash, place)
JOIN merchants m ON m.api_key_hash = n.api_key_hash AND m.disabled_at IS NULL

-- name: list_merchants
SELECT merchant_id, currency, name_en, name_zh, created_at, disabled_at
FROM merchants ORDER BY name_en, merchant_id

-- name: set_api_key
UPDATE merchants SET api_key_hash = %(api_key_hash)s
WHERE merchant_id = %(merchant_id)s RETURNING merchant_id

-- name: disable_merchant
UPDATE merchants SET disabled_at = coalesce(disabled_at, %(now)s)
WHERE merchant_id = %(merchant_id)s RETURNING merchant_id

-- name: enable_merchant
UPDATE merchants SET disabled_at = NULL WHERE merchant_id = %(merchant_id)s RETURNING merchant_id

-- name: cancel_every_payment
UPDATE payments SET state = 'cancelled'
WHERE merchant_id = %(merchant_id)s AND state = 'awaiting'

-- name: add_payment
INSERT INTO payments (merchant_id, payment_id, merchant_reference, description, amount_minor,
    currency, state, created_at)
VALUES (%(merchant_id)s, %(payment_id)s, %(merchant_reference)s, %(description)s, %(amount_minor)s,
    %(currency)s, 'awaiting', %(now)s)
ON CONFLICT (merchant_id, payment_id) DO NOTHING

-- name: find_payment
SELECT merchant_id, payment_id, merchant_reference, description, amount_minor, currency, state,
    wallet_id, mandate_id, transfer_id, refunded_minor, created_at, paid_at
FROM payments WHERE merchant_id = %(merchant_id)s AND payment_id = %(payment_id)s

-- name: list_payments
SELECT merchant_id, payment_id, merchant_reference, description, amount_minor, currency, state,
    wallet_id, mandate_id, transfer_id, refunded_minor, created_at, paid_at
FROM payments
WHERE merchant_id = %(merchant_id)s
    AND (created_at, payment_id) < (%(after_at)s::timestamptz, %(after_id)s)
ORDER BY created_at DESC, payment_id DESC
LIMIT %(limit)s

-- name: lock_payments
SELECT merchant_id, payment_id, merchant_reference, description, amount_minor, currency, state,
    wallet_id, mandate_id, transfer_id, refunded_minor, created_at, paid_at
FROM payments
WHERE (merchant_id, payment_id) IN (SELECT * FROM unnest(%(merchants)b::text[], %(payments)b::text[]))
ORDER BY merchant_id, payment_id
FOR NO KEY UPDATE

-- name: cancel_payment
UPDATE payments SET state = 'cancelled'
WHERE merchant_id = %(merchant_id)s AND payment_id = %(payment_id)s AND state = 'awaiting'

-- name: write_paid
UPDATE payments p
SET state = 'paid', wallet_id = n.wallet_id, transfer_id = n.transfer_id, paid_at = %(now)s
FROM unnest(%(merchants)b::text[], %(payments)b::text[], %(wallets)b::text[], %(transfers)b::text[])
    AS n (merchant_id, payment_id, wallet_id, transfer_id)
WHERE p.merchant_id = n.merchant_id AND p.payment_id = n.payment_id

-- name: write_charges
INSERT INTO payments (merchant_id, payment_id, merchant_reference, description, amount_minor,
    currency, state, wallet_id, mandate_id, transfer_id, created_at, paid_at)
SELECT n.merchant_id, n.payment_id, n.reference, n.description, n.amount_minor, n.currency, 'paid',
    n.wallet_id, nullif(n.mandate_id, ''), n.transfer_id, %(now)s, %(now)s
FROM unnest(%(merchants)b::text[], %(payments)b::text[], %(references)b::text[],
    %(descriptions)b::text[], %(amounts)b::bigint[], %(currencies)b::text[], %(wallets)b::text[],
    %(mandates)b::text[], %(transfers)b::text[])
    AS n (merchant_id, payment_id, reference, description, amount_minor, currency, wallet_id,
        mandate_id, transfer_id)

-- name: lock_mandates
SELECT m.wallet_id, m.mandate_id, m.merchant_id, m.per_charge_minor, m.currency, m.state, m.day,
    m.charged_today_minor
FROM (SELECT DISTINCT * FROM unnest(%(wallets)b::text[], %(ids)b::text[])) AS n (wallet_id, id)
JOIN mandates m ON m.wallet_id = n.wallet_id AND m.mandate_id = n.id
ORDER BY m.wallet_id, m.mandate_id
FOR NO KEY UPDATE OF m

-- name: write_mandates
UPDATE mandates m SET day = n.day, charged_today_minor = n.charged
FROM unnest(%(wallets)b::text[], %(mandates)b::text[], %(days)b::date[], %(charged)b::bigint[])
    AS n (wallet_id, mandate_id, day, charged)
WHERE m.wallet_id = n.wallet_id AND m.mandate_id = n.mandate_id

-- name: lock_score_orders
SELECT o.wallet_id, o.score_order_id, o.merchant_id, o.payment_id, o.amount_minor, o.state
FROM (SELECT DISTINCT * FROM unnest(%(wallets)b::text[], %(ids)b::text[])) AS n (wallet_id, id)
JOIN score_orders o ON o.wallet_id = n.wallet_id AND o.score_order_id = n.id
ORDER BY o.wallet_id, o.score_order_id
FOR NO KEY UPDATE OF o

-- name: write_refunded
UPDATE payments p SET refunded_minor = n.refunded
FROM unnest(%(merchants)s::text[], %(payments)s::text[], %(refunded)s::bigint[])
    AS n (merchant_id, payment_id, refunded)
WHERE p.merchant_id = n.merchant_id AND p.payment_id = n.payment_id

-- name: write_refunds
INSERT INTO refunds (merchant_id, refund_id, payment_id, amount_minor, reason, transfer_id,
    created_at)
SELECT n.merchant_id, n.refund_id, n.payment_id, n.amount_minor, n.reason, n.transfer_id, %(now)s
FROM unnest(%(merchants)s::text[], %(refunds)s::text[], %(payments)s::text[], %(amounts)s::bigint[],
    %(reasons)s::text[], %(transfers)s::text[])
    AS n (merchant_id, refund_id, payment_id, amount_minor, reason, transfer_id)

-- name: open_wallet_of_same_person
-- Where a refund goes when the wallet that paid has been closed since. Only to a wallet that a bank
-- has confirmed too: whoever has seen a passport can type its lines.
SELECT n.wallet_id FROM wallets o
JOIN wallets n ON n.person_id = o.person_id AND n.currency = o.currency AND n.status = 'open'
    AND n.verified_at IS NOT NULL
WHERE o.wallet_id = %(wallet_id)s
ORDER BY n.opened_at DESC LIMIT 1

-- name: find_status
SELECT status FROM wallets WHERE wallet_id = %(wallet_id)s

-- name: lock_wallets
SELECT wallet_id FROM wallets WHERE wallet_id = ANY(%(wallets)s)
ORDER BY wallet_id
FOR NO KEY UPDATE

-- name: lock_people
SELECT w.wallet_id, p.person_id, p.free_withdrawal_used_minor
FROM wallets w JOIN people p USING (person_id)
WHERE w.wallet_id = ANY(%(wallets)s)
ORDER BY p.person_id
FOR NO KEY UPDATE OF p

-- name: write_free_used
UPDATE people p SET free_withdrawal_used_minor = n.used
FROM unnest(%(people)s::text[], %(used)s::bigint[]) AS n (person_id, used)
WHERE p.person_id = n.person_id

-- name: linked_cards
SELECT wallet_id, card_id, bank, last_four FROM cards
WHERE (wallet_id, card_id) IN (SELECT * FROM unnest(%(wallets)s::text[], %(cards)s::text[]))
    AND state = 'linked'

-- name: lock_orders
SELECT wallet_id, order_id, kind, card_id, bank, amount_minor, fee_minor, free_used_minor, currency,
    hold_id, state, result, created_at, ended_at
FROM bank_orders
WHERE (wallet_id, order_id) IN (SELECT * FROM unnest(%(wallets)s::text[], %(orders)s::text[]))
ORDER BY wallet_id, order_id
FOR NO KEY UPDATE

-- name: find_order
SELECT wallet_id, order_id, kind, card_id, bank, amount_minor, fee_minor, free_used_minor, currency,
    hold_id, state, result, created_at, ended_at
FROM bank_orders WHERE wallet_id = %(wallet_id)s AND order_id = %(order_id)s

-- name: write_orders
INSERT INTO bank_orders (wallet_id, order_id, kind, card_id, bank, amount_minor, fee_minor,
    free_used_minor, currency, hold_id, state, created_at)
SELECT n.wallet_id, n.order_id, n.kind, n.card_id, n.bank, n.amount_minor, n.fee_minor,
    n.free_used_minor, n.currency, n.hold_id, 'pending', %(now)s
FROM unnest(%(wallets)s::text[], %(orders)s::text[], %(kinds)s::text[], %(cards)s::text[],
    %(banks)s::text[], %(amounts)s::bigint[], %(fees)s::bigint[], %(free)s::bigint[],
    %(currencies)s::text[], %(holds)s::text[])
    AS n (wallet_id, order_id, kind, card_id, bank, amount_minor, fee_minor, free_used_minor,
        currency, hold_id)

-- name: end_orders
UPDATE bank_orders o SET state = n.state, result = n.result, ended_at = %(now)s
FROM unnest(%(wallets)s::text[], %(orders)s::text[], %(states)s::text[], %(results)s::text[])
    AS n (wallet_id, order_id, state, result)
WHERE o.wallet_id = n.wallet_id AND o.order_id = n.order_id

-- name: move_in_flight
UPDATE wallets w SET in_flight = w.in_flight + n.change
FROM (SELECT wallet_id, sum(change)::int AS change
    FROM unnest(%(wallets)s::text[], %(changes)s::int[]) AS c (wallet_id, change)
    GROUP BY wallet_id) AS n
WHERE w.wallet_id = n.wallet_id

-- name: order_asked
UPDATE bank_orders SET asked = asked + 1, asked_at = %(now)s, state = %(state)s
WHERE wallet_id = %(wallet_id)s AND order_id = %(order_id)s AND state IN ('pending', 'unknown')
RETURNING asked

-- name: open_orders
SELECT wallet_id, order_id, kind, card_id, bank, amount_minor, fee_minor, free_used_minor, currency,
    hold_id, state, result, created_at, ended_at
FROM bank_orders
WHERE state IN ('pending', 'unknown') AND created_at < %(before)s
ORDER BY created_at LIMIT %(limit)s

-- name: orders_since
SELECT wallet_id, order_id, kind, card_id, bank, amount_minor, fee_minor, free_used_minor, currency,
    hold_id, state, result, created_at, ended_at
FROM bank_orders WHERE created_at >= %(since)s ORDER BY created_at LIMIT %(limit)s
