-- Whom a finding names, with its moment: a list of one principal's findings is one walk along an index.

ALTER TABLE suspects ADD COLUMN at BIGINT NOT NULL DEFAULT 0;
UPDATE suspects SET at = (SELECT findings.at FROM findings WHERE findings.id = suspects.finding);
CREATE INDEX suspects_by_time ON suspects (principal, at, finding);
