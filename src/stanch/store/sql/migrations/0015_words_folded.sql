-- What is searched for is found however somebody types it: without accents, widths and ligatures.
-- Words that were kept before are brought to the same form.

REFOLD assets;
REFOLD findings;
REFOLD incidents;
REFOLD evidence;
REFOLD notes;
REFOLD users;
REFOLD service_keys;
/* postgresql */ UPDATE finding_words SET words = findings.words FROM findings
WHERE findings.id = finding_words.id AND findings.words <> finding_words.words;
