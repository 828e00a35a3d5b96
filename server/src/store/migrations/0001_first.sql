-- What the log says, and what follows from it. Everything but `log`, `body` and `meta` can be
-- made again by applying the log in order.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    position  INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,     -- ms since the Unix epoch
    account   INTEGER NOT NULL,     -- 0: the server itself
    device    BLOB NOT NULL,        -- SHA-256 of its SPKI; empty for the server itself
    kind      INTEGER NOT NULL,     -- which command
    payload   BLOB NOT NULL,        -- the command, without a message's body
    body_hash BLOB                  -- SHA-256 of the body
) STRICT;

-- Apart from the log, so that a redaction deletes it and the log still verifies.
CREATE TABLE body (
    position INTEGER PRIMARY KEY,
    bytes    BLOB NOT NULL
) STRICT;

CREATE TABLE account (
    id       INTEGER PRIMARY KEY,
    handle   TEXT NOT NULL UNIQUE,
    skeleton TEXT NOT NULL UNIQUE,  -- names that look alike are one
    display  TEXT NOT NULL,
    role     INTEGER NOT NULL,
    created  INTEGER NOT NULL
) STRICT;

CREATE TABLE device (
    key     BLOB PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invite (
    token_hash BLOB PRIMARY KEY,    -- SHA-256; the token itself is nowhere
    role       INTEGER NOT NULL,
    uses_left  INTEGER NOT NULL,
    expires    INTEGER,             -- ms since the Unix epoch; NULL: never
    created_by INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE room (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    skeleton TEXT NOT NULL UNIQUE,
    kind     INTEGER NOT NULL,
    flags    INTEGER NOT NULL,      -- reserved
    topic    TEXT NOT NULL,
    head     INTEGER NOT NULL,      -- seq of the newest event
    members  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    created_by INTEGER NOT NULL     -- 0: the server itself
) STRICT;
CREATE INDEX room_by_maker ON room (created_by);

CREATE TABLE member (
    account INTEGER NOT NULL REFERENCES account (id),
    room    INTEGER NOT NULL REFERENCES room (id),
    role    INTEGER NOT NULL,
    since   INTEGER NOT NULL,       -- seq of the joined event
    read    INTEGER NOT NULL,       -- read marker
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_room ON member (room, account);

CREATE TABLE event (
    room       INTEGER NOT NULL REFERENCES room (id),
    seq        INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    account    INTEGER NOT NULL,
    kind       INTEGER NOT NULL,    -- as on the wire
    message_id BLOB,
    reply_to   INTEGER,
    edited     INTEGER,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
-- Exactly-once: whatever is resent, a message has one place.
CREATE UNIQUE INDEX event_by_message ON event (account, message_id) WHERE message_id IS NOT NULL;
