-- What is kept of events that are no messages, and whom messages name.

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
