-- 0001: the first schema.
-- Why: everything starts here. Nothing is in use yet, so no lock can hurt anybody.
SET LOCAL lock_timeout = '5s';

-- ── The sandbox's clock ────────────────────────────────────────────────────────────────────────

CREATE TABLE clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    offset_seconds bigint NOT NULL DEFAULT 0
);

-- ── Wallets and the people whose they are ──────────────────────────────────────────────────────

-- A person outlives wallets: what the law counts per identity is kept here.
CREATE TABLE people (
    person_id text COLLATE "C" PRIMARY KEY,
    free_withdrawal_used_minor bigint NOT NULL DEFAULT 0 CHECK (free_withdrawal_used_minor >= 0),
    created_at timestamptz NOT NULL
);

-- The row of facts: each column of the second half is written by one room only (policy/facts.py
-- says which) and read whole by the clearing loop.
CREATE TABLE wallets (
    wallet_id text COLLATE "C" PRIMARY KEY,
    person_id text COLLATE "C",
    currency text NOT NULL DEFAULT 'CNY',
    phone_index bytea NOT NULL,
    phone_cipher bytea NOT NULL,
    phone_tail text NOT NULL,
    language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'zh')),
    time_zone text NOT NULL DEFAULT 'Asia/Shanghai',
    pin_hash text NOT NULL,
    pin_failures integer NOT NULL DEFAULT 0,
    -- the latest wrong PIN, kept as the right one is: entered again it costs no further try
    pin_wrong_hash text,
    pin_locked_until timestamptz,
    pin_looked_at_until timestamptz,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    opened_at timestamptz NOT NULL,
    -- identity
    residency text CHECK (residency IN ('foreign', 'mainland', 'hmt')),
    document_kind text,
    document_valid_until date,
    evidence text[] NOT NULL DEFAULT '{}',
    -- identity and banks: the moment both a document and a card had been confirmed
    verified_at timestamptz,
    -- identity: what has to be known of the holder and is not, and when they last confirmed the rest
    data_missing text[] NOT NULL DEFAULT '{}',
    data_confirmed_at timestamptz,
    -- banks
    card_banks text[] NOT NULL DEFAULT '{}',
    stale_banks text[] NOT NULL DEFAULT '{}',
    -- payments
    in_flight integer NOT NULL DEFAULT 0 CHECK (in_flight >= 0),
    -- mandates, payscore
    mandates_active integer NOT NULL DEFAULT 0 CHECK (mandates_active >= 0),
    pay_score_on boolean NOT NULL DEFAULT false,
    score_orders_open integer NOT NULL DEFAULT 0 CHECK (score_orders_open >= 0),
    -- wallets
    legal_hold boolean NOT NULL DEFAULT false,
    bucket smallint NOT NULL CHECK (bucket BETWEEN 0 AND 99),
    -- rollouts: how many exemptions were approved for it, ended ones too
    exemptions integer NOT NULL DEFAULT 0 CHECK (exemptions >= 0),
    -- rollouts: from how many policies with a grace it is known to have fallen out
    fallen_out integer NOT NULL DEFAULT 0 CHECK (fallen_out >= 0),
    -- whoever changes a fact by an act sets this to the moment of the act
    facts_changed_at timestamptz NOT NULL
);
CREATE INDEX wallets_by_person ON wallets (person_id);
CREATE INDEX wallets_by_phone ON wallets (phone_index);

-- The open wallet of a phone. A closed wallet leaves, so its number can sign up again.
CREATE TABLE phones (
    phone_index bytea PRIMARY KEY,
    wallet_id text COLLATE "C" NOT NULL
);

CREATE TABLE signups (
    signup_id text COLLATE "C" PRIMARY KEY,
    phone_index bytea NOT NULL,
    phone_cipher bytea NOT NULL,
    code_hash bytea NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- tries, with the right code, at proving whose closed wallet it is
    proofs integer NOT NULL DEFAULT 0,
    language text NOT NULL,
    -- a code sent for one purpose is good for no other
    purpose text NOT NULL DEFAULT 'sign_in' CHECK (purpose IN ('sign_in', 'pin_reset', 'step_up')),
    -- where it was asked from, as a keyed look-up: codes are counted by it
    address_index bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX signups_by_phone ON signups (phone_index, created_at);
CREATE INDEX signups_by_address ON signups (address_index, created_at);
CREATE INDEX signups_by_age ON signups (created_at);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    wallet_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- Every attempt to choose a new PIN without the old one, and how it was proved: what bounds them, and
-- what an operator is shown when a holder says it was not them.
CREATE TABLE pin_resets (
    wallet_id text COLLATE "C" NOT NULL,
    pin_reset_id text COLLATE "C" NOT NULL,
    proof text NOT NULL CHECK (proof IN ('code', 'card')),
    outcome text NOT NULL CHECK (outcome IN ('refused', 'done')),
    at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, pin_reset_id)
);

-- The phones whose holder's name a wallet looked up on its latest day of doing so: they are bounded.
CREATE TABLE receiver_lookups (
    wallet_id text COLLATE "C" PRIMARY KEY,
    day date NOT NULL,
    phones bytea[] NOT NULL
);

-- ── Identity ───────────────────────────────────────────────────────────────────────────────────

CREATE TABLE documents (
    wallet_id text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    person_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    country text NOT NULL,
    residency text NOT NULL,
    number_cipher bytea NOT NULL,
    number_index bytea NOT NULL,
    number_tail text NOT NULL,
    surname text NOT NULL,
    given text NOT NULL,
    native text NOT NULL DEFAULT '',
    -- a name that the holder says they write, and that no document shows
    also_written text NOT NULL DEFAULT '',
    mrz_name text NOT NULL DEFAULT '',
    name_truncated boolean NOT NULL DEFAULT false,
    -- characters of the machine-readable lines that check digits proved to be another (mrz_checks)
    corrections jsonb NOT NULL DEFAULT '[]',
    birth_date date,
    sex text,
    valid_until date,
    supersedes text COLLATE "C",
    superseded_at timestamptz,
    -- by which allowed change of name (rollouts) it was taken under another name than those before
    name_change_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, document_id)
);
CREATE UNIQUE INDEX documents_by_name_change ON documents (wallet_id, name_change_id)
    WHERE name_change_id IS NOT NULL;

-- Who has shown a number.
CREATE INDEX documents_by_number ON documents (number_index);

CREATE INDEX documents_by_expiry ON documents (valid_until) WHERE superseded_at IS NULL;

-- Documents that were refused because of whose they are: nothing of them is kept but that.
CREATE TABLE document_refusals (
    wallet_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX document_refusals_by_wallet ON document_refusals (wallet_id, at);

-- Reminders that a document is running out: each is sent once.
CREATE TABLE document_reminders (
    wallet_id text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    days_before smallint NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, document_id, days_before)
);

-- What has to be known of a holder and no document shows (a sex that one shows comes before this).
CREATE TABLE identity_data (
    wallet_id text COLLATE "C" PRIMARY KEY,
    sex text CHECK (sex IN ('F', 'M', 'X')),
    occupation_cipher bytea,
    address_cipher bytea,
    confirmed_at timestamptz NOT NULL
);

-- Whose number this is, over all wallets: how somebody who comes back is recognised.
CREATE TABLE document_numbers (
    number_index bytea PRIMARY KEY,
    person_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE evidence (
    wallet_id text COLLATE "C" NOT NULL,
    evidence_id text COLLATE "C" NOT NULL,
    source text NOT NULL,
    outcome text NOT NULL,
    compared text[] NOT NULL DEFAULT '{}',
    document_id text COLLATE "C",
    card_id text COLLATE "C",
    at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, evidence_id)
);

-- ── Cards ──────────────────────────────────────────────────────────────────────────────────────

-- No card number: the bank's agreement, the last four digits and a keyed fingerprint.
CREATE TABLE cards (
    wallet_id text COLLATE "C" NOT NULL,
    card_id text COLLATE "C" NOT NULL,
    bank text NOT NULL,
    last_four text NOT NULL CHECK (last_four ~ '^[0-9]{4}$'),
    fingerprint bytea NOT NULL,
    name_form text NOT NULL,
    -- how that spelling compared with the document's name when the bank was asked, by which rule, and
    -- whether the holder was asked and said that the bank writes it so
    name_verdict text NOT NULL DEFAULT 'offered'
        CHECK (name_verdict IN ('offered', 'match', 'close')),
    name_reason text NOT NULL DEFAULT '',
    name_confirmed boolean NOT NULL DEFAULT false,
    phone_tail text NOT NULL,
    phone_index bytea NOT NULL DEFAULT '',
    document_id text COLLATE "C" NOT NULL,
    state text NOT NULL
        CHECK (state IN ('checking', 'code_sent', 'linked', 'refused', 'unknown', 'unlinked')),
    result text NOT NULL DEFAULT '',
    -- what the bank said differs, null when it does not say
    mismatched text[],
    verification text NOT NULL DEFAULT '',
    codes_sent integer NOT NULL DEFAULT 0,
    code_sent_at timestamptz,
    agreement_cipher bytea,
    created_at timestamptz NOT NULL,
    linked_at timestamptz,
    unlinked_at timestamptz,
    dismissed_at timestamptz,
    PRIMARY KEY (wallet_id, card_id)
);
CREATE UNIQUE INDEX cards_linked_once ON cards (wallet_id, fingerprint) WHERE state = 'linked';

-- Banks allow four or five checks of a card in 24 hours: every one that may have reached the bank is
-- counted, however often its request was repeated. `requests` counts those that may have.
CREATE TABLE card_checks (
    fingerprint bytea NOT NULL,
    wallet_id text COLLATE "C" NOT NULL,
    card_id text COLLATE "C" NOT NULL,
    checked_at timestamptz NOT NULL,
    requests integer NOT NULL DEFAULT 1,
    PRIMARY KEY (fingerprint, wallet_id, card_id)
);

-- ── Ledger ─────────────────────────────────────────────────────────────────────────────────────

-- owner_id: a wallet, a merchant, 'bank:<code>' or 'operator:fees'. account_id names the account
-- within its owner; the main one is named by its currency. Only ledger/ writes these four tables.
CREATE TABLE accounts (
    owner_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    balance_minor bigint NOT NULL DEFAULT 0,
    held_minor bigint NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
    entry_count bigint NOT NULL DEFAULT 0,
    overdraft boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL,
    -- the moment of its last entry: entries of an account are written in the order of their moments
    changed_at timestamptz NOT NULL,
    -- what limits count, of a wallet's account: beside the balance, since both change with every
    -- payment. The sums are those of the holder's day `counted_on` and of its year; on a later day, or
    -- in a later year, they count as 0
    counted_on date NOT NULL,
    last_used_at timestamptz,
    paid_today_minor bigint NOT NULL DEFAULT 0,
    paid_this_year_minor bigint NOT NULL DEFAULT 0,
    moved_for_life_minor bigint NOT NULL DEFAULT 0,
    received_for_life_minor bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (owner_id, account_id),
    CHECK (overdraft OR balance_minor >= held_minor)
) WITH (fillfactor = 70);

CREATE TABLE transfers (
    transfer_id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL,
    debit_owner_id text COLLATE "C" NOT NULL,
    debit_account_id text COLLATE "C" NOT NULL,
    credit_owner_id text COLLATE "C" NOT NULL,
    credit_account_id text COLLATE "C" NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    reference text COLLATE "C" NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    event_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);

-- Each entry carries the balance after it; the sequence counts an account's entries from 1.
CREATE TABLE entries (
    owner_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    transfer_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    counterparty_id text COLLATE "C" NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    balance_after_minor bigint NOT NULL,
    event_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (owner_id, account_id, sequence)
);

CREATE TABLE holds (
    owner_id text COLLATE "C" NOT NULL,
    hold_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    settled_minor bigint NOT NULL DEFAULT 0,
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('held', 'settled', 'released', 'expired')),
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (owner_id, hold_id),
    CHECK (settled_minor BETWEEN 0 AND amount_minor)
);
CREATE INDEX holds_overdue ON holds (expires_at) WHERE state = 'held';

-- Every batch of transfers is a link of a chain of digests (ledger/seal.py); its transfers' ids begin
-- with its name. Several chains, so that processes which clear at once do not wait for one row.
CREATE TABLE chains (
    chain smallint PRIMARY KEY,
    links bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL DEFAULT ''
) WITH (fillfactor = 10);
INSERT INTO chains (chain) SELECT generate_series(1, 8);

CREATE TABLE batches (
    name text COLLATE "C" PRIMARY KEY,
    chain smallint NOT NULL,
    number bigint NOT NULL,
    transfers integer NOT NULL CHECK (transfers > 0),
    digest bytea NOT NULL,
    sealed_at timestamptz NOT NULL
);
CREATE INDEX batches_by_chain ON batches (chain, number);

-- The first answer to a request, by whoever sent it and the key it was sent under.
CREATE TABLE answers (
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    answer text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX answers_by_age ON answers (created_at);

-- ── Payments ───────────────────────────────────────────────────────────────────────────────────

CREATE TABLE merchants (
    merchant_id text COLLATE "C" PRIMARY KEY,
    currency text NOT NULL DEFAULT 'CNY',
    name_en text NOT NULL,
    name_zh text NOT NULL,
    api_key_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

-- A merchant's request to be paid: by QR code, or a charge under a mandate.
CREATE TABLE payments (
    merchant_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    merchant_reference text NOT NULL,
    description text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('awaiting', 'paid', 'cancelled')),
    wallet_id text COLLATE "C",
    mandate_id text COLLATE "C",
    transfer_id text COLLATE "C",
    refunded_minor bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    PRIMARY KEY (merchant_id, payment_id),
    CHECK (refunded_minor BETWEEN 0 AND amount_minor)
);
CREATE INDEX payments_by_merchant ON payments (merchant_id, created_at, payment_id);
CREATE INDEX payments_by_wallet ON payments (wallet_id, paid_at) WHERE wallet_id IS NOT NULL;

CREATE TABLE refunds (
    merchant_id text COLLATE "C" NOT NULL,
    refund_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    reason text NOT NULL,
    transfer_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, refund_id)
);

-- Money asked of, or sent to, a bank. 'unknown' until the bank says; never guessed.
CREATE TABLE bank_orders (
    wallet_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('top_up', 'withdrawal')),
    card_id text COLLATE "C" NOT NULL,
    bank text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    fee_minor bigint NOT NULL DEFAULT 0 CHECK (fee_minor >= 0),
    free_used_minor bigint NOT NULL DEFAULT 0 CHECK (free_used_minor >= 0),
    currency text NOT NULL,
    hold_id text COLLATE "C",
    state text NOT NULL CHECK (state IN ('pending', 'unknown', 'settled', 'refused')),
    result text NOT NULL DEFAULT '',
    asked integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    asked_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (wallet_id, order_id)
);
CREATE INDEX bank_orders_open ON bank_orders (created_at) WHERE state IN ('pending', 'unknown');

-- A request that rules ask more proof for: which one exactly (the digest of its body, under its
-- idempotency key), what it has proved, and the code that was sent for it. Nothing was moved yet.
CREATE TABLE step_ups (
    wallet_id text COLLATE "C" NOT NULL,
    step_up_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    request_hash bytea NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    -- whom or what it goes to or comes from: a wallet, a merchant, a card
    counterparty_id text NOT NULL,
    pin_proven boolean NOT NULL,
    -- the latest code sent for it, and when it was proved
    signup_id text COLLATE "C",
    code_proven_at timestamptz,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, step_up_id)
);
CREATE INDEX step_ups_by_age ON step_ups (expires_at);

-- Every refusal, and a sample of permits: enough of each to take it again, and no more. Policies are
-- name, version and the percentage it was enforced by.
CREATE TABLE decisions (
    wallet_id text COLLATE "C" NOT NULL,
    decision_id text COLLATE "C" NOT NULL,
    capability text NOT NULL,
    outcome text NOT NULL,
    policies jsonb NOT NULL,
    reasons jsonb NOT NULL,
    facts jsonb NOT NULL,
    -- what of the wallet's row these facts come from, and what else decided
    situation jsonb NOT NULL,
    -- what the request had proved (pin, code), and the policies that asked for more, and why
    proven jsonb NOT NULL,
    asks jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, decision_id)
);
-- for the tripwire, which reads what was refused since it last looked
CREATE INDEX decisions_refused ON decisions (at) WHERE outcome = 'blocked';
CREATE INDEX decisions_by_id ON decisions (decision_id);

-- ── Mandates and Pay Score ─────────────────────────────────────────────────────────────────────

-- What a merchant may ask holders to sign, approved by the operator.
CREATE TABLE mandate_plans (
    merchant_id text COLLATE "C" NOT NULL,
    plan_id text COLLATE "C" NOT NULL,
    title_en text NOT NULL,
    title_zh text NOT NULL,
    per_charge_minor bigint NOT NULL CHECK (per_charge_minor > 0),
    currency text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (merchant_id, plan_id)
);

CREATE TABLE mandates (
    wallet_id text COLLATE "C" NOT NULL,
    mandate_id text COLLATE "C" NOT NULL,
    merchant_id text COLLATE "C" NOT NULL,
    plan_id text COLLATE "C" NOT NULL,
    title_en text NOT NULL,
    title_zh text NOT NULL,
    per_charge_minor bigint NOT NULL CHECK (per_charge_minor > 0),
    currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'ended')),
    day date,
    charged_today_minor bigint NOT NULL DEFAULT 0,
    signed_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- how it ended, as in the field's own contracts: 2 holder, 3 merchant, 5 wallet closed
    end_mode smallint CHECK (end_mode IN (1, 2, 3, 4, 5)),
    PRIMARY KEY (wallet_id, mandate_id)
);
CREATE INDEX mandates_by_merchant ON mandates (merchant_id, mandate_id);
CREATE INDEX mandates_by_age ON mandates (merchant_id, signed_at, mandate_id);

CREATE TABLE pay_scores (
    wallet_id text COLLATE "C" NOT NULL,
    enabled_at timestamptz NOT NULL,
    disabled_at timestamptz,
    PRIMARY KEY (wallet_id, enabled_at)
);

CREATE TABLE score_orders (
    wallet_id text COLLATE "C" NOT NULL,
    score_order_id text COLLATE "C" NOT NULL,
    merchant_id text COLLATE "C" NOT NULL,
    merchant_reference text NOT NULL,
    introduction text NOT NULL,
    deposit_minor bigint NOT NULL CHECK (deposit_minor > 0),
    amount_minor bigint,
    currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('created', 'doing', 'done', 'revoked', 'expired')),
    payment_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (wallet_id, score_order_id)
);
CREATE INDEX score_orders_by_merchant ON score_orders (merchant_id, score_order_id);
CREATE INDEX score_orders_by_age ON score_orders (merchant_id, created_at, score_order_id);
CREATE INDEX score_orders_collecting ON score_orders (merchant_id, payment_id)
    WHERE state = 'doing' AND payment_id IS NOT NULL;
CREATE INDEX score_orders_unconfirmed ON score_orders (created_at) WHERE state = 'created';

-- ── Leaving and coming back ────────────────────────────────────────────────────────────────────

CREATE TABLE closures (
    wallet_id text COLLATE "C" PRIMARY KEY,
    closed_by text NOT NULL,
    reason text NOT NULL,
    handed_over_minor bigint NOT NULL,
    currency text NOT NULL,
    statement_hash bytea NOT NULL,
    closed_at timestamptz NOT NULL
);

CREATE TABLE reopenings (
    wallet_id text COLLATE "C" NOT NULL,
    earlier_wallet_id text COLLATE "C" NOT NULL,
    reopened_at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, earlier_wallet_id)
);

-- ── Notices ────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE notices (
    wallet_id text COLLATE "C" NOT NULL,
    notice_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    title_en text NOT NULL,
    title_zh text NOT NULL,
    body_en text NOT NULL,
    body_zh text NOT NULL,
    link text NOT NULL DEFAULT '',
    about text COLLATE "C" NOT NULL DEFAULT '',
    ways_out jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    settled_at timestamptz,
    texted_at timestamptz,
    PRIMARY KEY (wallet_id, notice_id)
);
-- What was told and is not over: `about` is what, such as policy:two-banks.
CREATE INDEX notices_unsettled ON notices (wallet_id, about)
    WHERE settled_at IS NULL AND about <> '';

-- Phone and text are encrypted: a job carries only the id.
CREATE TABLE text_messages (
    sms_id text COLLATE "C" PRIMARY KEY,
    phone_cipher bytea NOT NULL,
    body_cipher bytea NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);

CREATE TABLE webhook_deliveries (
    merchant_id text COLLATE "C" NOT NULL,
    delivery_id text COLLATE "C" NOT NULL,
    event text NOT NULL,
    payload jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    last_status integer,
    last_error text NOT NULL DEFAULT '',
    last_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    PRIMARY KEY (merchant_id, delivery_id)
);
CREATE INDEX webhook_deliveries_by_age
    ON webhook_deliveries (merchant_id, created_at, delivery_id);

-- Where a merchant's events go; no row: nowhere.
CREATE TABLE webhooks (
    merchant_id text COLLATE "C" PRIMARY KEY,
    url text NOT NULL,
    set_at timestamptz NOT NULL
);

-- What a merchant's webhooks are signed with: with every secret that has not ended. One that was
-- replaced ends a while later, so that the merchant can change over.
CREATE TABLE webhook_secrets (
    merchant_id text COLLATE "C" NOT NULL,
    secret_id text COLLATE "C" NOT NULL,
    secret_cipher bytea NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz,
    PRIMARY KEY (merchant_id, secret_id)
);

-- ── Policies and operators ─────────────────────────────────────────────────────────────────────

-- Every version ever published, as written. The revision counts publications: who caches policies
-- compares it.
CREATE TABLE policies (
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'published', 'replaced', 'retired', 'rolled_back')),
    drafted_by text NOT NULL,
    drafted_at timestamptz NOT NULL,
    published_by text,
    published_at timestamptz,
    retire_proposed_by text,
    retire_proposed_at timestamptz,
    retired_by text,
    retired_at timestamptz,
    -- the version in whose place it came, which returns when this one is rolled back
    replaces integer,
    rolled_back_by text,
    rolled_back_at timestamptz,
    rollback_reason text,
    PRIMARY KEY (policy, version),
    CHECK ((state = 'rolled_back') = (rolled_back_by IS NOT NULL)),
    CHECK (
        state <> 'retired'
        OR (retire_proposed_by IS NOT NULL AND retired_by IS NOT NULL
            AND retired_by <> retire_proposed_by)
    )
);
CREATE TABLE policy_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL DEFAULT 0
);

-- Enforcement of a version, stopped by an operator or the tripwire and resumed by an operator. What
-- had been refused and forecast is kept where the tripwire stopped it.
CREATE TABLE policy_stops (
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    stopped_at timestamptz NOT NULL,
    stopped_by text NOT NULL,
    reason text NOT NULL,
    refused bigint,
    forecast bigint,
    resumed_by text,
    resumed_at timestamptz,
    resumes_at timestamptz,
    PRIMARY KEY (policy, version, stopped_at),
    CHECK ((resumed_by IS NULL) = (resumed_at IS NULL)),
    CHECK ((resumed_by IS NULL) = (resumes_at IS NULL))
);

-- The wallets that a version has refused anything, with the latest time: gathered from the decision
-- log by the tripwire, so that payments bear no cost of it.
CREATE TABLE policy_refusals (
    wallet_id text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, policy, version)
);
CREATE INDEX policy_refusals_by_version ON policy_refusals (policy, version, refused_at);

-- Refusals of which their holder is told, at most one a wallet, rule and day of the operator's:
-- what somebody else asked for (`other`: receive a transfer, be_charged), and what a rule blocked
-- that they had no notice of (empty: their own act). Gathered from the decision log; `told_at` NULL: waiting.
CREATE TABLE refusals_told (
    wallet_id text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    day date NOT NULL,
    other text NOT NULL,
    decision_id text COLLATE "C" NOT NULL,
    told_at timestamptz,
    PRIMARY KEY (wallet_id, policy, day, other)
);
CREATE INDEX refusals_untold ON refusals_told (decision_id) WHERE told_at IS NULL;
CREATE INDEX refusals_told_by_day ON refusals_told (day);

-- Which holders were told what about which version: each step once, and again where enforcement was
-- resumed after a stop, whose days are others. `deadline`: the wallet's own.
CREATE TABLE policy_notices (
    wallet_id text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    stops integer NOT NULL,
    step text NOT NULL
        CHECK (step IN ('announced', 'warned', 'week_before', 'day_before', 'blocked')),
    deadline timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    over_at timestamptz,
    PRIMARY KEY (wallet_id, policy, version, stops, step)
);
CREATE INDEX policy_notices_standing ON policy_notices (policy, wallet_id) WHERE over_at IS NULL;

-- Since when a wallet has not met a policy: later acts, which change other facts, neither begin days
-- of its own anew nor take this history away. Forgotten when it meets the policy again.
CREATE TABLE fallen_out (
    wallet_id text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (wallet_id, policy)
);

-- How far the sweep that tells them has come through the wallets, in the order of their ids.
CREATE TABLE policy_sweeps (
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    after text COLLATE "C" NOT NULL,
    began_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (policy, version)
);

-- Until when the decision log has been gathered.
CREATE TABLE refusals_gathered (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    until timestamptz NOT NULL DEFAULT 'epoch'
);

CREATE TABLE simulations (
    simulation_id text COLLATE "C" PRIMARY KEY,
    policy text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    as_of timestamptz NOT NULL,
    engine text NOT NULL CHECK (engine IN ('postgres', 'duckdb', 'spark')),
    result jsonb NOT NULL,
    run_by text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE operators (
    operator_id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE operator_sessions (
    token_hash bytea PRIMARY KEY,
    operator_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    ended_at timestamptz
);

CREATE TABLE audit (
    audit_id text COLLATE "C" PRIMARY KEY,
    operator text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    at timestamptz NOT NULL
);

-- Entered by one operator, in force once another has approved it; lifted the same way. One that was
-- never approved is withdrawn by anybody, in the same columns.
CREATE TABLE legal_holds (
    wallet_id text COLLATE "C" NOT NULL,
    legal_hold_id text COLLATE "C" NOT NULL,
    reference text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    lift_proposed_by text,
    lift_proposed_at timestamptz,
    lifted_by text,
    lifted_at timestamptz,
    PRIMARY KEY (wallet_id, legal_hold_id),
    CHECK (approved_by IS NULL OR approved_by <> entered_by),
    CHECK (
        lifted_by IS NULL OR approved_by IS NULL
        OR (lift_proposed_by IS NOT NULL AND lifted_by <> lift_proposed_by)
    )
);

-- Frees one wallet from one policy until a moment. Proposed by one operator, in force once another has
-- approved it; it ends by itself. One that was never approved is withdrawn by anybody.
CREATE TABLE exemptions (
    wallet_id text COLLATE "C" NOT NULL,
    exemption_id text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    until timestamptz NOT NULL,
    reason text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    withdrawn_by text,
    withdrawn_at timestamptz,
    PRIMARY KEY (wallet_id, exemption_id),
    CHECK (approved_by IS NULL OR approved_by <> proposed_by),
    CHECK (approved_by IS NULL OR withdrawn_by IS NULL)
);

-- Lets one wallet's next document have another name. Proposed by one operator, good for one document
-- (the one that names it) until a moment once another has approved it; unused, anybody withdraws it.
CREATE TABLE name_changes (
    wallet_id text COLLATE "C" NOT NULL,
    name_change_id text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    until timestamptz,
    withdrawn_by text,
    withdrawn_at timestamptz,
    PRIMARY KEY (wallet_id, name_change_id),
    CHECK (approved_by IS NULL OR approved_by <> proposed_by),
    CHECK ((approved_by IS NULL) = (until IS NULL))
);

-- A holder's question; with legal_hold_id, the case that stands as long as that hold does.
CREATE TABLE cases (
    wallet_id text COLLATE "C" NOT NULL,
    case_id text COLLATE "C" NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    legal_hold_id text COLLATE "C",
    state text NOT NULL CHECK (state IN ('open', 'answered')),
    answer text NOT NULL DEFAULT '',
    answered_by text,
    created_at timestamptz NOT NULL,
    answered_at timestamptz,
    PRIMARY KEY (wallet_id, case_id)
);

INSERT INTO clock DEFAULT VALUES;
INSERT INTO policy_revision DEFAULT VALUES;
INSERT INTO refusals_gathered DEFAULT VALUES;
