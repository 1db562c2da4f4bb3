-- The life of policies, and the operators who lead it.

-- name: lock_revision
-- Whoever changes what is in force holds this row until the end of the transaction.
SELECT revision FROM policy_revision FOR UPDATE

-- name: raise_revision
UPDATE policy_revision SET revision = revision + 1

-- name: in_force
-- One statement, so that the revision and the policies are of the same moment.
SELECT revision, policy, body
FROM policy_revision LEFT JOIN policies ON state = 'published'
ORDER BY policy

-- name: revision
SELECT revision FROM policy_revision

-- name: count_policies
SELECT count(*) FROM policies

-- name: find_version
SELECT policy, version, body, state, drafted_by, drafted_at, published_by, published_at,
    retire_proposed_by, retire_proposed_at, retired_by, retired_at
FROM policies WHERE policy = %(policy)s AND version = %(version)s

-- name: find_published
SELECT policy, version, body, state, drafted_by, drafted_at, published_by, published_at,
    retire_proposed_by, retire_proposed_at, retired_by, retired_at
FROM policies WHERE policy = %(policy)s AND state = 'published'

-- name: list_versions
SELECT policy, version, body, state, drafted_by, drafted_at, published_by, published_at,
    retire_proposed_by, retire_proposed_at, retired_by, retired_at
FROM policies WHERE policy = %(policy)s OR %(policy)s = '' ORDER BY policy, version DESC

-- name: add_version
INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at)
VALUES (%(policy)s, %(version)s, %(body)s, 'draft', %(operator)s, %(now)s)
ON CONFLICT (policy, version) DO NOTHING

-- name: replace_published
UPDATE policies SET state = 'replaced' WHERE policy = %(policy)s AND state = 'published'

-- name: set_published
UPDATE policies SET state = 'published', published_by = %(operator)s, published_at = %(now)s
WHERE policy = %(policy)s AND version = %(version)s

-- name: propose_retirement
UPDATE policies SET retire_proposed_by = %(operator)s, retire_proposed_at = %(now)s
WHERE policy = %(policy)s AND state = 'published'

-- name: keep_published
UPDATE policies SET retire_proposed_by = NULL, retire_proposed_at = NULL
WHERE policy = %(policy)s AND state = 'published'

-- name: retire_published
UPDATE policies SET state = 'retired', retired_by = %(operator)s, retired_at = %(now)s
WHERE policy = %(policy)s AND state = 'published'

-- name: share_revision
-- Whoever needs what is in force to stay so until the end of the transaction.
SELECT revision FROM policy_revision FOR SHARE

-- name: count_standing_holds
SELECT count(*) FROM legal_holds WHERE approved_at IS NOT NULL AND lifted_at IS NULL

-- name: latest_losses
-- The largest number of wallets that lose one capability, by the version's latest simulation.
SELECT coalesce((
    SELECT max((change ->> 'loses')::bigint) FROM jsonb_array_elements(result -> 'changes') AS change
), 0)
FROM simulations WHERE policy = %(policy)s AND version = %(version)s
ORDER BY created_at DESC, simulation_id DESC LIMIT 1

-- name: add_simulation
INSERT INTO simulations (simulation_id, policy, version, as_of, engine, result, run_by, created_at)
VALUES (%(simulation_id)s, %(policy)s, %(version)s, %(as_of)s, %(engine)s, %(result)s, %(operator)s, %(now)s)

-- name: find_simulation
SELECT simulation_id, policy, version, as_of, engine, result, run_by, created_at
FROM simulations WHERE simulation_id = %(simulation_id)s

-- name: list_simulations
SELECT simulation_id, policy, version, as_of, engine, result, run_by, created_at
FROM simulations WHERE policy = %(policy)s ORDER BY created_at DESC LIMIT 20

-- name: add_operator
INSERT INTO operators (operator_id, name, password_hash, created_at)
VALUES (%(operator_id)s, %(name)s, %(password_hash)s, %(now)s)
ON CONFLICT (name) DO NOTHING

-- name: find_operator
SELECT operator_id, name, password_hash, failures, locked_until
FROM operators WHERE name = %(name)s AND disabled_at IS NULL FOR UPDATE

-- name: count_attempt
UPDATE operators SET failures = %(failures)s, locked_until = %(locked_until)s
WHERE operator_id = %(operator_id)s

-- name: forget_attempts
UPDATE operators SET failures = 0, locked_until = NULL WHERE operator_id = %(operator_id)s

-- name: add_session
INSERT INTO operator_sessions (token_hash, operator_id, created_at, last_seen_at)
VALUES (%(token_hash)s, %(operator_id)s, %(now)s, %(now)s)

-- name: touch_session
UPDATE operator_sessions AS s SET last_seen_at = %(now)s
FROM operators AS o
WHERE s.token_hash = %(token_hash)s AND s.ended_at IS NULL AND s.last_seen_at > %(idle_since)s
    AND o.operator_id = s.operator_id AND o.disabled_at IS NULL
RETURNING o.operator_id, o.name

-- name: end_session
UPDATE operator_sessions SET ended_at = %(now)s
WHERE token_hash = %(token_hash)s AND ended_at IS NULL

-- name: list_operators
SELECT o.operator_id, o.name, o.created_at, o.disabled_at, max(s.last_seen_at) AS last_seen_at
FROM operators AS o LEFT JOIN operator_sessions AS s USING (operator_id)
GROUP BY o.operator_id ORDER BY o.name

-- name: set_password
UPDATE operators SET password_hash = %(password_hash)s, failures = 0, locked_until = NULL
WHERE name = %(name)s RETURNING operator_id, name

-- name: disable_operator
UPDATE operators SET disabled_at = coalesce(disabled_at, %(now)s)
WHERE name = %(name)s RETURNING operator_id, name

-- name: enable_operator
UPDATE operators SET disabled_at = NULL, failures = 0, locked_until = NULL
WHERE name = %(name)s RETURNING operator_id, name

-- name: end_every_session
UPDATE operator_sessions SET ended_at = %(now)s
WHERE operator_id = %(operator_id)s AND ended_at IS NULL

-- name: add_audit
INSERT INTO audit (audit_id, operator, action, subject, detail, at)
VALUES (%(audit_id)s, %(operator)s, %(action)s, %(subject)s, %(detail)s, %(now)s)

-- name: list_audit
SELECT audit_id, operator, action, subject, detail, at, coalesce(o.name, '') AS subject_name
FROM audit LEFT JOIN operators AS o ON o.operator_id = subject
WHERE (%(before)s = '' OR audit_id < %(before)s) AND (%(subject)s = '' OR subject = %(subject)s)
    AND (%(kind)s = '' OR split_part(action, '.', 1) = %(kind)s)
ORDER BY audit_id DESC LIMIT %(limit)s

-- name: situations
-- Every open wallet's row of facts, its columns named as `policy.facts.Situation`'s and reckoned as
-- `wallets.situation` does: a counter of an earlier day or year than that of %(now)s counts as 0,
-- and the day's and year's sums are over all the wallets that a person has had; so are legal holds.
-- Few people have had several wallets: they are found first, for all in one go.
WITH several AS MATERIALIZED (
    SELECT person_id FROM wallets
    WHERE person_id IS NOT NULL GROUP BY person_id HAVING count(*) > 1
)
SELECT
    w.wallet_id, w.status, w.residency, w.document_kind, w.document_valid_until, w.card_banks,
    w.evidence, w.opened_at, w.verified_at, c.last_used_at, w.facts_changed_at, w.mandates_active,
    w.pay_score_on, w.score_orders_open, w.in_flight,
    w.legal_hold OR coalesce(o.legal_hold, false) AS legal_hold,
    w.bucket, w.currency, w.time_zone, a.balance_minor, a.held_minor,
    CASE WHEN c.day >= t.today THEN c.paid_today_minor ELSE 0 END + coalesce(o.paid_today_minor, 0)
        AS paid_today_minor,
    CASE WHEN c.year >= extract(year FROM t.today) THEN c.paid_this_year_minor ELSE 0 END
        + coalesce(o.paid_this_year_minor, 0) AS paid_this_year_minor,
    c.moved_for_life_minor, c.received_for_life_minor, w.stale_banks
FROM wallets AS w
JOIN accounts AS a ON a.owner_id = w.wallet_id AND a.account_id = w.currency
JOIN wallet_counters AS c ON c.wallet_id = w.wallet_id
CROSS JOIN LATERAL (
    SELECT (%(now)s::timestamptz AT TIME ZONE w.time_zone)::date AS today
) AS t
LEFT JOIN (
    SELECT v.wallet_id,
        coalesce(sum(x.paid_today_minor) FILTER (WHERE x.day >= d.today), 0)::bigint
            AS paid_today_minor,
        coalesce(sum(x.paid_this_year_minor)
            FILTER (WHERE x.year >= extract(year FROM d.today)), 0)::bigint AS paid_this_year_minor,
        bool_or(e.legal_hold) AS legal_hold
    FROM several AS s
    JOIN wallets AS v ON v.person_id = s.person_id
    JOIN wallets AS e ON e.person_id = v.person_id AND e.wallet_id <> v.wallet_id
    JOIN wallet_counters AS x ON x.wallet_id = e.wallet_id
    CROSS JOIN LATERAL (
        SELECT (%(now)s::timestamptz AT TIME ZONE v.time_zone)::date AS today
    ) AS d
    WHERE v.status = 'open'
    GROUP BY v.wallet_id
) AS o ON o.wallet_id = w.wallet_id
WHERE w.status = 'open'

-- name: snapshot
-- Not run as it stands: `snapshot` fills in the braces. A row a wallet of all facts as columns, and
-- what segments and ways out are told apart by besides. `OFFSET 0` keeps the planner from reckoning
-- each part again wherever it is used. Mandates that were charged since %(charged_since)s will be
-- again; only wallets that have mandates are looked at.
SELECT wallet_id, {columns}
FROM (SELECT *, {parts} FROM (
{situations}
) AS situations WHERE bucket >= {first} AND bucket < {after} OFFSET 0) AS wallet

-- name: read_alone
-- For a statement that reads everything once and is one of several that do so at the same time:
-- workers of its own would only take the others' time.
SELECT set_config('max_parallel_workers_per_gather', '0', true)

-- name: open_wallets_by_zone
SELECT time_zone, count(*) FROM wallets WHERE status = 'open' GROUP BY time_zone

-- name: population
-- Open wallets and their money, one row a currency.
SELECT w.currency, count(*) AS wallets, sum(a.balance_minor)::bigint AS balance_minor,
    count(*) FILTER (WHERE w.verified_at IS NOT NULL) AS verified
FROM wallets AS w
JOIN accounts AS a ON a.owner_id = w.wallet_id AND a.account_id = w.currency
WHERE w.status = 'open'
GROUP BY w.currency ORDER BY w.currency

-- name: waiting
-- What waits for an operator.
SELECT
    (SELECT count(*) FROM policies WHERE state = 'draft') AS drafts,
    (SELECT count(*) FROM policies
        WHERE state = 'published' AND retire_proposed_by IS NOT NULL) AS retirements,
    (SELECT count(*) FROM cases WHERE state = 'open' AND legal_hold_id IS NULL) AS cases,
    (SELECT count(*) FROM legal_holds
        WHERE (approved_by IS NULL OR lift_proposed_by IS NOT NULL) AND lifted_by IS NULL)
        AS legal_holds

-- name: holds_waiting
-- Orders that a second operator has to approve or to lift.
SELECT wallet_id, legal_hold_id, reference,
    CASE WHEN approved_by IS NULL THEN 'approve' ELSE 'lift' END AS asked,
    CASE WHEN approved_by IS NULL THEN entered_by ELSE lift_proposed_by END AS asked_by,
    CASE WHEN approved_by IS NULL THEN entered_at ELSE lift_proposed_at END AS asked_at
FROM legal_holds
WHERE (approved_by IS NULL OR lift_proposed_by IS NOT NULL) AND lifted_by IS NULL
ORDER BY asked_at LIMIT 100

-- name: refused_by_policy
-- Logged refusals for which this version was among the reasons. Ids begin with their moment.
SELECT capability, count(DISTINCT wallet_id) AS wallets, count(*) AS refusals,
    count(DISTINCT wallet_id) FILTER (WHERE jsonb_array_length(reasons) = 1) AS alone
FROM decisions
WHERE decision_id >= %(first)s AND outcome = 'blocked'
    AND reasons @> jsonb_build_array(jsonb_build_object(
        'policy', %(policy)s::text, 'version', %(version)s::int))
GROUP BY capability ORDER BY wallets DESC, capability

-- name: refused_wallets
SELECT count(DISTINCT wallet_id) AS wallets
FROM decisions
WHERE decision_id >= %(first)s AND outcome = 'blocked'
    AND reasons @> jsonb_build_array(jsonb_build_object(
        'policy', %(policy)s::text, 'version', %(version)s::int))
