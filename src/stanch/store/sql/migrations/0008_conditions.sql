-- Conditions of operation are counted beside the whole asset, whose minutes stay as they are.

CREATE TABLE condition_summaries (
    asset TEXT NOT NULL,
    version TEXT NOT NULL,
    condition TEXT NOT NULL,
    minute BIGINT NOT NULL,
    n BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (asset, version, condition, minute)
);
CREATE INDEX condition_summaries_by_minute ON condition_summaries (minute);
ALTER TABLE baselines ADD COLUMN condition TEXT NOT NULL DEFAULT '';
CREATE TABLE blinds_by_condition (
    asset TEXT NOT NULL,
    version TEXT NOT NULL,
    condition TEXT NOT NULL DEFAULT '',
    detector TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (asset, version, condition, detector)
);
INSERT INTO blinds_by_condition (asset, version, detector, since, seen, why)
SELECT asset, version, detector, since, seen, why FROM blinds;
DROP TABLE blinds;
ALTER TABLE blinds_by_condition RENAME TO blinds;
