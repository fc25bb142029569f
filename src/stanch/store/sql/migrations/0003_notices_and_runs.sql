-- Notices: what people are to be told, and what became of it. Memories: where each run stands, in a
-- table of its own, so that what belongs to runs that ended can be let go.

CREATE TABLE notices (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    incident TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX notices_by_time ON notices (at, id);
CREATE INDEX notices_by_due ON notices (state, due, id);
CREATE INDEX notices_by_incident ON notices (incident, at, id);

CREATE TABLE memories (
    run TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (run)
);

INSERT INTO memories (run, doc) SELECT substr(name, 5), value FROM settings WHERE substr(name, 1, 4) = 'run/';
DELETE FROM settings WHERE substr(name, 1, 4) = 'run/';
