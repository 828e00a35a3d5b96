-- What is kept of events that are no messages, whom messages name, and rooms whose names are
-- unique among those that one can see: a name that a hidden room has is free to everyone else.

-- Whom the event is about, beside its author.
ALTER TABLE event ADD COLUMN subject INTEGER;
-- postcard: what the event's kind needs more.
ALTER TABLE event ADD COLUMN detail BLOB;

-- Unread messages that name a member; gone once the read marker has passed them.
CREATE TABLE mention (
    account INTEGER NOT NULL,
    room    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (account, room, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE new_room (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    skeleton TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    flags    INTEGER NOT NULL,      -- 1: history since joining only, 2: archived
    topic    TEXT NOT NULL,
    head     INTEGER NOT NULL,      -- seq of the newest event
    members  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    created_by INTEGER NOT NULL     -- 0: the server itself
) STRICT;
INSERT INTO new_room
SELECT id, name, skeleton, kind, flags, topic, head, members, created, created_by FROM room;
DROP TABLE room;
ALTER TABLE new_room RENAME TO room;
CREATE INDEX room_by_maker ON room (created_by);
CREATE INDEX room_by_name ON room (name);
CREATE INDEX room_by_skeleton ON room (skeleton);
CREATE UNIQUE INDEX public_room_by_name ON room (name) WHERE kind = 0;
CREATE UNIQUE INDEX public_room_by_skeleton ON room (skeleton) WHERE kind = 0;
CREATE UNIQUE INDEX direct_room_by_name ON room (name) WHERE kind = 2;
