-- The inbox, text messages and webhooks.

-- name: add_notice
INSERT INTO notices (
    wallet_id, notice_id, kind, title_en, title_zh, body_en, body_zh, link, about, ways_out,
    created_at
) VALUES (
    %(wallet_id)s, %(notice_id)s, %(kind)s, %(title_en)s, %(title_zh)s, %(body_en)s, %(body_zh)s,
    %(link)s, %(about)s, %(ways_out)s, %(now)s
)

-- name: settle
UPDATE notices SET settled_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND about = %(about)s AND about <> '' AND settled_at IS NULL

-- name: claim_text
UPDATE notices SET texted_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND notice_id = %(notice_id)s AND texted_at IS NULL
    AND settled_at IS NULL AND (
        SELECT count(*) FROM notices AS sent
        WHERE sent.wallet_id = %(wallet_id)s AND sent.texted_at > %(since)s
    ) < %(most)s
RETURNING title_en, title_zh

-- name: list_notices
SELECT notice_id, kind, title_en, title_zh, body_en, body_zh, link, ways_out, created_at, read_at,
    settled_at
FROM notices
WHERE wallet_id = %(wallet_id)s AND (%(after)s = '' OR notice_id < %(after)s)
ORDER BY notice_id DESC
LIMIT %(limit)s

-- name: count_unread
SELECT count(*) FROM notices WHERE wallet_id = %(wallet_id)s AND read_at IS NULL

-- name: mark_read
UPDATE notices SET read_at = coalesce(read_at, %(now)s)
WHERE wallet_id = %(wallet_id)s AND notice_id = %(notice_id)s

-- name: add_text
INSERT INTO text_messages (sms_id, phone_cipher, body_cipher, created_at)
VALUES (%(sms_id)s, %(phone_cipher)s, %(body_cipher)s, %(now)s)

-- name: find_text
SELECT phone_cipher, body_cipher, sent_at FROM text_messages WHERE sms_id = %(sms_id)s

-- name: text_sent
UPDATE text_messages SET sent_at = %(now)s WHERE sms_id = %(sms_id)s

-- name: add_deliveries
-- Nothing is added for a merchant who has no address for webhooks.
INSERT INTO webhook_deliveries (merchant_id, delivery_id, event, payload, created_at)
SELECT n.merchant_id, n.delivery_id, n.event, n.payload::jsonb, %(now)s
FROM unnest(%(merchants)b::text[], %(deliveries)b::text[], %(events)b::text[], %(payloads)b::text[])
    AS n (merchant_id, delivery_id, event, payload)
JOIN webhooks w ON w.merchant_id = n.merchant_id
RETURNING merchant_id, delivery_id

-- name: find_delivery
SELECT d.event, d.payload, d.created_at, d.delivered_at, w.url
FROM webhook_deliveries d JOIN webhooks w USING (merchant_id)
WHERE d.merchant_id = %(merchant_id)s AND d.delivery_id = %(delivery_id)s

-- name: count_delivery
-- Two attempts may overlap: what has arrived stays so.
UPDATE webhook_deliveries
SET attempts = attempts + 1, last_status = %(status)s, last_error = %(error)s,
    last_attempt_at = %(now)s,
    delivered_at = coalesce(delivered_at, CASE WHEN %(error)s = '' THEN %(now)s END)
WHERE merchant_id = %(merchant_id)s AND delivery_id = %(delivery_id)s

-- name: show_delivery
SELECT delivery_id, event, attempts, last_status, last_error, created_at, last_attempt_at,
    delivered_at,
    CASE WHEN delivered_at IS NOT NULL THEN 'delivered'
        WHEN attempts > %(retries)s THEN 'given_up' ELSE 'waiting' END AS state
FROM webhook_deliveries
WHERE merchant_id = %(merchant_id)s AND delivery_id = %(delivery_id)s

-- name: list_deliveries
SELECT delivery_id, event, attempts, last_status, last_error, created_at, last_attempt_at,
    delivered_at,
    CASE WHEN delivered_at IS NOT NULL THEN 'delivered'
        WHEN attempts > %(retries)s THEN 'given_up' ELSE 'waiting' END AS state
FROM webhook_deliveries
WHERE merchant_id = %(merchant_id)s
    AND (created_at, delivery_id) < (%(after_at)s::timestamptz, %(after_id)s)
ORDER BY created_at DESC, delivery_id DESC
LIMIT %(limit)s

-- name: latest_attempt
-- Whether it did not arrive.
SELECT delivered_at IS NULL FROM webhook_deliveries
WHERE merchant_id = %(merchant_id)s AND attempts > 0
ORDER BY created_at DESC, delivery_id DESC
LIMIT 1

-- name: set_webhook
INSERT INTO webhooks (merchant_id, url, set_at) VALUES (%(merchant_id)s, %(url)s, %(now)s)
ON CONFLICT (merchant_id) DO UPDATE SET url = excluded.url,
    set_at = CASE WHEN webhooks.url = excluded.url THEN webhooks.set_at ELSE excluded.set_at END

-- name: find_webhook
SELECT url, set_at FROM webhooks WHERE merchant_id = %(merchant_id)s

-- name: lock_webhook
-- Two changes of one merchant's secret wait for each other.
SELECT url FROM webhooks WHERE merchant_id = %(merchant_id)s FOR UPDATE

-- name: stop_webhook
DELETE FROM webhooks WHERE merchant_id = %(merchant_id)s

-- name: list_secrets
SELECT secret_id, created_at, ends_at FROM webhook_secrets
WHERE merchant_id = %(merchant_id)s AND (ends_at IS NULL OR ends_at > %(now)s)
ORDER BY created_at DESC, secret_id DESC

-- name: secrets_in_use
SELECT secret_cipher FROM webhook_secrets
WHERE merchant_id = %(merchant_id)s AND (ends_at IS NULL OR ends_at > %(now)s)
ORDER BY created_at DESC, secret_id DESC

-- name: find_secret
-- With when the ones before it end.
SELECT s.secret_cipher,
    (SELECT max(e.ends_at) FROM webhook_secrets e
     WHERE e.merchant_id = s.merchant_id AND e.created_at < s.created_at)
FROM webhook_secrets s
WHERE s.merchant_id = %(merchant_id)s AND s.secret_id = %(secret_id)s

-- name: end_secrets
UPDATE webhook_secrets SET ends_at = %(ends_at)s
WHERE merchant_id = %(merchant_id)s AND ends_at IS NULL

-- name: add_secret
INSERT INTO webhook_secrets (merchant_id, secret_id, secret_cipher, created_at)
VALUES (%(merchant_id)s, %(secret_id)s, %(cipher)s, %(now)s)
