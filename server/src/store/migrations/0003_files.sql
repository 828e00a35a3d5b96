-- Which messages brought which files. The content lies beside the database, under its hash.

CREATE TABLE file (
    hash    BLOB NOT NULL,          -- SHA-256 of the content
    room    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    account INTEGER NOT NULL,
    size    INTEGER NOT NULL,       -- in bytes
    PRIMARY KEY (hash, room, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_by_account ON file (account, hash, size);
