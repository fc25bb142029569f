"""The tables, as the queries see them; `migrations/` makes them, and a test holds the two equal.

Each noun is one row: its document, and beside it the columns that lists are narrowed and sorted by.
Times are microseconds since 1970. An index ends in the columns that its list is sorted by, so that
a page is one walk along it.
"""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy.sql.schema import SchemaItem

everything = MetaData()
APART = "postgresql"
"""The database that has tables of its own, and them."""
of_postgres = MetaData()
FACETS = ("asset", "detector", "attack", "lifecycle")
"""What findings are counted by; their bonds have it too."""


def _text(name: str, *, key: bool = False) -> "Column[str]":
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> "Column[int]":
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _maybe(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=True)


def _table(name: str, *parts: SchemaItem) -> Table:
    return Table(name, everything, *parts)


def _noun(name: str, *parts: SchemaItem) -> Table:
    """A table of nouns: id, how often saved, document, and the columns of its lists."""
    return _table(name, _text("id", key=True), _number("revision"), _text("doc"), *parts)


def _by_time(name: str) -> tuple[Index, Index]:
    """The index of a list that comes by time; in SQLite with what is searched for in it."""
    return (
        Index(f"{name}_by_time", "at", "id", "words").ddl_if(dialect="sqlite"),
        Index(f"{name}_by_time", "at", "id").ddl_if(dialect="postgresql"),
    )


assets = _noun("assets", _text("kind"), _text("owner"), _text("words"))

findings = _noun(
    "findings",
    _text("asset"),
    _text("detector"),
    _text("attack"),
    _text("lifecycle"),
    _number("at"),
    _number("kept"),
    _text("words"),
    *_by_time("findings"),
    Index("findings_by_asset", "asset", "at", "id"),
    Index("findings_by_detector", "detector", "at", "id"),
    Index("findings_by_attack", "attack", "at", "id"),
    Index("findings_by_lifecycle", "lifecycle", "at", "id"),
    Index("findings_by_kept", "kept"),
    Index("findings_by_words", *FACETS, "at", "words").ddl_if(dialect="sqlite"),
    Index("findings_by_facets", *FACETS, "at"),
)
finding_words = Table(
    "finding_words",
    of_postgres,
    _text("id"),
    *map(_text, FACETS),
    _number("at"),
    _text("words"),
    Index("finding_words_by_time", "at", "id"),
)
suspects = _table(
    "suspects",
    _text("principal", key=True),
    _text("finding", key=True),
    Column("at", BigInteger, nullable=False, server_default="0"),
    Index("suspects_by_finding", "finding"),
    Index("suspects_by_time", "principal", "at", "finding"),
)

incidents = _noun(
    "incidents",
    _text("asset"),
    _text("phase"),
    _number("severity"),
    _number("weight"),
    _text("verdict"),
    _text("attack"),
    _text("lifecycle"),
    _text("owner"),
    _number("at"),
    _number("changed"),
    _number("exercise"),
    _number("gone"),
    Column("findings", BigInteger, nullable=False, server_default="0"),
    _text("words"),
    *_by_time("incidents"),
    Index("incidents_by_weight", "weight", "id"),
    Index("incidents_by_change", "changed", "id"),
    Index("incidents_by_asset", "asset", "at", "id"),
    Index("incidents_by_phase", "phase", "at", "id"),
)
bonds = _table(
    "bonds",
    _text("incident", key=True),
    _text("finding", key=True),
    _number("at"),
    _number("place"),
    *(Column(name, Text, nullable=False, server_default="") for name in FACETS),
    Index("bonds_by_time", "incident", "at", "finding"),
    Index("bonds_by_finding", "finding", "place"),
    Index("bonds_by_facets", "incident", *FACETS),
)
incident_principals = _table(
    "incident_principals",
    _text("principal", key=True),
    _text("incident", key=True),
    Index("incident_principals_by_incident", "incident"),
)
undos = _table(
    "undos",
    _text("id", key=True),
    _text("incident"),
    _text("other"),
    _number("at"),
    _text("doc"),
    _text("before"),
    Index("undos_by_incident", "incident", "at"),
    Index("undos_by_other", "other", "at"),
)
notes = _table(
    "notes",
    _text("id", key=True),
    _text("incident"),
    _number("at"),
    _text("doc"),
    Column("words", Text, nullable=False, server_default=""),
    Index("notes_by_incident", "incident", "at", "id"),
)
links = _table(
    "links",
    _text("id", key=True),
    _text("incident"),
    _number("at"),
    _text("doc"),
    Index("links_by_incident", "incident", "at", "id"),
)
filters = _noun(
    "filters", _text("owner"), _number("shared"), _text("name"), Index("filters_by_owner", "owner")
)

blinds = _table(
    "blinds",
    _text("asset", key=True),
    _text("version", key=True),
    Column("condition", Text, primary_key=True, nullable=False, server_default=""),
    _text("detector", key=True),
    _number("since"),
    _number("seen"),
    _text("why"),
)
summaries = _table(
    "summaries",
    _text("asset", key=True),
    _text("version", key=True),
    _number("minute", key=True),
    _text("principal", key=True),
    _number("n"),
    Column("body", LargeBinary, nullable=False),
    Index("summaries_by_principal", "asset", "principal", "minute"),
    Index("summaries_by_minute", "minute"),
)
condition_summaries = _table(
    "condition_summaries",
    _text("asset", key=True),
    _text("version", key=True),
    _text("condition", key=True),
    _number("minute", key=True),
    _number("n"),
    Column("body", LargeBinary, nullable=False),
    Index("condition_summaries_by_minute", "minute"),
)
positions = _table("positions", _text("reader", key=True), _number("at"))
baselines = _table(
    "baselines",
    _text("id", key=True),
    _text("asset"),
    _text("version"),
    _number("at"),
    _number("place"),
    _text("by"),
    _text("digest"),
    _text("signature"),
    Column("body", LargeBinary, nullable=False),
    Column("condition", Text, nullable=False, server_default=""),
    Index("baselines_by_asset", "asset", "version", "place"),
)

policies = _table(
    "policies",
    _text("asset", key=True),
    _number("version", key=True),
    _number("at"),
    _text("doc"),
)
approvals = _noun(
    "approvals",
    _text("asset"),
    _text("incident"),
    _text("kind"),
    _text("state"),
    _number("at"),
    _number("due"),
    Index("approvals_by_time", "at", "id"),
    Index("approvals_by_state", "state", "due", "id"),
    Index("approvals_by_incident", "incident", "at", "id"),
)
clocks = _noun(
    "clocks",
    _text("incident"),
    _text("kind"),
    _text("state"),
    _number("at"),
    Index("clocks_by_time", "at", "id"),
    Index("clocks_by_state", "state", "at", "id"),
    Index("clocks_by_incident", "incident", "at", "id"),
)
runs = _noun(
    "runs",
    _text("asset"),
    _text("incident"),
    _text("kind"),
    _text("state"),
    _number("at"),
    _number("changed"),
    Index("runs_by_time", "at", "id"),
    Index("runs_by_state", "state", "at", "id"),
    Index("runs_by_incident", "incident", "at", "id"),
)
memories = _table("memories", _text("run", key=True), _text("doc"))
notices = _noun(
    "notices",
    _text("incident"),
    _text("kind"),
    _text("owner"),
    _text("state"),
    _number("at"),
    _number("due"),
    Index("notices_by_time", "at", "id"),
    Index("notices_by_due", "state", "due", "id"),
    Index("notices_by_incident", "incident", "at", "id"),
)
evidence = _noun(
    "evidence",
    _text("incident"),
    _text("kind"),
    _text("owner"),
    _number("at"),
    _text("words"),
    *_by_time("evidence"),
    Index("evidence_by_incident", "incident", "at", "id"),
)

users = _noun(
    "users",
    _text("kind"),
    _text("folded"),
    _text("words"),
    Index("users_by_name", "folded", unique=True),
)
credentials = _table("credentials", _text("id", key=True), _text("doc"))
service_keys = _noun("service_keys", _text("words"))
key_secrets = _table(
    "key_secrets",
    _text("id", key=True),
    Column("hash", LargeBinary, nullable=False),
    _maybe("used"),
)
sessions = _table(
    "sessions",
    _text("id", key=True),
    _text("user_id"),
    _number("created"),
    _number("seen"),
    _number("expires"),
    _text("source"),
    Index("sessions_by_user", "user_id"),
    Index("sessions_by_expiry", "expires"),
)
settings = _table("settings", _text("name", key=True), _text("value"))

mentions = _table(
    "mentions",
    _text("thing", key=True),
    _number("place", key=True),
    _text("deed"),
)
counters = _table("counters", _text("name", key=True), _number("n"))
outbox = _table("outbox", _number("seq", key=True), _text("doc"))
announcements = _table(
    "announcements", _number("seq", key=True), _text("kind"), _text("thing"), _number("at")
)
