-- name: lock_wallet
SELECT status, in_flight, cardinality(card_banks) AS cards, verified_at
FROM wallets WHERE wallet_id = %(wallet_id)s FOR NO KEY UPDATE

-- name: get_card
SELECT wallet_id, card_id, bank, last_four, fingerprint, name_form, name_verdict, name_reason,
       name_confirmed, phone_tail, phone_index, document_id, state, result, mismatched,
       verification, codes_sent, code_sent_at, agreement_cipher, created_at, linked_at, unlinked_at, dismissed_at
FROM cards
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: list_cards
-- One row for each piece of plastic: the linked attempt, or else the latest.
SELECT * FROM (
    SELECT DISTINCT ON (fingerprint)
           wallet_id, card_id, bank, last_four, fingerprint, name_form, name_verdict, name_reason,
           name_confirmed, phone_tail, phone_index, document_id, state, result, mismatched,
           verification, codes_sent, code_sent_at, agreement_cipher, created_at, linked_at, unlinked_at,
           dismissed_at
    FROM cards
    WHERE wallet_id = %(wallet_id)s
    ORDER BY fingerprint, (state = 'linked') DESC, created_at DESC, card_id DESC
) AS latest
WHERE state NOT IN ('refused', 'unlinked')
ORDER BY linked_at NULLS LAST, created_at, card_id

-- name: count_cards
SELECT count(*) AS linked,
       coalesce(bool_or(fingerprint = %(fingerprint)s), false) AS this_one
FROM cards
WHERE wallet_id = %(wallet_id)s AND state = 'linked'

-- name: lock_fingerprint
-- Two wallets that check one card at once would each count one check too few.
SELECT pg_advisory_xact_lock(hashtextextended(encode(%(fingerprint)s, 'hex'), 0))

-- name: recent_checks
-- Of the wallet's own, whether the bank said no, and whether to a `stranger`: to the holder's
-- document, or to whoever nobody had confirmed then. Of the latter all alike: how many checks are
-- left would else tell whether the document was right.
SELECT k.checked_at, c.card_id IS NOT NULL AS own, coalesce(c.state = 'refused', false) AS refused,
    coalesce(c.result = 'ID_MISMATCH' OR 'document_number' = ANY(c.mismatched), false)
        OR (w.verified_at <= c.created_at OR EXISTS (
            SELECT FROM evidence AS e
            WHERE e.wallet_id = c.wallet_id AND e.document_id = c.document_id
                AND e.source = 'mobile_operator' AND e.outcome = 'MATCH' AND e.at <= c.created_at
        )) IS NOT TRUE AS stranger
FROM card_checks AS k
LEFT JOIN cards AS c ON k.wallet_id = %(wallet_id)s
    AND c.wallet_id = k.wallet_id AND c.card_id = k.card_id
LEFT JOIN wallets AS w ON w.wallet_id = c.wallet_id
WHERE k.fingerprint = %(fingerprint)s AND k.checked_at > %(since)s
ORDER BY k.checked_at DESC

-- name: is_known
-- Whether a bank has confirmed the wallet's holder, or this card's bank has found everything right
-- for this very card, here or in an earlier wallet of theirs. The phone that is named for a card
-- proves nothing: anybody names their own.
SELECT w.verified_at IS NOT NULL OR EXISTS (
    SELECT FROM wallets AS o
    JOIN cards AS c ON c.wallet_id = o.wallet_id
    WHERE (o.wallet_id = w.wallet_id OR o.person_id = w.person_id)
        AND c.fingerprint = %(fingerprint)s AND c.codes_sent > 0
)
FROM wallets AS w
WHERE w.wallet_id = %(wallet_id)s

-- name: record_check
INSERT INTO card_checks (fingerprint, wallet_id, card_id, checked_at)
VALUES (%(fingerprint)s, %(wallet_id)s, %(card_id)s, %(now)s)

-- name: repeat_check
UPDATE card_checks SET requests = requests + 1
WHERE fingerprint = %(fingerprint)s AND wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: take_back_request
-- It never left. The check goes with its last request.
UPDATE card_checks SET requests = requests - 1
WHERE fingerprint = %(fingerprint)s AND wallet_id = %(wallet_id)s AND card_id = %(card_id)s
RETURNING requests

-- name: forget_check
DELETE FROM card_checks
WHERE fingerprint = %(fingerprint)s AND wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: forget_attempt
DELETE FROM cards
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s AND state IN ('checking', 'unknown')

-- name: add_card
INSERT INTO cards (wallet_id, card_id, bank, last_four, fingerprint, name_form, name_verdict,
                   name_reason, name_confirmed, phone_tail, phone_index, document_id, state,
                   created_at)
VALUES (%(wallet_id)s, %(card_id)s, %(bank)s, %(last_four)s, %(fingerprint)s, %(name_form)s,
        %(name_verdict)s, %(name_reason)s, %(name_confirmed)s, %(phone_tail)s, %(phone_index)s,
        %(document_id)s, 'checking', %(now)s)

-- name: set_answer
-- A match means that the bank has sent its first code.
UPDATE cards
SET state = %(state)s, result = %(result)s, mismatched = %(mismatched)s,
    verification = %(verification)s,
    codes_sent = CASE WHEN %(state)s = 'code_sent' THEN 1 ELSE codes_sent END,
    code_sent_at = CASE WHEN %(state)s = 'code_sent' THEN %(now)s ELSE code_sent_at END
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: set_unknown
UPDATE cards SET state = 'unknown'
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s AND state = 'checking'

-- name: set_linked
UPDATE cards
SET state = 'linked', result = 'CONFIRMED', agreement_cipher = %(agreement_cipher)s,
    linked_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: count_code
UPDATE cards SET codes_sent = codes_sent + 1, code_sent_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: take_back_code
UPDATE cards SET codes_sent = codes_sent - 1, code_sent_at = %(before)s
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: code_expired
UPDATE cards SET state = 'refused', result = 'OTP_EXPIRED', verification = ''
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s AND state = 'code_sent'

-- name: set_discarded
UPDATE cards
SET state = 'unlinked', result = 'DISCARDED', verification = '', unlinked_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: list_refused
-- What the bank refused lately, without what was put away or has been linked since.
SELECT wallet_id, card_id, bank, last_four, fingerprint, name_form, name_verdict, name_reason,
       name_confirmed, phone_tail, phone_index, document_id, state, result, mismatched,
       verification, codes_sent, code_sent_at, agreement_cipher, created_at, linked_at, unlinked_at, dismissed_at
FROM cards
WHERE wallet_id = %(wallet_id)s AND state = 'refused' AND dismissed_at IS NULL
  AND created_at > %(since)s
  AND NOT EXISTS (
      SELECT FROM cards AS other
      WHERE other.wallet_id = cards.wallet_id AND other.fingerprint = cards.fingerprint
        AND other.state = 'linked'
  )
ORDER BY created_at DESC, card_id DESC
LIMIT %(limit)s

-- name: dismiss
UPDATE cards SET dismissed_at = coalesce(dismissed_at, %(now)s)
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s AND state = 'refused'

-- name: set_left_out
-- The bank agreed, and the wallet can no longer take the card: the agreement is kept to be ended.
UPDATE cards
SET state = 'unlinked', result = 'CONFIRMED', agreement_cipher = %(agreement_cipher)s,
    unlinked_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s

-- name: set_unlinked
UPDATE cards SET state = 'unlinked', unlinked_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND state = 'linked'
  AND (%(card_id)s::text IS NULL OR card_id = %(card_id)s)
RETURNING card_id

-- name: forget_agreement
UPDATE cards SET agreement_cipher = NULL
WHERE wallet_id = %(wallet_id)s AND card_id = %(card_id)s AND state = 'unlinked'

-- name: document_tails
-- The document a card was checked against, and the one of another number that the same person had
-- before it, in this wallet or in one they have closed. `confirmed`: a bank had confirmed them in
-- this wallet, or in an earlier one that showed the very same document; or the mobile operator had,
-- with this document: somebody who has only copied it has a phone in another name.
SELECT sent.kind, sent.number_tail AS sent_tail, coalesce(older.number_tail, '') AS older_tail,
    EXISTS (
        SELECT FROM wallets
        JOIN documents AS known ON known.wallet_id = wallets.wallet_id
        WHERE wallets.person_id = sent.person_id AND wallets.verified_at <= %(asked_at)s
            AND coalesce(known.superseded_at >= wallets.verified_at, true)
            AND (
                wallets.wallet_id = sent.wallet_id
                OR (
                    known.kind, known.number_index, known.number_tail, known.surname, known.given,
                    known.native, known.birth_date, known.sex
                ) IS NOT DISTINCT FROM (
                    sent.kind, sent.number_index, sent.number_tail, sent.surname, sent.given,
                    sent.native, sent.birth_date, sent.sex
                )
            )
    ) OR EXISTS (
        SELECT FROM evidence AS e
        WHERE e.wallet_id = sent.wallet_id AND e.document_id = sent.document_id
            AND e.source = 'mobile_operator' AND e.outcome = 'MATCH' AND e.at <= %(asked_at)s
    ) AS confirmed
FROM documents AS sent
LEFT JOIN LATERAL (
    SELECT documents.number_tail
    FROM wallets
    JOIN documents ON documents.wallet_id = wallets.wallet_id
    WHERE wallets.person_id = sent.person_id AND documents.person_id = sent.person_id
      AND documents.number_tail <> sent.number_tail AND documents.created_at <= sent.created_at
    ORDER BY documents.created_at DESC, documents.document_id DESC
    LIMIT 1
) AS older ON true
WHERE sent.wallet_id = %(wallet_id)s AND sent.document_id = %(document_id)s

-- name: told_before
-- Of the banks that hold an older number: what each was last told, as far as it was told by us; in
-- wallets that the holder has closed, too, once a bank knows that they are the same.
SELECT stale.bank, coalesce(told.number_tail, '') AS number_tail
FROM wallets
CROSS JOIN LATERAL unnest(wallets.stale_banks) WITH ORDINALITY AS stale (bank, place)
LEFT JOIN LATERAL (
    SELECT documents.number_tail
    FROM (
        SELECT wallets.wallet_id
        UNION ALL
        SELECT e.wallet_id FROM wallets AS e
        WHERE wallets.verified_at IS NOT NULL AND e.person_id = wallets.person_id
    ) AS theirs
    JOIN cards ON cards.wallet_id = theirs.wallet_id
    JOIN documents ON documents.wallet_id = cards.wallet_id
     AND documents.document_id = cards.document_id
    WHERE cards.bank = stale.bank AND cards.linked_at IS NOT NULL
    ORDER BY cards.linked_at DESC, cards.card_id DESC
    LIMIT 1
) AS told ON true
WHERE wallets.wallet_id = %(wallet_id)s
ORDER BY stale.place

-- name: bank_became_stale
-- No rule reads which banks are behind: `facts_changed_at` stays.
UPDATE wallets
SET stale_banks = array_append(stale_banks, %(bank)s::text)
WHERE wallet_id = %(wallet_id)s AND status = 'open'
    AND NOT stale_banks @> ARRAY[%(bank)s::text]

-- name: bank_holds_present
-- The holder says that the bank has been shown the present document.
UPDATE wallets
SET stale_banks = array_remove(stale_banks, %(bank)s::text)
WHERE wallet_id = %(wallet_id)s AND status = 'open' AND stale_banks @> ARRAY[%(bank)s::text]

-- name: bank_confirmed
-- What the linked cards say, once more: card_banks names a bank once for each of its cards. Whoever
-- comes back is known from now on, and with them which banks were behind before they left.
UPDATE wallets
SET card_banks = ARRAY(SELECT bank FROM cards
                       WHERE wallet_id = %(wallet_id)s AND state = 'linked'
                       ORDER BY linked_at, card_id),
    stale_banks = array_remove(stale_banks, %(bank)s::text) || ARRAY(
        -- renewed while the bank's code was on its way: it was told the old number
        SELECT %(bank)s::text
        FROM documents AS sent
        JOIN documents AS present
          ON present.wallet_id = sent.wallet_id AND present.superseded_at IS NULL
         AND (present.number_index, present.number_tail) <> (sent.number_index, sent.number_tail)
        WHERE sent.wallet_id = %(wallet_id)s AND sent.document_id = %(document_id)s
    ) || ARRAY(
        SELECT DISTINCT behind.bank
        FROM wallets AS earlier
        CROSS JOIN LATERAL unnest(earlier.stale_banks) AS behind (bank)
        WHERE wallets.verified_at IS NULL AND earlier.person_id = wallets.person_id
          AND earlier.wallet_id <> wallets.wallet_id AND behind.bank <> %(bank)s
          AND NOT wallets.stale_banks @> ARRAY[behind.bank]
        ORDER BY behind.bank
    ),
    verified_at = coalesce(verified_at, %(now)s),
    facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s

-- name: cards_changed
UPDATE wallets
SET card_banks = ARRAY(SELECT bank FROM cards
                       WHERE wallet_id = %(wallet_id)s AND state = 'linked'
                       ORDER BY linked_at, card_id),
    facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s
