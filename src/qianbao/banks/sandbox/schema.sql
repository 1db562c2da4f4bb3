-- The sandbox banks' own tables, made at start when they are not there.

CREATE TABLE IF NOT EXISTS customers (
    bank text NOT NULL,
    customer_id text NOT NULL,
    printed_name text NOT NULL,
    document_kind text NOT NULL,
    document_number text NOT NULL,
    phone text NOT NULL,
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bank, customer_id)
);

CREATE TABLE IF NOT EXISTS cards (
    bank text NOT NULL,
    card_number text NOT NULL,
    customer_id text NOT NULL,
    PRIMARY KEY (bank, card_number),
    FOREIGN KEY (bank, customer_id) REFERENCES customers
);

-- Every request is answered once; asked again under the same id, the bank repeats its answer.
CREATE TABLE IF NOT EXISTS verifications (
    bank text NOT NULL,
    request_id text NOT NULL,
    request_hash bytea NOT NULL,
    card_number text NOT NULL,
    result text NOT NULL,
    mismatched_fields text[],
    verification text NOT NULL UNIQUE,
    code text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL,
    agreement text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (bank, request_id)
);
CREATE INDEX IF NOT EXISTS verifications_by_card ON verifications (bank, card_number, created_at);

CREATE TABLE IF NOT EXISTS confirmations (
    verification text NOT NULL,
    request_id text NOT NULL,
    result text NOT NULL,
    PRIMARY KEY (verification, request_id)
);

CREATE TABLE IF NOT EXISTS agreements (
    bank text NOT NULL,
    agreement text NOT NULL,
    card_number text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (bank, agreement)
);

CREATE TABLE IF NOT EXISTS orders (
    bank text NOT NULL,
    request_id text NOT NULL,
    request_hash bytea NOT NULL,
    agreement text NOT NULL,
    direction text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    outcome text NOT NULL,
    result text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (bank, request_id)
);

CREATE TABLE IF NOT EXISTS sms (
    message_id text PRIMARY KEY,
    phone text NOT NULL,
    sender text NOT NULL,
    body text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS sms_by_phone ON sms (phone, at);

CREATE TABLE IF NOT EXISTS faults (
    bank text PRIMARY KEY,
    fault text NOT NULL CHECK (fault IN ('silent_before', 'silent_after', 'refuse'))
);

CREATE TABLE IF NOT EXISTS immigration (
    document_kind text NOT NULL,
    document_number text NOT NULL,
    names text[] NOT NULL,
    PRIMARY KEY (document_kind, document_number)
);

CREATE TABLE IF NOT EXISTS mobile_operator (
    phone text PRIMARY KEY,
    names text[] NOT NULL,
    document_number text NOT NULL
);
