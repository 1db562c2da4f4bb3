-- The life of policies, and the operators who lead it.

-- name: lock_revision
-- Whoever changes what is in force holds this row until the end of the transaction.
SELECT revision FROM policy_revision FOR UPDATE

-- name: raise_revision
UPDATE policy_revision SET revision = revision + 1

-- name: in_force
-- One statement, so that the revision and the policies are of the same moment.
SELECT revision, p.policy, p.body, (
    SELECT coalesce(jsonb_agg(
        jsonb_build_object('stopped_at', s.stopped_at, 'resumes_at', s.resumes_at)
        ORDER BY s.stopped_at
    ), '[]')
    FROM policy_stops AS s WHERE s.policy = p.policy AND s.version = p.version
) AS stops
FROM policy_revision LEFT JOIN policies AS p ON p.state = 'published'
ORDER BY p.policy

-- name: simulated_drafts
SELECT DISTINCT policy, version FROM policies JOIN simulations USING (policy, version)
WHERE state = 'draft' AND (policy = %(policy)s OR %(policy)s = '')

-- name: list_stops
-- The earliest first, as a policy keeps them.
SELECT policy, version, stopped_at, stopped_by, reason, refused, forecast, resumed_by, resumed_at,
    resumes_at
FROM policy_stops WHERE policy = %(policy)s OR %(policy)s = ''
ORDER BY policy, version, stopped_at

-- name: add_stop
INSERT INTO policy_stops (policy, version, stopped_at, stopped_by, reason, refused, forecast)
VALUES (%(policy)s, %(version)s, %(now)s, %(operator)s, %(reason)s, %(refused)s, %(forecast)s)

-- name: resume
UPDATE policy_stops
SET resumed_by = %(operator)s, resumed_at = %(now)s, resumes_at = %(resumes_at)s
WHERE policy = %(policy)s AND version = %(version)s AND resumed_at IS NULL

-- name: gather_from
-- From when on the log is looked at: a little before where the last look ended, because a batch
-- writes the moment it began, and commits later. This look ends at %(now)s.
UPDATE refusals_gathered AS g SET until = greatest(g.until, %(now)s) FROM refusals_gathered AS before
RETURNING greatest(before.until - %(overlap)s::interval, 'epoch')

-- name: gather_refusals
-- For the tripwire everybody who was refused; for the holders what somebody else asked for, and what a rule that is no limit
-- blocked without their having been told that it does. A charge that lacked the holder's own proof is
-- refused, too; ids of decisions begin with their moment.
WITH refusals AS (
    SELECT wallet_id, decision_id, at, capability, reasons
    FROM decisions WHERE outcome = 'blocked' AND at >= %(since)s
    UNION ALL
    SELECT wallet_id, decision_id, at, capability, asks
    FROM decisions
    WHERE decision_id >= %(first)s AND outcome = 'step_up' AND capability = 'be_charged'
), refused AS MATERIALIZED (
    SELECT d.wallet_id, d.decision_id, d.at, r ->> 'policy' AS policy,
        (r ->> 'version')::integer AS version, (r ->> 'headroom_minor')::bigint AS headroom_minor,
        CASE WHEN d.capability IN ('receive', 'be_charged') THEN d.capability ELSE '' END AS other
    FROM refusals AS d
    CROSS JOIN LATERAL jsonb_array_elements(d.reasons) AS r
    WHERE (r ->> 'policy', (r ->> 'version')::integer) IN (
        SELECT policy, version FROM policies WHERE state = 'published'
    )
), to_tell AS (
    INSERT INTO refusals_told (wallet_id, policy, day, other, decision_id)
    SELECT wallet_id, policy, (at AT TIME ZONE %(zone)s)::date, other, min(decision_id)
    FROM refused AS r
    WHERE other <> '' OR (headroom_minor IS NULL AND NOT EXISTS (
        SELECT FROM policy_notices AS n
        WHERE n.wallet_id = r.wallet_id AND n.policy = r.policy AND n.version = r.version
            AND n.step = 'blocked' AND n.over_at IS NULL
    ))
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (wallet_id, policy, day, other) DO NOTHING
)
INSERT INTO policy_refusals AS p (wallet_id, policy, version, refused_at)
SELECT wallet_id, policy, version, max(at) FROM refused
GROUP BY 1, 2, 3
ON CONFLICT (wallet_id, policy, version)
DO UPDATE SET refused_at = greatest(p.refused_at, excluded.refused_at)

-- name: take_refused
-- The next refusals to tell, the oldest first, each to one worker.
SELECT t.wallet_id, t.policy, t.day, t.other, d.at,
    (d.facts ->> 'amount_minor')::bigint AS amount_minor, r ->> 'sentence_en' AS sentence_en,
    r ->> 'sentence_zh' AS sentence_zh, (r ->> 'headroom_minor')::bigint AS headroom_minor
FROM refusals_told AS t
JOIN decisions AS d USING (wallet_id, decision_id)
CROSS JOIN LATERAL jsonb_array_elements(d.reasons || d.asks) AS r
WHERE t.told_at IS NULL AND r ->> 'policy' = t.policy
ORDER BY t.decision_id LIMIT %(limit)s FOR UPDATE OF t SKIP LOCKED

-- name: refused_told
UPDATE refusals_told SET told_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND policy = %(policy)s AND day = %(day)s
    AND other = %(other)s

-- name: blocked_told_since
SELECT 1 FROM policy_notices
WHERE wallet_id = %(wallet_id)s AND policy = %(policy)s AND step = 'blocked' AND over_at IS NULL
    AND told_at >= %(at)s

-- name: forget_refusals
DELETE FROM refusals_told WHERE (wallet_id, policy, day, other) IN (
    SELECT wallet_id, policy, day, other FROM refusals_told
    WHERE day < %(before)s ORDER BY day LIMIT %(limit)s)

-- name: count_refused
-- Of wallets that there were at %(known)s: what a forecast of that moment was of. Nobody stops a
-- rule by opening wallets.
SELECT count(*) FROM policy_refusals JOIN wallets USING (wallet_id)
WHERE policy = %(policy)s AND version = %(version)s AND refused_at >= %(since)s
    AND opened_at <= %(known)s

-- name: find_forecast
-- The last simulation before the version began to block (%(began)s) or was published, if that was
-- later: what is counted afterwards foretells nothing. Of one that nobody tried before, the first.
SELECT simulation_id, s.policy, s.version, as_of, engine, result, run_by, created_at
FROM simulations AS s JOIN policies AS p USING (policy, version)
CROSS JOIN LATERAL (SELECT created_at <= greatest(%(began)s, published_at) AS in_time) AS t
WHERE policy = %(policy)s AND version = %(version)s
ORDER BY in_time DESC, CASE WHEN in_time THEN created_at END DESC, created_at, simulation_id DESC
LIMIT 1

-- name: revision
SELECT revision FROM policy_revision

-- name: count_policies
SELECT count(*) FROM policies

-- name: find_version
SELECT policy, version, body, state, drafted_by, drafted_at, published_by, published_at,
    retire_proposed_by, retire_proposed_at, retired_by, retired_at, replaces, rolled_back_by,
    rolled_back_at, rollback_reason
FROM policies WHERE policy = %(policy)s AND version = %(version)s

-- name: find_published
SELECT policy, version, body, state, drafted_by, drafted_at, published_by, published_at,
    retire_proposed_by, retire_proposed_at, retired_by, retired_at, replaces, rolled_back_by,
    rolled_back_at, rollback_reason
FROM policies WHERE policy = %(policy)s AND state = 'published'

-- name: list_versions
SELECT policy, version, body, state, drafted_by, drafted_at, published_by, published_at,
    retire_proposed_by, retire_proposed_at, retired_by, retired_at, replaces, rolled_back_by,
    rolled_back_at, rollback_reason
FROM policies WHERE policy = %(policy)s OR %(policy)s = '' ORDER BY policy, version DESC

-- name: add_version
INSERT INTO policies (policy, version, body, state, drafted_by, drafted_at)
VALUES (%(policy)s, %(version)s, %(body)s, 'draft', %(operator)s, %(now)s)
ON CONFLICT (policy, version) DO NOTHING

-- name: replace_published
UPDATE policies SET state = 'replaced' WHERE policy = %(policy)s AND state = 'published'

-- name: set_published
UPDATE policies SET state = 'published', published_by = %(operator)s, published_at = %(now)s,
    replaces = %(replaces)s
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

-- name: roll_back_published
UPDATE policies SET state = 'rolled_back', rolled_back_by = %(operator)s, rolled_back_at = %(now)s,
    rollback_reason = %(reason)s
WHERE policy = %(policy)s AND state = 'published'

-- name: return_version
-- Nobody's publication: who published it first, and when, stays.
UPDATE policies SET state = 'published', retire_proposed_by = NULL, retire_proposed_at = NULL
WHERE policy = %(policy)s AND version = %(version)s AND state = 'replaced'

-- name: share_revision
-- Whoever needs what is in force to stay so until the end of the transaction.
SELECT revision FROM policy_revision FOR SHARE

-- name: count_standing_holds
SELECT count(*) FROM legal_holds WHERE approved_at IS NOT NULL AND lifted_at IS NULL

-- name: is_simulated
SELECT 1 FROM simulations
WHERE policy = %(policy)s AND version = %(version)s AND created_at >= %(since)s LIMIT 1

-- name: add_simulation
INSERT INTO simulations (simulation_id, policy, version, as_of, engine, result, run_by, created_at)
VALUES (%(simulation_id)s, %(policy)s, %(version)s, %(as_of)s, %(engine)s, %(result)s, %(operator)s, %(now)s)

-- name: find_simulation
SELECT simulation_id, policy, version, as_of, engine, result, run_by, created_at
FROM simulations WHERE simulation_id = %(simulation_id)s

-- name: list_simulations
SELECT simulation_id, policy, version, as_of, engine, result, run_by, created_at
FROM simulations WHERE policy = %(policy)s ORDER BY created_at DESC LIMIT 20

-- name: find_sweep
SELECT after, began_at, finished_at, EXISTS (
    SELECT FROM policy_sweeps AS o
    WHERE o.policy = s.policy AND o.version <> s.version AND o.began_at > s.began_at
) AS other_since
FROM policy_sweeps AS s WHERE policy = %(policy)s AND version = %(version)s FOR UPDATE

-- name: begin_sweep
INSERT INTO policy_sweeps (policy, version, after, began_at)
VALUES (%(policy)s, %(version)s, '', %(now)s)
ON CONFLICT (policy, version) DO UPDATE
SET after = '', began_at = excluded.began_at, finished_at = NULL

-- name: move_sweep
UPDATE policy_sweeps SET after = %(after)s, finished_at = %(finished_at)s
WHERE policy = %(policy)s AND version = %(version)s

-- name: affected
-- Not run as it stands: `tell` fills in the braces, one part a moment that is looked at.
SELECT wallet_id FROM ({parts}) AS parts GROUP BY wallet_id ORDER BY wallet_id LIMIT %(limit)s

-- name: affected_at
(SELECT wallet_id FROM ({situations}) AS situations
WHERE wallet_id > %(after)s AND {locked_out}
ORDER BY wallet_id LIMIT %(limit)s)

-- name: open_after
-- Everybody, in the order of their ids: where the facts of one wallet end the search for all.
SELECT wallet_id FROM wallets WHERE status = 'open' AND wallet_id > %(after)s
ORDER BY wallet_id LIMIT %(limit)s

-- name: told_standing
(SELECT DISTINCT wallet_id FROM policy_notices
WHERE policy = %(policy)s AND over_at IS NULL AND wallet_id > %(after)s
ORDER BY wallet_id LIMIT %(limit)s)

-- name: find_told
SELECT wallet_id, step FROM policy_notices
WHERE wallet_id = ANY(%(wallet_ids)s) AND policy = %(policy)s AND version = %(version)s
    AND stops = %(stops)s AND over_at IS NULL

-- name: add_told
INSERT INTO policy_notices (wallet_id, policy, version, stops, step, deadline, told_at)
VALUES (%(wallet_id)s, %(policy)s, %(version)s, %(stops)s, %(step)s, %(deadline)s, %(now)s)
ON CONFLICT (wallet_id, policy, version, stops, step) DO UPDATE
SET deadline = excluded.deadline, told_at = excluded.told_at, over_at = NULL
WHERE policy_notices.over_at IS NOT NULL

-- name: find_standing
-- Who was told of a policy, of any version, and not yet that it is over; and which day last.
SELECT wallet_id, bool_or(step = 'blocked') AS blocked, bool_or(version <> %(version)s) AS earlier,
    (array_agg(deadline ORDER BY told_at DESC))[1] AS deadline FROM policy_notices
WHERE wallet_id = ANY(%(wallet_ids)s) AND policy = %(policy)s AND over_at IS NULL
GROUP BY wallet_id

-- name: standing_of_gone
-- Those who were told of policies other than %(names)s, which are in force.
SELECT DISTINCT ON (wallet_id, policy) wallet_id, policy, body
FROM policy_notices JOIN policies USING (policy, version)
WHERE over_at IS NULL AND policy <> ALL(%(names)s)
ORDER BY wallet_id, policy, version DESC LIMIT %(limit)s

-- name: told_over
UPDATE policy_notices SET over_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND policy = %(policy)s AND over_at IS NULL

-- name: count_told
SELECT step, count(*) AS wallets FROM policy_notices
WHERE policy = %(policy)s AND version = %(version)s GROUP BY step

-- name: forget_told
-- An exemption gives a wallet other days, of which it is told anew.
DELETE FROM policy_notices WHERE wallet_id = %(wallet_id)s AND policy = %(policy)s

-- name: remember_fallen
-- With it the version of the wallets' rows changes, by which processes know them.
WITH fell AS (
    INSERT INTO fallen_out (wallet_id, policy, since)
    SELECT wallet_id, %(policy)s, since
    FROM unnest(%(wallet_ids)s::text[], %(sinces)s::timestamptz[]) AS f (wallet_id, since)
    ON CONFLICT (wallet_id, policy) DO UPDATE SET since = excluded.since
        WHERE fallen_out.since < excluded.since -- met meanwhile, by time alone
    RETURNING wallet_id, xmax = 0 AS added
)
UPDATE wallets AS w SET fallen_out = w.fallen_out + added::integer
FROM fell WHERE w.wallet_id = fell.wallet_id

-- name: forget_fallen
-- Those between two wallets of the sweep (`last` NULL: to the end) that are not out any more.
WITH back AS (
    DELETE FROM fallen_out
    WHERE policy = %(policy)s AND wallet_id > %(after)s
        AND (%(last)s::text IS NULL OR wallet_id <= %(last)s) AND wallet_id <> ALL(%(wallet_ids)s)
    RETURNING wallet_id
)
UPDATE wallets AS w SET fallen_out = w.fallen_out - 1 FROM back WHERE w.wallet_id = back.wallet_id

-- name: forget_unwatched
-- Those whose facts have changed since the last sweep was long past (NULL: everybody).
WITH unwatched AS (
    DELETE FROM fallen_out AS f USING wallets AS w, accounts AS a
    WHERE f.policy = %(policy)s AND w.wallet_id = f.wallet_id
        AND a.owner_id = w.wallet_id AND a.account_id = w.currency
        AND (%(known_until)s::timestamptz IS NULL
            OR greatest(w.facts_changed_at, w.data_confirmed_at) > %(known_until)s
            OR (%(by_use)s AND a.last_used_at > %(known_until)s))
    RETURNING f.wallet_id
)
UPDATE wallets AS w SET fallen_out = w.fallen_out - 1
FROM unwatched WHERE w.wallet_id = unwatched.wallet_id

-- name: add_exemption
INSERT INTO exemptions (wallet_id, exemption_id, policy, until, reason, proposed_by, proposed_at)
VALUES (%(wallet_id)s, %(exemption_id)s, %(policy)s, %(until)s, %(reason)s, %(operator)s, %(now)s)
ON CONFLICT (wallet_id, exemption_id) DO NOTHING

-- name: lock_wallet
SELECT wallet_id FROM wallets WHERE wallet_id = %(wallet_id)s FOR UPDATE

-- name: find_exemption
SELECT wallet_id, exemption_id, policy, until, reason, proposed_by, proposed_at, approved_by,
    approved_at, withdrawn_by, withdrawn_at
FROM exemptions WHERE wallet_id = %(wallet_id)s AND exemption_id = %(exemption_id)s

-- name: list_exemptions
SELECT wallet_id, exemption_id, policy, until, reason, proposed_by, proposed_at, approved_by,
    approved_at, withdrawn_by, withdrawn_at
FROM exemptions WHERE wallet_id = %(wallet_id)s ORDER BY proposed_at DESC, exemption_id DESC

-- name: approve_exemption
UPDATE exemptions SET approved_by = %(operator)s, approved_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND exemption_id = %(exemption_id)s

-- name: count_exemption
-- With it the version of the wallet's row changes, by which processes know it.
UPDATE wallets SET exemptions = exemptions + 1 WHERE wallet_id = %(wallet_id)s

-- name: withdraw_exemption
UPDATE exemptions SET withdrawn_by = %(operator)s, withdrawn_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND exemption_id = %(exemption_id)s

-- name: exempt_on
SELECT policy, array_agg(DISTINCT wallet_id ORDER BY wallet_id) AS wallet_ids
FROM exemptions WHERE approved_at IS NOT NULL AND until > %(at)s
GROUP BY policy

-- name: exemptions_waiting
-- Those that a second operator has to approve.
SELECT wallet_id, exemption_id, policy, until, reason, proposed_by, proposed_at, approved_by,
    approved_at, withdrawn_by, withdrawn_at
FROM exemptions WHERE approved_by IS NULL AND withdrawn_by IS NULL
ORDER BY proposed_at LIMIT 100

-- name: find_renaming
-- Locks the wallet; whether anybody's name is confirmed in it.
SELECT status = 'open' AND verified_at IS NOT NULL FROM wallets
WHERE wallet_id = %(wallet_id)s FOR UPDATE

-- name: find_set_aside
-- Whether anybody decides here but an operator (a bank has, or nobody uses the wallet any more),
-- whether a document is shown, and whether a legal hold of the same person stands anywhere.
SELECT w.status <> 'open' OR w.verified_at IS NOT NULL AS confirmed,
    EXISTS (
        SELECT FROM documents AS d WHERE d.wallet_id = w.wallet_id AND d.superseded_at IS NULL
    ) AS shown,
    w.legal_hold OR EXISTS (
        SELECT FROM wallets AS e WHERE e.person_id = w.person_id AND e.legal_hold
    ) AS held
FROM wallets AS w WHERE w.wallet_id = %(wallet_id)s

-- name: list_set_aside
-- The audit is the record of it.
SELECT subject AS wallet_id, detail->>'request' AS request_id, detail->>'document' AS document_id,
    detail->>'reason' AS reason, operator AS set_aside_by, at AS set_aside_at
FROM audit WHERE subject = %(wallet_id)s AND action = 'wallet.set_document_aside'
ORDER BY audit_id DESC

-- name: add_name_change
INSERT INTO name_changes (wallet_id, name_change_id, reason, proposed_by, proposed_at)
VALUES (%(wallet_id)s, %(name_change_id)s, %(reason)s, %(operator)s, %(now)s)

-- name: list_name_changes
SELECT n.wallet_id, n.name_change_id, n.reason, n.proposed_by, n.proposed_at, n.approved_by,
    n.approved_at, n.until, n.withdrawn_by, n.withdrawn_at, d.document_id, d.created_at AS used_at
FROM name_changes AS n
LEFT JOIN documents AS d ON d.wallet_id = n.wallet_id AND d.name_change_id = n.name_change_id
WHERE n.wallet_id = %(wallet_id)s ORDER BY n.proposed_at DESC, n.name_change_id DESC

-- name: approve_name_change
UPDATE name_changes SET approved_by = %(operator)s, approved_at = %(now)s, until = %(until)s
WHERE wallet_id = %(wallet_id)s AND name_change_id = %(name_change_id)s

-- name: withdraw_name_change
UPDATE name_changes SET withdrawn_by = %(operator)s, withdrawn_at = %(now)s
WHERE wallet_id = %(wallet_id)s AND name_change_id = %(name_change_id)s

-- name: name_changes_waiting
-- Those that a second operator has to approve.
SELECT n.wallet_id, n.name_change_id, n.reason, n.proposed_by, n.proposed_at, n.approved_by,
    n.approved_at, n.until, n.withdrawn_by, n.withdrawn_at, d.document_id, d.created_at AS used_at
FROM name_changes AS n
LEFT JOIN documents AS d ON d.wallet_id = n.wallet_id AND d.name_change_id = n.name_change_id
WHERE n.approved_by IS NULL AND n.withdrawn_by IS NULL
ORDER BY n.proposed_at LIMIT 100

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
-- and sums are over all the wallets that a person has had; so are legal holds.
-- Few people have had several wallets: they are found first, for all in one go.
WITH several AS MATERIALIZED (
    SELECT person_id FROM wallets
    WHERE person_id IS NOT NULL GROUP BY person_id HAVING count(*) > 1
)
SELECT
    w.wallet_id, w.status, w.residency, w.document_kind, w.document_valid_until, w.card_banks,
    w.evidence, w.opened_at, w.verified_at, a.last_used_at, w.facts_changed_at, w.mandates_active,
    w.pay_score_on, w.score_orders_open, w.in_flight,
    w.legal_hold OR coalesce(o.legal_hold, false) AS legal_hold,
    w.bucket, w.currency, w.time_zone, a.balance_minor, a.held_minor,
    CASE WHEN a.counted_on >= t.today THEN a.paid_today_minor ELSE 0 END
        + coalesce(o.paid_today_minor, 0) AS paid_today_minor,
    CASE WHEN extract(year FROM a.counted_on) >= extract(year FROM t.today)
        THEN a.paid_this_year_minor ELSE 0 END
        + coalesce(o.paid_this_year_minor, 0) AS paid_this_year_minor,
    a.moved_for_life_minor + coalesce(o.moved_for_life_minor, 0) AS moved_for_life_minor,
    a.received_for_life_minor + coalesce(o.received_for_life_minor, 0) AS received_for_life_minor,
    w.stale_banks,
    w.data_missing, w.data_confirmed_at
FROM wallets AS w
JOIN accounts AS a ON a.owner_id = w.wallet_id AND a.account_id = w.currency
CROSS JOIN LATERAL (
    SELECT (%(now)s::timestamptz AT TIME ZONE w.time_zone)::date AS today
) AS t
LEFT JOIN (
    SELECT v.wallet_id,
        coalesce(sum(x.paid_today_minor) FILTER (WHERE x.counted_on >= d.today), 0)::bigint
            AS paid_today_minor,
        coalesce(sum(x.paid_this_year_minor) FILTER (
            WHERE extract(year FROM x.counted_on) >= extract(year FROM d.today)), 0)::bigint
            AS paid_this_year_minor,
        sum(x.moved_for_life_minor)::bigint AS moved_for_life_minor,
        sum(x.received_for_life_minor)::bigint AS received_for_life_minor,
        bool_or(e.legal_hold) AS legal_hold
    FROM several AS s
    JOIN wallets AS v ON v.person_id = s.person_id
    JOIN wallets AS e ON e.person_id = v.person_id AND e.wallet_id <> v.wallet_id
    JOIN accounts AS x ON x.owner_id = e.wallet_id AND x.account_id = e.currency
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
) AS situations WHERE bucket >= {first} AND bucket < {after} {zone} OFFSET 0) AS wallet

-- name: read_alone
-- For a statement that reads everything once and is one of several that do so at the same time:
-- workers of its own would only take the others' time.
SELECT set_config('max_parallel_workers_per_gather', '0', true),
    set_config('TimeZone', %(zone)s, true)

-- name: open_wallets_by_zone
-- Those of most wallets first.
SELECT time_zone, count(*) FROM wallets WHERE status = 'open' GROUP BY 1 ORDER BY 2 DESC, 1

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
        AS legal_holds,
    (SELECT count(*) FROM policy_stops JOIN policies USING (policy, version)
        WHERE state = 'published' AND resumed_at IS NULL) AS stopped,
    (SELECT count(*) FROM exemptions WHERE approved_by IS NULL AND withdrawn_by IS NULL)
        AS exemptions,
    (SELECT count(*) FROM name_changes WHERE approved_by IS NULL AND withdrawn_by IS NULL)
        AS name_changes

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
-- Logged refusals for which this version was among the reasons, charges among them that lacked the
-- holder's own proof. Ids begin with their moment.
SELECT capability, count(DISTINCT wallet_id) AS wallets, count(*) AS refusals,
    count(DISTINCT wallet_id) FILTER (
        WHERE jsonb_array_length(CASE WHEN outcome = 'blocked' THEN reasons ELSE asks END) = 1
    ) AS alone
FROM decisions
WHERE decision_id >= %(first)s
    AND (outcome = 'blocked' OR (outcome = 'step_up' AND capability = 'be_charged'))
    AND CASE WHEN outcome = 'blocked' THEN reasons ELSE asks END
        @> jsonb_build_array(jsonb_build_object(
            'policy', %(policy)s::text, 'version', %(version)s::int))
GROUP BY capability ORDER BY wallets DESC, capability

-- name: refused_wallets
SELECT count(DISTINCT wallet_id) AS wallets
FROM decisions
WHERE decision_id >= %(first)s
    AND (outcome = 'blocked' OR (outcome = 'step_up' AND capability = 'be_charged'))
    AND CASE WHEN outcome = 'blocked' THEN reasons ELSE asks END
        @> jsonb_build_array(jsonb_build_object(
            'policy', %(policy)s::text, 'version', %(version)s::int))
