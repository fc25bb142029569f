-- What is searched for stands beside the moment that the list is sorted by: SQLite looks through the
-- words of a list without a look at its documents. The last index is made again so that SQLite, which
-- takes the younger of two that serve alike, counts without words in the smaller one. Postgres looks
-- through whole rows on several cores, and an index of its kind takes no words as long as ours.

/* sqlite */ DROP INDEX findings_by_time;
/* sqlite */ CREATE INDEX findings_by_time ON findings (at, id, words);
/* sqlite */ DROP INDEX incidents_by_time;
/* sqlite */ CREATE INDEX incidents_by_time ON incidents (at, id, words);
/* sqlite */ DROP INDEX evidence_by_time;
/* sqlite */ CREATE INDEX evidence_by_time ON evidence (at, id, words);
/* sqlite */ CREATE INDEX findings_by_words ON findings (asset, detector, attack, lifecycle, at, words);
/* sqlite */ DROP INDEX findings_by_facets;
/* sqlite */ CREATE INDEX findings_by_facets ON findings (asset, detector, attack, lifecycle, at);
