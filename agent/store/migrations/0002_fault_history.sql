-- Faults as they began and ended; began and ended are stamps as facts have them, ended is NULL while it lasts.
CREATE TABLE fault_history (
    event_id INTEGER PRIMARY KEY,
    evse_id INTEGER NOT NULL,
    fault TEXT NOT NULL,
    detail TEXT NOT NULL,
    transaction_id TEXT,
    began TEXT NOT NULL,
    ended TEXT
);
