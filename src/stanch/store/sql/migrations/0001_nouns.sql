-- The first schema. BLOB is written BYTEA on Postgres; all else is the same on both.

CREATE TABLE assets (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE findings (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    asset TEXT NOT NULL,
    detector TEXT NOT NULL,
    attack TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    at BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX findings_by_asset ON findings (asset, at, id);
CREATE INDEX findings_by_attack ON findings (attack, at, id);
CREATE INDEX findings_by_detector ON findings (detector, at, id);
CREATE INDEX findings_by_kept ON findings (kept);
CREATE INDEX findings_by_lifecycle ON findings (lifecycle, at, id);
CREATE INDEX findings_by_time ON findings (at, id);

CREATE TABLE suspects (
    principal TEXT NOT NULL,
    finding TEXT NOT NULL,
    PRIMARY KEY (principal, finding)
);
CREATE INDEX suspects_by_finding ON suspects (finding);

CREATE TABLE incidents (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    asset TEXT NOT NULL,
    phase TEXT NOT NULL,
    severity BIGINT NOT NULL,
    weight BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    attack TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    owner TEXT NOT NULL,
    at BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    exercise BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    findings BIGINT DEFAULT '0' NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX incidents_by_asset ON incidents (asset, at, id);
CREATE INDEX incidents_by_change ON incidents (changed, id);
CREATE INDEX incidents_by_phase ON incidents (phase, at, id);
CREATE INDEX incidents_by_time ON incidents (at, id);
CREATE INDEX incidents_by_weight ON incidents (weight, id);

CREATE TABLE bonds (
    incident TEXT NOT NULL,
    finding TEXT NOT NULL,
    at BIGINT NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (incident, finding)
);
CREATE INDEX bonds_by_finding ON bonds (finding, place);
CREATE INDEX bonds_by_time ON bonds (incident, at, finding);

CREATE TABLE incident_principals (
    principal TEXT NOT NULL,
    incident TEXT NOT NULL,
    PRIMARY KEY (principal, incident)
);
CREATE INDEX incident_principals_by_incident ON incident_principals (incident);

CREATE TABLE undos (
    id TEXT NOT NULL,
    incident TEXT NOT NULL,
    other TEXT NOT NULL,
    at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    "before" TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX undos_by_incident ON undos (incident, at);
CREATE INDEX undos_by_other ON undos (other, at);

CREATE TABLE notes (
    id TEXT NOT NULL,
    incident TEXT NOT NULL,
    at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX notes_by_incident ON notes (incident, at, id);

CREATE TABLE links (
    id TEXT NOT NULL,
    incident TEXT NOT NULL,
    at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX links_by_incident ON links (incident, at, id);

CREATE TABLE filters (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    owner TEXT NOT NULL,
    shared BIGINT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX filters_by_owner ON filters (owner);

CREATE TABLE blinds (
    asset TEXT NOT NULL,
    version TEXT NOT NULL,
    detector TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (asset, version, detector)
);

CREATE TABLE summaries (
    asset TEXT NOT NULL,
    version TEXT NOT NULL,
    minute BIGINT NOT NULL,
    principal TEXT NOT NULL,
    n BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (asset, version, minute, principal)
);
CREATE INDEX summaries_by_minute ON summaries (minute);
CREATE INDEX summaries_by_principal ON summaries (asset, principal, minute);

CREATE TABLE positions (
    reader TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (reader)
);

CREATE TABLE baselines (
    id TEXT NOT NULL,
    asset TEXT NOT NULL,
    version TEXT NOT NULL,
    at BIGINT NOT NULL,
    place BIGINT NOT NULL,
    "by" TEXT NOT NULL,
    digest TEXT NOT NULL,
    signature TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX baselines_by_asset ON baselines (asset, version, place);

CREATE TABLE policies (
    asset TEXT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (asset, version)
);

CREATE TABLE approvals (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    asset TEXT NOT NULL,
    incident TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX approvals_by_incident ON approvals (incident, at, id);
CREATE INDEX approvals_by_state ON approvals (state, due, id);
CREATE INDEX approvals_by_time ON approvals (at, id);

CREATE TABLE clocks (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    incident TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX clocks_by_incident ON clocks (incident, at, id);
CREATE INDEX clocks_by_state ON clocks (state, at, id);
CREATE INDEX clocks_by_time ON clocks (at, id);

CREATE TABLE runs (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    asset TEXT NOT NULL,
    incident TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX runs_by_incident ON runs (incident, at, id);
CREATE INDEX runs_by_state ON runs (state, at, id);
CREATE INDEX runs_by_time ON runs (at, id);

CREATE TABLE evidence (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    incident TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    at BIGINT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX evidence_by_incident ON evidence (incident, at, id);
CREATE INDEX evidence_by_time ON evidence (at, id);

CREATE TABLE users (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    kind TEXT NOT NULL,
    folded TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX users_by_name ON users (folded);

CREATE TABLE credentials (
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE service_keys (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE key_secrets (
    id TEXT NOT NULL,
    hash BLOB NOT NULL,
    used BIGINT,
    PRIMARY KEY (id)
);

CREATE TABLE sessions (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX sessions_by_expiry ON sessions (expires);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE counters (
    name TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE outbox (
    seq BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (seq)
);

CREATE TABLE announcements (
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    thing TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (seq)
);

INSERT INTO counters (name, n) VALUES ('outbox', 0), ('announcements', 0);
