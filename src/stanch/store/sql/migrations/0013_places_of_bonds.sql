-- Which bond came last is counted, and no longer looked for among all bonds whenever one is added.

INSERT INTO counters (name, n) SELECT 'bonds', COALESCE(MAX(place), 0) FROM bonds;
