-- What a count by value needs stands beside each bond: the findings of one incident are counted in
-- one walk along one index, without a look at each of them. A finding never changes.

ALTER TABLE bonds ADD COLUMN asset TEXT NOT NULL DEFAULT '';
ALTER TABLE bonds ADD COLUMN detector TEXT NOT NULL DEFAULT '';
ALTER TABLE bonds ADD COLUMN attack TEXT NOT NULL DEFAULT '';
ALTER TABLE bonds ADD COLUMN lifecycle TEXT NOT NULL DEFAULT '';
UPDATE bonds SET (asset, detector, attack, lifecycle) = (
    SELECT findings.asset, findings.detector, findings.attack, findings.lifecycle
    FROM findings WHERE findings.id = bonds.finding
);
CREATE INDEX bonds_by_facets ON bonds (incident, asset, detector, attack, lifecycle);
