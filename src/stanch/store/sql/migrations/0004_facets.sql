-- Facets: all that a count of findings by value needs, in one small index.

CREATE INDEX findings_by_facets ON findings (asset, detector, attack, lifecycle);
