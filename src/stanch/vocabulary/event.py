"""Events: what a system tells us, one row each, and the columns every store and wire agrees on.

Rows travel as columns (Arrow names are these names); what a sender adds beyond them is kept in
`extra`, as the text of a JSON object, so nothing a system said is lost.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

EXCHANGES = "application/vnd.stanch.exchanges"
"""The media type of exchanges whose bodies the server reads, as guards send them."""


class EventKind(StrEnum):
    """What happened."""

    INFERENCE = "inference"
    EXCHANGE = "exchange"
    TOOL_CALL = "tool_call"
    ACCESS = "access"
    LABEL = "label"
    TRAINING = "training"
    DATASET = "dataset"
    DEPLOYMENT = "deployment"


class ColumnType(StrEnum):
    """The types a column of events can have."""

    TEXT = "text"
    WORD = "word"
    """Text with few distinct values, stored as a dictionary."""
    NUMBER = "number"
    COUNT = "count"
    TIME = "time"
    NUMBERS = "numbers"
    JSON = "json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of the event table: its name, type, and what it holds."""

    name: str
    type: ColumnType
    holds: str


COLUMNS: tuple[Column, ...] = (
    Column(
        name="id", type=ColumnType.TEXT, holds="the sender's id; the same id twice is counted once"
    ),
    Column(name="ts", type=ColumnType.TIME, holds="when it happened, UTC, microseconds"),
    Column(name="kind", type=ColumnType.WORD, holds="one of the event kinds"),
    Column(name="asset", type=ColumnType.WORD, holds="the asset it happened to"),
    Column(name="version", type=ColumnType.WORD, holds="the version that answered"),
    Column(name="principal", type=ColumnType.TEXT, holds="who did it"),
    Column(name="session", type=ColumnType.TEXT, holds="the conversation or login"),
    Column(name="source", type=ColumnType.TEXT, holds="the network address it came from"),
    Column(
        name="features", type=ColumnType.NUMBERS, holds="inputs in the asset's order of features"
    ),
    Column(
        name="named", type=ColumnType.JSON, holds="inputs by name, when they are not all numbers"
    ),
    Column(name="prediction", type=ColumnType.TEXT, holds="the answer: a class or a number"),
    Column(name="scores", type=ColumnType.NUMBERS, holds="the score of each class"),
    Column(name="latency_ms", type=ColumnType.NUMBER, holds="how long the answer took"),
    Column(name="status", type=ColumnType.COUNT, holds="the HTTP status of the answer"),
    Column(name="cost", type=ColumnType.NUMBER, holds="what it cost, in the asset's unit"),
    Column(name="tokens", type=ColumnType.COUNT, holds="tokens in and out"),
    Column(name="messages", type=ColumnType.JSON, holds="the messages of an exchange"),
    Column(name="output", type=ColumnType.TEXT, holds="what a language model answered"),
    Column(name="tool", type=ColumnType.WORD, holds="the tool that was called"),
    Column(name="arguments", type=ColumnType.JSON, holds="what the tool was given"),
    Column(name="result", type=ColumnType.JSON, holds="what the tool gave back"),
    Column(name="action", type=ColumnType.WORD, holds="what was tried (access)"),
    Column(name="resource", type=ColumnType.TEXT, holds="on what (access)"),
    Column(name="outcome", type=ColumnType.WORD, holds="how it ended (access)"),
    Column(name="of", type=ColumnType.TEXT, holds="the id of the event that a label is for"),
    Column(name="label", type=ColumnType.TEXT, holds="the true answer, known later"),
    Column(name="run", type=ColumnType.TEXT, holds="the training run"),
    Column(name="dataset", type=ColumnType.WORD, holds="the dataset trained on"),
    Column(name="digest", type=ColumnType.TEXT, holds="the digest of the thing itself"),
    Column(name="rows", type=ColumnType.COUNT, holds="how many rows a dataset has"),
    Column(name="origin", type=ColumnType.TEXT, holds="where a dataset came from"),
    Column(name="by", type=ColumnType.TEXT, holds="who deployed"),
    Column(name="params", type=ColumnType.JSON, holds="the parameters of a training run"),
    Column(name="metrics", type=ColumnType.JSON, holds="the results of a training run"),
    Column(name="groups", type=ColumnType.JSON, holds="group attributes, for fairness"),
    Column(name="extra", type=ColumnType.JSON, holds="fields not known here, kept as they came"),
    Column(
        name="received",
        type=ColumnType.TIME,
        holds="when stanch took it in; set here, never by a sender",
    ),
)

REQUIRED: tuple[str, ...] = ("id", "ts", "kind", "asset")
"""Without these a row is rejected."""

NEEDED_BY_KIND = MappingProxyType(
    {
        EventKind.INFERENCE: (),
        EventKind.EXCHANGE: (),
        EventKind.TOOL_CALL: ("tool",),
        EventKind.ACCESS: ("action",),
        EventKind.LABEL: ("of", "label"),
        EventKind.TRAINING: ("run",),
        EventKind.DATASET: ("digest",),
        EventKind.DEPLOYMENT: ("digest",),
    }
)
"""What a row of each kind must also say."""
