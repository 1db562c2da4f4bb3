-- Documents, people, evidence.

-- name: lock_wallet
SELECT status, person_id, verified_at FROM wallets
WHERE wallet_id = %(wallet_id)s FOR NO KEY UPDATE

-- name: find_verified_at
SELECT verified_at FROM wallets WHERE wallet_id = %(wallet_id)s

-- name: claim_number
-- Whose number this is: the person it was first given to, or the one proposed. The row is locked,
-- so that two wallets which bring one number at once are served one after the other.
INSERT INTO document_numbers (number_index, person_id, created_at)
VALUES (%(number_index)s, %(person_id)s, %(now)s)
ON CONFLICT (number_index) DO UPDATE SET person_id = document_numbers.person_id
RETURNING person_id

-- name: find_number_shown
-- Where a number was shown that counts for something: `vouched` by a bank, or held against what a
-- bank had vouched for; else only shown, in a document not corrected since. In the wallet itself,
-- a corrected one counts, too: it may be corrected back.
SELECT * FROM (
    SELECT w.wallet_id, w.status = 'open' AS open, w.phone_tail, d.document_id, d.person_id,
        d.superseded_at IS NULL AS present,
        EXISTS (
            SELECT FROM cards
            WHERE cards.wallet_id = d.wallet_id AND cards.document_id = d.document_id
                AND linked_at IS NOT NULL
        ) AS confirmed,
        w.verified_at IS NOT NULL
            AND coalesce(d.superseded_at >= w.verified_at, true) AS counted
    FROM documents AS d
    JOIN wallets AS w USING (wallet_id)
    WHERE d.number_index = %(number_index)s
) AS shown
WHERE present OR confirmed OR counted OR wallet_id = %(wallet_id)s

-- name: find_wallets_showing
SELECT d.wallet_id FROM documents AS d
JOIN wallets AS w USING (wallet_id)
WHERE d.number_index = ANY(%(indexes)s) AND d.superseded_at IS NULL AND w.status = 'open'
ORDER BY d.wallet_id DESC LIMIT 100

-- name: find_number
SELECT number_index, person_id FROM documents
WHERE wallet_id = %(wallet_id)s AND document_id = %(document_id)s

-- name: move_number
UPDATE document_numbers SET person_id = %(person_id)s WHERE number_index = %(number_index)s

-- name: free_numbers
-- What only this wallet has shown as its person's belongs to nobody who is in a wallet: the next to
-- show it is looked for among those who do.
UPDATE document_numbers AS n SET person_id = %(nobody)s
FROM wallets AS w
WHERE w.wallet_id = %(wallet_id)s AND n.person_id = w.person_id
    AND n.number_index IN (
        SELECT d.number_index FROM documents AS d WHERE d.wallet_id = w.wallet_id
    )
    AND NOT EXISTS (
        SELECT FROM wallets AS e
        WHERE e.person_id = w.person_id AND e.wallet_id <> w.wallet_id
    )

-- name: add_person
INSERT INTO people (person_id, created_at) VALUES (%(person_id)s, %(now)s)
ON CONFLICT (person_id) DO NOTHING

-- name: lock_person
SELECT person_id FROM people WHERE person_id = %(person_id)s FOR NO KEY UPDATE

-- name: find_other_open_wallet
SELECT phone_tail FROM wallets
WHERE person_id = %(person_id)s AND status = 'open' AND wallet_id <> %(wallet_id)s
ORDER BY opened_at LIMIT 1

-- name: is_person_elsewhere
SELECT 1 FROM wallets
WHERE person_id = %(person_id)s AND wallet_id <> %(wallet_id)s
LIMIT 1

-- name: list_documents
-- All of a wallet, or the current one alone.
SELECT document_id, person_id, kind, country, residency, number_cipher, number_index, number_tail,
    surname, given, native, also_written, mrz_name, name_truncated, corrections, birth_date, sex,
    valid_until, supersedes, superseded_at, name_change_id, created_at,
    (
        SELECT stated.sex FROM identity_data AS stated
        WHERE stated.wallet_id = documents.wallet_id
    ) AS stated_sex,
    ARRAY(
        SELECT DISTINCT name_form FROM cards
        WHERE cards.wallet_id = documents.wallet_id AND linked_at IS NOT NULL
            AND cards.document_id = documents.document_id
        ORDER BY name_form
    ) AS confirmed_as
FROM documents
WHERE wallet_id = %(wallet_id)s AND (superseded_at IS NULL OR NOT %(current)s)
ORDER BY superseded_at DESC NULLS FIRST, document_id DESC

-- name: count_refusals
SELECT count(*) FROM document_refusals WHERE wallet_id = %(wallet_id)s AND at > %(since)s

-- name: add_refusal
-- Only those of a day are counted, so that older ones go.
WITH gone AS (
    DELETE FROM document_refusals WHERE wallet_id = %(wallet_id)s AND at <= %(since)s
)
INSERT INTO document_refusals (wallet_id, at) VALUES (%(wallet_id)s, %(now)s)

-- name: supersede
UPDATE documents SET superseded_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND superseded_at IS NULL

-- name: add_document
INSERT INTO documents (
    wallet_id, document_id, person_id, kind, country, residency, number_cipher, number_index,
    number_tail, surname, given, native, also_written, mrz_name, name_truncated, corrections,
    birth_date, sex, valid_until, supersedes, name_change_id, created_at
) VALUES (
    %(wallet_id)s, %(document_id)s, %(person_id)s, %(kind)s, %(country)s, %(residency)s,
    %(number_cipher)s, %(number_index)s, %(number_tail)s, %(surname)s, %(given)s, %(native)s,
    %(also_written)s, %(mrz_name)s, %(name_truncated)s, %(corrections)s, %(birth_date)s, %(sex)s,
    %(valid_until)s, %(supersedes)s, %(name_change_id)s, %(now)s
)

-- name: find_name_change
-- One that operators allow now and that no document has used.
SELECT name_change_id FROM name_changes AS n
WHERE wallet_id = %(wallet_id)s AND approved_at IS NOT NULL AND withdrawn_at IS NULL
    AND until > %(now)s
    AND NOT EXISTS (
        SELECT FROM documents AS d
        WHERE d.wallet_id = n.wallet_id AND d.name_change_id = n.name_change_id
    )

-- name: set_identity
-- With another number, every bank that ever confirmed a card was told an older one, but for those
-- that were last told this very one: a holder may go back to a document that is still good. What
-- was told in wallets that they have closed counts once a bank knows that they are the same.
WITH theirs AS (
    SELECT e.wallet_id
    FROM wallets AS w
    JOIN wallets AS e ON e.wallet_id = w.wallet_id
        OR (w.verified_at IS NOT NULL AND e.person_id = w.person_id)
    WHERE w.wallet_id = %(wallet_id)s
)
UPDATE wallets
SET person_id = %(person_id)s, residency = %(residency)s, document_kind = %(kind)s,
    document_valid_until = %(valid_until)s, facts_changed_at = %(now)s,
    data_missing = %(data_missing)s, data_confirmed_at = %(now)s,
    stale_banks = CASE WHEN NOT %(renumbered)s THEN stale_banks ELSE ARRAY(
        SELECT behind.bank
        FROM (
            SELECT bank, place FROM unnest(wallets.stale_banks) WITH ORDINALITY AS b (bank, place)
            UNION ALL
            SELECT DISTINCT bank, NULL::bigint FROM cards
            WHERE wallet_id IN (SELECT wallet_id FROM theirs) AND linked_at IS NOT NULL
                AND NOT wallets.stale_banks @> ARRAY[bank]
        ) AS behind
        WHERE (
            SELECT (d.number_index, d.number_tail) = (%(number_index)s, %(number_tail)s)
            FROM cards AS c
            JOIN documents AS d USING (wallet_id, document_id)
            WHERE c.wallet_id IN (SELECT wallet_id FROM theirs)
                AND c.bank = behind.bank AND c.linked_at IS NOT NULL
            ORDER BY c.linked_at DESC, c.card_id DESC
            LIMIT 1
        ) IS NOT TRUE
        ORDER BY behind.place NULLS LAST, behind.bank
    ) END
WHERE wallet_id = %(wallet_id)s

-- name: clear_identity
-- As if no document had been shown.
UPDATE wallets
SET person_id = NULL, residency = NULL, document_kind = NULL, document_valid_until = NULL,
    evidence = '{}', data_missing = '{}', data_confirmed_at = NULL, stale_banks = '{}',
    facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s

-- name: find_data
SELECT d.sex, h.sex AS stated_sex, h.occupation_cipher, h.address_cipher, w.data_confirmed_at
FROM wallets w
JOIN documents d ON d.wallet_id = w.wallet_id AND d.superseded_at IS NULL
LEFT JOIN identity_data h ON h.wallet_id = w.wallet_id
WHERE w.wallet_id = %(wallet_id)s

-- name: keep_data
-- What is not given stays as it was.
INSERT INTO identity_data AS h (wallet_id, sex, occupation_cipher, address_cipher, confirmed_at)
VALUES (%(wallet_id)s, %(sex)s, %(occupation_cipher)s, %(address_cipher)s, %(now)s)
ON CONFLICT (wallet_id) DO UPDATE
SET sex = coalesce(excluded.sex, h.sex),
    occupation_cipher = coalesce(excluded.occupation_cipher, h.occupation_cipher),
    address_cipher = coalesce(excluded.address_cipher, h.address_cipher),
    confirmed_at = excluded.confirmed_at

-- name: set_data
-- `facts_changed_at` stays: rules about other facts are left as they were.
UPDATE wallets
SET data_missing = %(data_missing)s, data_confirmed_at = %(now)s
WHERE wallet_id = %(wallet_id)s

-- name: add_evidence
INSERT INTO evidence (
    wallet_id, evidence_id, source, outcome, compared, document_id, card_id, at
) VALUES (
    %(wallet_id)s, %(evidence_id)s, %(source)s, %(outcome)s, %(compared)s, %(document_id)s,
    %(card_id)s, %(at)s
) ON CONFLICT (wallet_id, evidence_id) DO NOTHING

-- name: list_evidence
SELECT evidence_id, source, outcome, compared, document_id, card_id, at
FROM evidence WHERE wallet_id = %(wallet_id)s ORDER BY at DESC, evidence_id DESC

-- name: refresh_evidence
-- A source confirms the holder while its latest answer about a document of theirs does. Banks are
-- counted by their cards.
UPDATE wallets w SET evidence = e.sources, facts_changed_at = %(now)s
FROM (
    SELECT coalesce(array_agg(source ORDER BY source), '{}') AS sources
    FROM (
        SELECT DISTINCT ON (source) source, outcome
        FROM evidence
        WHERE wallet_id = %(wallet_id)s AND card_id IS NULL AND document_id = ANY(%(document_ids)s)
        ORDER BY source, at DESC, evidence_id DESC
    ) latest
    WHERE outcome = 'MATCH'
) e
WHERE w.wallet_id = %(wallet_id)s AND w.status = 'open' AND w.evidence <> e.sources

-- name: count_answers
-- How often each source answered about a document, and whether it ended with a yes.
SELECT source, count(*) AS answers,
    (array_agg(outcome ORDER BY at DESC, evidence_id DESC))[1] = 'MATCH' AS confirmed
FROM evidence
WHERE wallet_id = %(wallet_id)s AND document_id = %(document_id)s AND card_id IS NULL
GROUP BY source

-- name: find_phone_cipher
SELECT phone_cipher FROM wallets WHERE wallet_id = %(wallet_id)s
