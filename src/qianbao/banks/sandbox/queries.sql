-- name: lock
-- Two equal requests that arrive together: the second finds the first one's answer.
SELECT pg_advisory_xact_lock(hashtextextended(%(word)s, 0))

-- name: customer_of_card
SELECT c.bank, c.customer_id, c.printed_name, c.document_kind, c.document_number, c.phone,
       c.balance_minor
FROM cards JOIN customers AS c USING (bank, customer_id)
WHERE cards.bank = %(bank)s AND cards.card_number = %(card_number)s
FOR UPDATE OF c

-- name: customer_of_document
SELECT bank, customer_id, printed_name, document_kind, document_number, phone, balance_minor
FROM customers
WHERE bank = %(bank)s AND document_number = %(document_number)s
ORDER BY created_at
LIMIT 1

-- name: get_customer
SELECT bank, customer_id, printed_name, document_kind, document_number, phone, balance_minor
FROM customers
WHERE bank = %(bank)s AND customer_id = %(customer_id)s
FOR UPDATE

-- name: find_customers
SELECT bank, customer_id, printed_name, document_kind, document_number, phone, balance_minor
FROM customers AS c
WHERE bank = %(bank)s
  AND (%(phone)s = '' AND %(card_number)s = ''
       OR phone = %(phone)s
       OR EXISTS (SELECT 1 FROM cards
                  WHERE cards.bank = c.bank AND cards.customer_id = c.customer_id
                    AND card_number = %(card_number)s))
ORDER BY created_at, customer_id
LIMIT 50

-- name: cards_of_customer
SELECT card_number FROM cards
WHERE bank = %(bank)s AND customer_id = %(customer_id)s
ORDER BY card_number

-- name: put_customer
INSERT INTO customers (bank, customer_id, printed_name, document_kind, document_number, phone,
                       balance_minor)
VALUES (%(bank)s, %(customer_id)s, %(printed_name)s, %(document_kind)s, %(document_number)s,
        %(phone)s, %(balance_minor)s)
ON CONFLICT (bank, customer_id) DO UPDATE
SET printed_name = excluded.printed_name, document_kind = excluded.document_kind,
    document_number = excluded.document_number, phone = excluded.phone,
    balance_minor = excluded.balance_minor

-- name: put_card
INSERT INTO cards (bank, card_number, customer_id)
VALUES (%(bank)s, %(card_number)s, %(customer_id)s)
ON CONFLICT (bank, card_number) DO UPDATE SET customer_id = excluded.customer_id

-- name: get_verification
SELECT bank, request_id, request_hash, card_number, result, mismatched_fields, verification, code,
       tries, expires_at, agreement, created_at
FROM verifications
WHERE bank = %(bank)s AND request_id = %(request_id)s

-- name: get_verification_by_token
SELECT bank, request_id, request_hash, card_number, result, mismatched_fields, verification, code,
       tries, expires_at, agreement, created_at
FROM verifications
WHERE bank = %(bank)s AND verification = %(verification)s
FOR UPDATE

-- name: count_verifications
SELECT count(*) AS number FROM verifications
WHERE bank = %(bank)s AND card_number = %(card_number)s AND created_at > %(since)s
  AND result <> 'TRIES_EXCEEDED'

-- name: add_verification
INSERT INTO verifications (bank, request_id, request_hash, card_number, result, mismatched_fields,
                           verification, code, expires_at, created_at)
VALUES (%(bank)s, %(request_id)s, %(request_hash)s, %(card_number)s, %(result)s,
        %(mismatched_fields)s, %(verification)s, %(code)s, %(expires_at)s, %(created_at)s)

-- name: get_confirmation
SELECT result FROM confirmations
WHERE verification = %(verification)s AND request_id = %(request_id)s

-- name: add_confirmation
INSERT INTO confirmations (verification, request_id, result)
VALUES (%(verification)s, %(request_id)s, %(result)s)

-- name: list_codes
-- The text messages that brought a verification's codes: the first under its own token.
SELECT message_id FROM sms
WHERE message_id = %(verification)s OR starts_with(message_id, %(verification)s || ':')

-- name: set_code
UPDATE verifications SET code = %(code)s, expires_at = %(expires_at)s
WHERE verification = %(verification)s

-- name: count_try
UPDATE verifications SET tries = tries + 1 WHERE verification = %(verification)s

-- name: set_agreement
UPDATE verifications SET agreement = %(agreement)s WHERE verification = %(verification)s

-- name: add_agreement
INSERT INTO agreements (bank, agreement, card_number, created_at)
VALUES (%(bank)s, %(agreement)s, %(card_number)s, %(now)s)

-- name: get_agreement
SELECT bank, agreement, card_number, ended_at FROM agreements
WHERE bank = %(bank)s AND agreement = %(agreement)s

-- name: end_agreement
UPDATE agreements SET ended_at = coalesce(ended_at, %(now)s)
WHERE bank = %(bank)s AND agreement = %(agreement)s
RETURNING agreement

-- name: get_order
SELECT request_id, request_hash, outcome, result FROM orders
WHERE bank = %(bank)s AND request_id = %(request_id)s

-- name: add_order
INSERT INTO orders (bank, request_id, request_hash, agreement, direction, amount_minor, currency,
                    outcome, result, created_at)
VALUES (%(bank)s, %(request_id)s, %(request_hash)s, %(agreement)s, %(direction)s, %(amount_minor)s,
        %(currency)s, %(outcome)s, %(result)s, %(now)s)

-- name: change_balance
UPDATE customers SET balance_minor = balance_minor + %(change_minor)s
WHERE bank = %(bank)s AND customer_id = %(customer_id)s

-- name: add_sms
INSERT INTO sms (message_id, phone, sender, body, at)
VALUES (%(message_id)s, %(phone)s, %(sender)s, %(body)s, %(now)s)
ON CONFLICT (message_id) DO NOTHING

-- name: list_sms
SELECT message_id, phone, sender, body AS text, at FROM sms
WHERE phone = %(phone)s
ORDER BY at DESC, message_id DESC
LIMIT 100

-- name: list_phones
SELECT phone, max(at) AS last_at, count(*) AS messages FROM sms
GROUP BY phone ORDER BY last_at DESC LIMIT 50

-- name: list_faults
SELECT bank, fault FROM faults ORDER BY bank

-- name: get_fault
SELECT bank, fault FROM faults WHERE bank = %(bank)s

-- name: set_fault
INSERT INTO faults (bank, fault) VALUES (%(bank)s, %(fault)s)
ON CONFLICT (bank) DO UPDATE SET fault = excluded.fault

-- name: clear_fault
DELETE FROM faults WHERE bank = %(bank)s

-- name: put_immigration
INSERT INTO immigration (document_kind, document_number, names)
VALUES (%(document_kind)s, %(document_number)s, %(names)s)
ON CONFLICT (document_kind, document_number) DO UPDATE SET names = excluded.names

-- name: get_immigration
SELECT names, document_number FROM immigration
WHERE document_kind = %(document_kind)s AND document_number = %(document_number)s

-- name: put_mobile_operator
INSERT INTO mobile_operator (phone, names, document_number)
VALUES (%(phone)s, %(names)s, %(document_number)s)
ON CONFLICT (phone) DO UPDATE
SET names = excluded.names, document_number = excluded.document_number

-- name: get_mobile_operator
SELECT names, document_number FROM mobile_operator WHERE phone = %(phone)s
