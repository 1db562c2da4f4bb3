-- name: plans
SELECT p.merchant_id, p.plan_id, p.title_en, p.title_zh, p.per_charge_minor, p.currency,
    m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM mandate_plans p
JOIN merchants m USING (merchant_id)
ORDER BY m.name_en, p.plan_id

-- name: plan
SELECT p.merchant_id, p.plan_id, p.title_en, p.title_zh, p.per_charge_minor, p.currency,
    m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM mandate_plans p
JOIN merchants m USING (merchant_id)
WHERE p.merchant_id = %(merchant_id)s AND p.plan_id = %(plan_id)s

-- name: insert_plan
INSERT INTO mandate_plans (merchant_id, plan_id, title_en, title_zh, per_charge_minor, currency,
    created_at)
VALUES (%(merchant_id)s, %(plan_id)s, %(title_en)s, %(title_zh)s, %(per_charge_minor)s,
    %(currency)s, %(now)s)
ON CONFLICT (merchant_id, plan_id) DO NOTHING

-- name: lock_wallet
-- Two signings of one wallet wait for each other here; the second sees what the first has signed.
SELECT status, currency FROM wallets WHERE wallet_id = %(wallet_id)s FOR NO KEY UPDATE

-- name: active_mandate
SELECT mandate_id FROM mandates
WHERE wallet_id = %(wallet_id)s AND merchant_id = %(merchant_id)s AND plan_id = %(plan_id)s
    AND state = 'active'
LIMIT 1

-- name: insert_mandate
INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en, title_zh,
    per_charge_minor, currency, state, signed_at)
VALUES (%(wallet_id)s, %(mandate_id)s, %(merchant_id)s, %(plan_id)s, %(title_en)s, %(title_zh)s,
    %(per_charge_minor)s, %(currency)s, 'active', %(now)s)

-- name: mandate
SELECT d.wallet_id, d.mandate_id, d.merchant_id, d.plan_id, d.title_en, d.title_zh,
    d.per_charge_minor, d.currency, d.state, d.signed_at, d.ended_at, d.end_mode,
    m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM mandates d
JOIN merchants m USING (merchant_id)
WHERE d.wallet_id = %(wallet_id)s AND d.mandate_id = %(mandate_id)s

-- name: mandate_holders
-- One look into the index for each, however many rows the table had when this was planned.
SELECT n.place, d.wallet_id
FROM unnest(%(merchants)b::text[], %(mandates)b::text[])
    WITH ORDINALITY AS n (merchant_id, mandate_id, place)
CROSS JOIN LATERAL (
    SELECT x.wallet_id FROM mandates x
    WHERE x.merchant_id = n.merchant_id AND x.mandate_id = n.mandate_id LIMIT 1
) d

-- name: mandates_of_wallet
SELECT d.wallet_id, d.mandate_id, d.merchant_id, d.plan_id, d.title_en, d.title_zh,
    d.per_charge_minor, d.currency, d.state, d.signed_at, d.ended_at, d.end_mode,
    m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM mandates d
JOIN merchants m USING (merchant_id)
WHERE d.wallet_id = %(wallet_id)s
ORDER BY d.state, d.signed_at DESC, d.mandate_id DESC
LIMIT %(limit)s

-- name: mandates_of_merchant
SELECT d.wallet_id, d.mandate_id, d.merchant_id, d.plan_id, d.title_en, d.title_zh,
    d.per_charge_minor, d.currency, d.state, d.signed_at, d.ended_at, d.end_mode,
    m.name_en AS merchant_name_en, m.name_zh AS merchant_name_zh
FROM mandates d
JOIN merchants m USING (merchant_id)
WHERE d.merchant_id = %(merchant_id)s
    AND (d.signed_at, d.mandate_id) < (%(after_at)s::timestamptz, %(after_id)s)
ORDER BY d.signed_at DESC, d.mandate_id DESC
LIMIT %(limit)s

-- name: lock_mandate
-- The mandate before its wallet: a charge locks them in this order too.
SELECT state FROM mandates
WHERE wallet_id = %(wallet_id)s AND mandate_id = %(mandate_id)s
FOR NO KEY UPDATE

-- name: end_mandate
UPDATE mandates SET state = 'ended', ended_at = %(now)s, end_mode = %(end_mode)s
WHERE wallet_id = %(wallet_id)s AND mandate_id = %(mandate_id)s

-- name: count_mandates
UPDATE wallets
SET mandates_active = mandates_active + %(change)s, facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s
