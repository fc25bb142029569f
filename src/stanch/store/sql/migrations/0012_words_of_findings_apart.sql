-- What findings are searched for and counted by, without their documents: Postgres reads all of it to
-- find what few have, and walks along its index to find what many have.

/* postgresql */ CREATE TABLE finding_words (
    id TEXT NOT NULL,
    asset TEXT NOT NULL,
    detector TEXT NOT NULL,
    attack TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    at BIGINT NOT NULL,
    words TEXT NOT NULL
);
/* postgresql */ INSERT INTO finding_words (id, asset, detector, attack, lifecycle, at, words)
SELECT id, asset, detector, attack, lifecycle, at, words FROM findings ORDER BY at;
/* postgresql */ CREATE INDEX finding_words_by_time ON finding_words (at, id);
