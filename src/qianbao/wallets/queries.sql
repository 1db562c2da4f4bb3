-- Signing up and in, the PIN, the row of facts, legal holds and cases.

-- ── Sign-up ────────────────────────────────────────────────────────────────────────────────────

-- name: lock_phone
-- Sign-ups of one phone wait for each other, so that their number in an hour is counted rightly.
SELECT pg_advisory_xact_lock(hashtextextended(encode(%(phone_index)s, 'hex'), 0))

-- name: find_signup
SELECT signup_id, phone_index, phone_cipher, code_hash, attempts, language, purpose, expires_at,
    confirmed_at
FROM signups WHERE signup_id = %(signup_id)s

-- name: lock_signup
SELECT signup_id, phone_index, phone_cipher, code_hash, attempts, language, purpose, expires_at,
    confirmed_at
FROM signups WHERE signup_id = %(signup_id)s FOR UPDATE

-- name: count_signups
SELECT count(*) FROM signups WHERE phone_index = %(phone_index)s AND created_at > %(since)s

-- name: last_unused_signup_at
-- A code that was used is no reason to wait for the next one.
SELECT max(created_at) FROM signups
WHERE phone_index = %(phone_index)s AND purpose = %(purpose)s AND confirmed_at IS NULL
HAVING count(*) > 0

-- name: add_signup
INSERT INTO signups (
    signup_id, phone_index, phone_cipher, code_hash, language, purpose, address_index, created_at,
    expires_at
) VALUES (
    %(signup_id)s, %(phone_index)s, %(phone_cipher)s, %(code_hash)s, %(language)s, %(purpose)s,
    %(address_index)s, %(now)s, %(expires_at)s
)

-- name: lock_address
-- As `lock_phone`, after it.
SELECT pg_advisory_xact_lock(hashtextextended(encode(%(address_index)s, 'hex'), 1))

-- name: nth_signup_of_address
SELECT created_at FROM signups
WHERE address_index = %(address_index)s AND created_at > %(since)s
ORDER BY created_at DESC OFFSET %(skipped)s LIMIT 1

-- name: nth_signup
SELECT created_at FROM signups
WHERE created_at > %(since)s
ORDER BY created_at DESC OFFSET %(skipped)s LIMIT 1

-- name: count_wrong_code
UPDATE signups SET attempts = attempts + 1 WHERE signup_id = %(signup_id)s

-- name: use_signup
UPDATE signups SET confirmed_at = %(now)s WHERE signup_id = %(signup_id)s AND confirmed_at IS NULL

-- name: count_proof
-- Counted before it is looked at, while the phone is locked. No row: those of `since` are used up.
UPDATE signups SET proofs = proofs + 1
WHERE signup_id = %(signup_id)s AND %(most)s > (
    SELECT sum(x.proofs) FROM signups x
    WHERE x.phone_index = signups.phone_index AND x.created_at > %(since)s)
RETURNING (
    SELECT sum(x.proofs) FROM signups x
    WHERE x.phone_index = signups.phone_index AND x.created_at > %(since)s)::int + 1

-- name: forgive_proof
UPDATE signups SET proofs = proofs - 1 WHERE signup_id = %(signup_id)s

-- name: find_closed_wallets
SELECT w.wallet_id, w.opened_at, k.closed_at
FROM wallets w
JOIN closures k ON k.wallet_id = w.wallet_id
WHERE w.phone_index = %(phone_index)s AND w.status = 'closed'
ORDER BY k.closed_at DESC, w.wallet_id LIMIT %(most)s

-- ── Opening and closing the row ────────────────────────────────────────────────────────────────

-- name: find_phone
SELECT wallet_id FROM phones WHERE phone_index = %(phone_index)s

-- name: take_phone
INSERT INTO phones (phone_index, wallet_id) VALUES (%(phone_index)s, %(wallet_id)s)
ON CONFLICT (phone_index) DO NOTHING

-- name: release_phone
DELETE FROM phones p USING wallets w
WHERE w.wallet_id = %(wallet_id)s AND p.phone_index = w.phone_index
    AND p.wallet_id = w.wallet_id

-- name: add_wallet
INSERT INTO wallets (
    wallet_id, currency, phone_index, phone_cipher, phone_tail, language, time_zone, pin_hash,
    opened_at, bucket, facts_changed_at
) VALUES (
    %(wallet_id)s, %(currency)s, %(phone_index)s, %(phone_cipher)s, %(phone_tail)s, %(language)s,
    %(time_zone)s, %(pin_hash)s, %(now)s, %(bucket)s, %(now)s
) ON CONFLICT (wallet_id) DO NOTHING

-- name: mark_closed
UPDATE wallets SET status = 'closed', facts_changed_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND status = 'open'

-- ── PIN ────────────────────────────────────────────────────────────────────────────────────────

-- name: count_pin_attempt
-- Counted before it is looked at, one at a time: `pin_looked_at_until` says whose turn it is, and
-- is the machine's time, for it bounds how long a process takes. A lock that has run out starts the
-- count again. No row: another is looked at, locked, or no such wallet.
UPDATE wallets
SET pin_failures = CASE WHEN pin_locked_until IS NULL THEN pin_failures + 1 ELSE 1 END,
    pin_wrong_hash = CASE WHEN pin_locked_until IS NULL THEN pin_wrong_hash END,
    pin_locked_until = CASE
        WHEN CASE WHEN pin_locked_until IS NULL THEN pin_failures + 1 ELSE 1 END >= %(attempts)s
        THEN %(lock_until)s::timestamptz
    END,
    pin_looked_at_until = clock_timestamp() + make_interval(secs => %(look_seconds)s)
WHERE wallet_id = %(wallet_id)s
    AND (pin_looked_at_until IS NULL OR pin_looked_at_until <= clock_timestamp())
    AND (pin_locked_until IS NULL OR pin_locked_until <= %(now)s)
RETURNING pin_hash, pin_wrong_hash, pin_failures, pin_locked_until, time_zone, pin_looked_at_until

-- name: find_pin_lock
-- Whether another is looked at now: until then a lock may be one that it lifts again.
SELECT pin_locked_until, time_zone,
    coalesce(pin_looked_at_until > clock_timestamp(), false) AS looked_at,
    coalesce(pin_locked_until > %(now)s, false) AS locked
FROM wallets WHERE wallet_id = %(wallet_id)s

-- name: end_pin_attempt
-- The next may be looked at, unless this one took so long that the next already is. A right one
-- starts the count again; the same wrong one as before was no further try.
UPDATE wallets
SET pin_failures = CASE
        WHEN %(right)s THEN 0
        WHEN %(repeated)s THEN greatest(pin_failures - 1, 0)
        ELSE pin_failures
    END,
    pin_locked_until = CASE
        WHEN %(right)s OR %(repeated)s AND pin_locked_until = %(locked_until)s THEN NULL
        ELSE pin_locked_until
    END,
    pin_wrong_hash = %(wrong_hash)s,
    pin_looked_at_until = nullif(pin_looked_at_until, %(looked_at_until)s)
WHERE wallet_id = %(wallet_id)s

-- name: set_pin
-- Whatever was tried before, the new one starts with all its tries.
UPDATE wallets
SET pin_hash = %(pin_hash)s, pin_failures = 0, pin_locked_until = NULL, pin_wrong_hash = NULL
WHERE wallet_id = %(wallet_id)s

-- name: count_refused_resets
SELECT count(*) FROM pin_resets
WHERE wallet_id = %(wallet_id)s AND outcome = 'refused' AND at > %(since)s

-- name: add_pin_reset
INSERT INTO pin_resets (wallet_id, pin_reset_id, proof, outcome, at)
VALUES (%(wallet_id)s, %(pin_reset_id)s, %(proof)s, %(outcome)s, %(now)s)

-- ── Sessions ───────────────────────────────────────────────────────────────────────────────────

-- name: add_session
INSERT INTO sessions (token_hash, wallet_id, created_at, last_seen_at)
VALUES (%(token_hash)s, %(wallet_id)s, %(now)s, %(now)s)

-- name: find_sessions
-- Those in use. One last seen at `unseen` or before has been seen `now`.
WITH found AS (
    SELECT n.place, n.now, n.unseen, s.token_hash, s.wallet_id, s.last_seen_at
    FROM unnest(%(hashes)b::bytea[], %(since)b::timestamptz[], %(unseen)b::timestamptz[],
        %(nows)b::timestamptz[]) WITH ORDINALITY AS n (token_hash, since, unseen, now, place)
    CROSS JOIN LATERAL (
        SELECT * FROM sessions x
        WHERE x.token_hash = n.token_hash AND x.ended_at IS NULL AND x.last_seen_at > n.since
        LIMIT 1
    ) s
), used AS (
    UPDATE sessions s SET last_seen_at = f.now
    FROM found f WHERE s.token_hash = f.token_hash AND f.last_seen_at <= f.unseen
)
SELECT f.place, w.wallet_id, w.status, w.language,
    CASE WHEN w.pin_locked_until > f.now THEN w.pin_locked_until END AS pin_locked_until
FROM found f
CROSS JOIN LATERAL (SELECT * FROM wallets x WHERE x.wallet_id = f.wallet_id LIMIT 1) w

-- name: end_session
UPDATE sessions SET ended_at = %(now)s WHERE token_hash = %(token_hash)s AND ended_at IS NULL

-- name: end_other_sessions
UPDATE sessions SET ended_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND ended_at IS NULL AND token_hash <> %(token_hash)s

-- ── Receivers ──────────────────────────────────────────────────────────────────────────────────

-- name: count_look_up
-- A phone looked up again on the same day costs nothing. No row: the day's are used up.
INSERT INTO receiver_lookups AS r (wallet_id, day, phones)
VALUES (%(wallet_id)s, %(day)s, ARRAY[%(phone_index)s::bytea])
ON CONFLICT (wallet_id) DO UPDATE
SET day = excluded.day,
    phones = CASE WHEN r.day <> excluded.day THEN excluded.phones
                  WHEN r.phones @> excluded.phones THEN r.phones
                  ELSE r.phones || excluded.phones END
WHERE r.day <> excluded.day OR r.phones @> excluded.phones
   OR cardinality(r.phones) < %(most)s
RETURNING cardinality(phones)

-- ── Facts ──────────────────────────────────────────────────────────────────────────────────────

-- name: read_situations
-- Columns are named as the fields of policy.facts.Situation. A counter of an earlier day or year than
-- the holder's present one counts as 0 (of a later one: another process's clock is ahead). The day's
-- and the year's sums are a person's, over all the wallets they have had (domain.md 1.1, "limit
-- shared over"), so closing one resets neither; a legal hold is a person's, too.
SELECT w.wallet_id, w.status, w.residency, w.document_kind, w.document_valid_until, w.card_banks,
    w.evidence, w.opened_at, w.verified_at, a.last_used_at, w.facts_changed_at, w.mandates_active,
    w.pay_score_on, w.score_orders_open, w.in_flight, w.legal_hold OR o.legal_hold AS legal_hold,
    w.bucket,
    a.balance_minor, a.held_minor, w.currency, w.time_zone,
    CASE WHEN a.counted_on >= t.today THEN a.paid_today_minor ELSE 0 END + o.paid_today_minor
        AS paid_today_minor,
    CASE WHEN extract(year FROM a.counted_on) >= extract(year FROM t.today)
        THEN a.paid_this_year_minor ELSE 0 END + o.paid_this_year_minor AS paid_this_year_minor,
    a.moved_for_life_minor + o.moved_for_life_minor AS moved_for_life_minor,
    a.received_for_life_minor + o.received_for_life_minor AS received_for_life_minor,
    greatest(0, %(free_minor)s - coalesce(p.free_withdrawal_used_minor, 0))
        AS free_withdrawal_left_minor,
    w.stale_banks, w.data_missing, w.data_confirmed_at,
    CASE WHEN w.mandates_active = 0 THEN '{}' ELSE ARRAY(
        SELECT m.mandate_id FROM mandates m
        WHERE m.wallet_id = w.wallet_id AND m.state = 'active' ORDER BY m.mandate_id
    ) END AS mandates,
    CASE WHEN w.exemptions = 0 THEN '{}' ELSE ARRAY(
        SELECT x.policy FROM exemptions x
        WHERE x.wallet_id = w.wallet_id AND x.approved_at IS NOT NULL ORDER BY x.exemption_id
    ) END AS exempt_from,
    CASE WHEN w.exemptions = 0 THEN '{}' ELSE ARRAY(
        SELECT x.until FROM exemptions x
        WHERE x.wallet_id = w.wallet_id AND x.approved_at IS NOT NULL ORDER BY x.exemption_id
    ) END AS exempt_until,
    CASE WHEN w.fallen_out = 0 THEN '{}' ELSE ARRAY(
        SELECT f.policy FROM fallen_out f WHERE f.wallet_id = w.wallet_id ORDER BY f.policy
    ) END AS fell_out_of,
    CASE WHEN w.fallen_out = 0 THEN '{}' ELSE ARRAY(
        SELECT f.since FROM fallen_out f WHERE f.wallet_id = w.wallet_id ORDER BY f.policy
    ) END AS fell_out_at
FROM wallets w
JOIN accounts a ON a.owner_id = w.wallet_id AND a.account_id = w.currency
LEFT JOIN people p ON p.person_id = w.person_id
CROSS JOIN LATERAL (SELECT (%(now)s AT TIME ZONE w.time_zone)::date AS today) t
CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.paid_today_minor) FILTER (WHERE x.counted_on >= t.today), 0)::bigint
            AS paid_today_minor,
        coalesce(sum(x.paid_this_year_minor) FILTER (
            WHERE extract(year FROM x.counted_on) >= extract(year FROM t.today)), 0)::bigint
            AS paid_this_year_minor,
        coalesce(sum(x.moved_for_life_minor), 0)::bigint AS moved_for_life_minor,
        coalesce(sum(x.received_for_life_minor), 0)::bigint AS received_for_life_minor,
        coalesce(bool_or(e.legal_hold), false) AS legal_hold
    FROM wallets e
    JOIN accounts x ON x.owner_id = e.wallet_id AND x.account_id = e.currency
    WHERE e.person_id = w.person_id AND e.wallet_id <> w.wallet_id
) o
WHERE w.wallet_id = ANY(%(wallet_ids)b)

-- name: read_versions
-- The version of everything that read_situations gives and no payment changes: the wallet's row
-- (mandates, exemptions and grace change with theirs), the person's, and holds on others. Only who has
-- had several wallets has sums elsewhere: of their today, of their year, what has moved and come in for
-- life, and whether one is held.
SELECT w.wallet_id, w.xmin AS wallet_version, p.xmin AS person_version,
    CASE WHEN w.person_id IS NOT NULL THEN (
        SELECT ARRAY[
            coalesce(sum(x.paid_today_minor)
                FILTER (WHERE x.counted_on >= (%(now)s AT TIME ZONE w.time_zone)::date), 0)::bigint,
            coalesce(sum(x.paid_this_year_minor) FILTER (
                WHERE extract(year FROM x.counted_on)
                    >= extract(year FROM %(now)s AT TIME ZONE w.time_zone)), 0)::bigint,
            sum(x.moved_for_life_minor)::bigint, sum(x.received_for_life_minor)::bigint,
            bool_or(e.legal_hold)::int::bigint
        ]
        FROM wallets e
        JOIN accounts x ON x.owner_id = e.wallet_id AND x.account_id = e.currency
        WHERE e.person_id = w.person_id AND e.wallet_id <> w.wallet_id
        HAVING count(*) > 0
    ) END AS elsewhere
FROM wallets w
LEFT JOIN people p ON p.person_id = w.person_id
WHERE w.wallet_id = ANY(%(wallet_ids)b)

-- ── Profile ────────────────────────────────────────────────────────────────────────────────────

-- name: set_language
UPDATE wallets SET language = %(language)s WHERE wallet_id = %(wallet_id)s

-- name: find_wallet
SELECT w.wallet_id, w.person_id, w.status, w.phone_tail, w.language, w.time_zone, w.currency,
    a.balance_minor, a.held_minor, w.residency, w.document_kind, w.document_valid_until,
    w.opened_at, w.verified_at, k.closed_at
FROM wallets w
JOIN accounts a ON a.owner_id = w.wallet_id AND a.account_id = w.currency
LEFT JOIN closures k ON k.wallet_id = w.wallet_id
WHERE w.wallet_id = %(wallet_id)s

-- name: find_wallets_by_phone
SELECT w.wallet_id, w.person_id, w.status, w.phone_tail, w.language, w.time_zone, w.currency,
    a.balance_minor, a.held_minor, w.residency, w.document_kind, w.document_valid_until,
    w.opened_at, w.verified_at, k.closed_at
FROM wallets w
JOIN accounts a ON a.owner_id = w.wallet_id AND a.account_id = w.currency
LEFT JOIN closures k ON k.wallet_id = w.wallet_id
WHERE w.phone_index = %(phone_index)s
ORDER BY w.opened_at DESC, w.wallet_id DESC

-- name: find_phone_cipher
SELECT phone_cipher FROM wallets WHERE wallet_id = %(wallet_id)s

-- ── Legal holds ────────────────────────────────────────────────────────────────────────────────

-- name: lock_wallet
SELECT status, language FROM wallets WHERE wallet_id = %(wallet_id)s FOR NO KEY UPDATE

-- name: add_legal_hold
INSERT INTO legal_holds (wallet_id, legal_hold_id, reference, entered_by, entered_at)
VALUES (%(wallet_id)s, %(legal_hold_id)s, %(reference)s, %(operator)s, %(now)s)
ON CONFLICT (wallet_id, legal_hold_id) DO NOTHING

-- name: find_legal_hold
SELECT wallet_id, legal_hold_id, reference, entered_by, entered_at, approved_by, approved_at,
    lift_proposed_by, lift_proposed_at, lifted_by, lifted_at
FROM legal_holds WHERE wallet_id = %(wallet_id)s AND legal_hold_id = %(legal_hold_id)s

-- name: list_legal_holds
-- Those on the person's other wallets, too.
SELECT h.wallet_id, h.legal_hold_id, h.reference, h.entered_by, h.entered_at, h.approved_by,
    h.approved_at, h.lift_proposed_by, h.lift_proposed_at, h.lifted_by, h.lifted_at
FROM wallets w
JOIN wallets e ON e.wallet_id = w.wallet_id OR e.person_id = w.person_id
JOIN legal_holds h ON h.wallet_id = e.wallet_id
WHERE w.wallet_id = %(wallet_id)s ORDER BY h.entered_at DESC, h.legal_hold_id DESC

-- name: approve_legal_hold
UPDATE legal_holds SET approved_by = %(operator)s, approved_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND legal_hold_id = %(legal_hold_id)s AND approved_at IS NULL

-- name: propose_lift
UPDATE legal_holds SET lift_proposed_by = %(operator)s, lift_proposed_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND legal_hold_id = %(legal_hold_id)s
    AND lift_proposed_by IS NULL AND lifted_at IS NULL

-- name: keep_legal_hold
UPDATE legal_holds SET lift_proposed_by = NULL, lift_proposed_at = NULL
WHERE wallet_id = %(wallet_id)s AND legal_hold_id = %(legal_hold_id)s AND lifted_at IS NULL

-- name: lift_legal_hold
UPDATE legal_holds SET lifted_by = %(operator)s, lifted_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND legal_hold_id = %(legal_hold_id)s AND lifted_at IS NULL

-- name: set_legal_hold
-- The wallet's own part of the fact follows the rows: held while any approved order stands.
UPDATE wallets w SET legal_hold = h.held, facts_changed_at = %(now)s
FROM (
    SELECT EXISTS (
        SELECT FROM legal_holds
        WHERE wallet_id = %(wallet_id)s AND approved_at IS NOT NULL AND lifted_at IS NULL
    ) AS held
) h
WHERE w.wallet_id = %(wallet_id)s AND w.legal_hold <> h.held

-- name: find_person_held
-- Whether an order stands on any wallet of the person, and whom to tell: this wallet, and the open one.
SELECT bool_or(e.legal_hold) AS held,
    array_agg(e.wallet_id ORDER BY e.wallet_id)
        FILTER (WHERE e.status = 'open' OR e.wallet_id = w.wallet_id) AS wallet_ids
FROM wallets w
JOIN wallets e ON e.wallet_id = w.wallet_id OR e.person_id = w.person_id
WHERE w.wallet_id = %(wallet_id)s

-- ── Cases ──────────────────────────────────────────────────────────────────────────────────────

-- name: add_case
INSERT INTO cases (wallet_id, case_id, subject, body, legal_hold_id, state, created_at)
VALUES (
    %(wallet_id)s, %(case_id)s, %(subject)s, %(body)s, %(legal_hold_id)s, 'open', %(now)s
)
ON CONFLICT (wallet_id, case_id) DO NOTHING

-- name: find_case
SELECT wallet_id, case_id, subject, body, legal_hold_id, state, answer, answered_by, created_at,
    answered_at
FROM cases WHERE wallet_id = %(wallet_id)s AND case_id = %(case_id)s

-- name: list_cases
SELECT wallet_id, case_id, subject, body, legal_hold_id, state, answer, answered_by, created_at,
    answered_at
FROM cases WHERE wallet_id = %(wallet_id)s ORDER BY case_id DESC

-- name: open_cases_of
-- A legal hold on another wallet of the same person binds this one, so its case is here, too.
SELECT c.wallet_id, c.case_id, c.subject, c.body, c.legal_hold_id, c.state, c.answer,
    c.answered_by, c.created_at, c.answered_at
FROM wallets w
JOIN wallets e ON e.wallet_id = w.wallet_id OR e.person_id = w.person_id
JOIN cases c ON c.wallet_id = e.wallet_id
WHERE w.wallet_id = %(wallet_id)s AND c.state = 'open'
    AND (e.wallet_id = w.wallet_id OR c.legal_hold_id IS NOT NULL)
ORDER BY c.case_id DESC

-- name: list_open_cases
SELECT wallet_id, case_id, subject, body, legal_hold_id, state, answer, answered_by, created_at,
    answered_at
FROM cases WHERE state = 'open' AND legal_hold_id IS NULL ORDER BY case_id LIMIT %(limit)s

-- name: answer_case
UPDATE cases SET state = 'answered', answer = %(answer)s, answered_by = %(operator)s,
    answered_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND case_id = %(case_id)s AND state = 'open'

-- name: close_case_of_hold
UPDATE cases SET state = 'answered', answer = %(answer)s, answered_by = %(operator)s,
    answered_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND legal_hold_id = %(legal_hold_id)s AND state = 'open'

-- name: find_texted
SELECT language, phone_cipher FROM wallets WHERE wallet_id = %(wallet_id)s AND status = 'open'

-- name: replaced_documents
-- Documents that something unsettled was told about, and that were replaced.
SELECT DISTINCT d.wallet_id, d.document_id, d.kind
FROM notices n
JOIN documents d ON d.wallet_id = n.wallet_id AND n.about = 'document:' || d.document_id
WHERE n.settled_at IS NULL AND n.about <> '' AND d.superseded_at IS NOT NULL
    AND (n.wallet_id = %(wallet_id)s OR %(wallet_id)s = '')
LIMIT %(limit)s

-- name: claim_reminders
-- Present documents that have come so near their last day that a reminder is due, or are past it
-- (-1), marked as reminded in the same statement. The widest margin bounds the search by the index;
-- the holder's own day counts.
WITH due AS (
    SELECT near.*, reached.days_before
    FROM (
        SELECT d.wallet_id, d.document_id, d.kind, d.valid_until,
            d.valid_until - (%(now)s AT TIME ZONE w.time_zone)::date AS days_left
        FROM documents d JOIN wallets w USING (wallet_id)
        WHERE d.superseded_at IS NULL AND w.status = 'open'
            AND d.valid_until <= %(now)s::date + 1 + (SELECT max(day) FROM unnest(%(days)s::smallint[]) AS day)
    ) AS near
    CROSS JOIN LATERAL (
        SELECT CASE WHEN near.days_left < 0 THEN -1 ELSE min(day) END AS days_before
        FROM unnest(%(days)s::smallint[]) AS day WHERE day >= near.days_left
    ) AS reached
    WHERE reached.days_before IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM document_reminders r
            WHERE r.wallet_id = near.wallet_id AND r.document_id = near.document_id
                AND r.days_before <= reached.days_before
        )
    ORDER BY near.valid_until, near.wallet_id
    LIMIT %(limit)s
), claimed AS (
    INSERT INTO document_reminders (wallet_id, document_id, days_before, sent_at)
    SELECT wallet_id, document_id, days_before, %(now)s FROM due
    ON CONFLICT DO NOTHING
    RETURNING wallet_id, document_id
)
SELECT due.wallet_id, due.document_id, due.kind, due.valid_until, due.days_left
FROM due JOIN claimed USING (wallet_id, document_id)
ORDER BY due.valid_until, due.wallet_id
