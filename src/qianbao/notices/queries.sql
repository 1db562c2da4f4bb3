-- The inbox, text messages and webhooks.

-- name: add_notice
INSERT INTO notices (
    wallet_id, notice_id, kind, title_en, title_zh, body_en, body_zh, link, created_at
) VALUES (
    %(wallet_id)s, %(notice_id)s, %(kind)s, %(title_en)s, %(title_zh)s, %(body_en)s, %(body_zh)s,
    %(link)s, %(now)s
)

-- name: list_notices
SELECT notice_id, kind, title_en, title_zh, body_en, body_zh, link, created_at, read_at
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

-- name: add_delivery
-- Nothing is added for a merchant who has no address for webhooks.
INSERT INTO webhook_deliveries (merchant_id, delivery_id, event, payload, created_at)
SELECT merchant_id, %(delivery_id)s, %(event)s, %(payload)s, %(now)s
FROM merchants WHERE merchant_id = %(merchant_id)s AND webhook_url <> ''

-- name: find_delivery
SELECT d.event, d.payload, d.created_at, d.delivered_at, m.webhook_url, m.webhook_secret_cipher
FROM webhook_deliveries d JOIN merchants m USING (merchant_id)
WHERE d.merchant_id = %(merchant_id)s AND d.delivery_id = %(delivery_id)s

-- name: count_delivery
UPDATE webhook_deliveries
SET attempts = attempts + 1, last_status = %(status)s,
    delivered_at = CASE WHEN %(arrived)s THEN %(now)s END
WHERE merchant_id = %(merchant_id)s AND delivery_id = %(delivery_id)s
