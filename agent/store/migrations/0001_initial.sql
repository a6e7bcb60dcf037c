-- Counters that are not rows of anything: thinned, offline_through, offline_except, local_list_version.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- Facts that the CSMS has not acknowledged; id is the order of record. No further index: each one
-- would cost a page more in every commit.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    transaction_id TEXT,
    thinnable INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    body TEXT NOT NULL
);

-- Facts that were given up after their last attempt; kept for people to look at.
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    transaction_id TEXT,
    thinnable INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL
);

-- What CSMSs said of transactions; finished is the outbox id of the acknowledged end.
CREATE TABLE transactions (
    transaction_id TEXT PRIMARY KEY,
    id_16 INTEGER,
    start_answered INTEGER NOT NULL,
    finished INTEGER
) WITHOUT ROWID;

CREATE TABLE station_state (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE variables (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- token is the value in lower case, as an ASCII JSON string; used_at_s is UTC in seconds.
CREATE TABLE auth_cache (
    token TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL,
    used_at_s REAL NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX auth_cache_by_use ON auth_cache (accepted, used_at_s);

CREATE TABLE local_list (
    token TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

-- Boots whose wall time became known: UTC minus monotonic, in seconds.
CREATE TABLE boots (
    boot TEXT PRIMARY KEY,
    offset_s REAL NOT NULL,
    learned INTEGER NOT NULL
) WITHOUT ROWID;
