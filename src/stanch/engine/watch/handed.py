"""Handed in: label rows that bring their inputs along, for training.

In    label rows of one asset; its plan.
Out   those that bring inputs, and the others; `Handed` in the plan's codes.
Why   a late label is for an answer that was given. A row for training answers nothing: it comes
      with its own inputs, and with what the model in service says of it.
"""

import pyarrow as pa

from stanch.detect.summaries.handed import Handed, handed_of
from stanch.detect.summaries.ready import Ready
from stanch.engine.ingest.compute import pc
from stanch.engine.watch.answers import answers, coded, schema_of
from stanch.vocabulary.asset import Asset


def brings_inputs(rows: pa.Table) -> bool:
    """Whether these are rows for training; label rows that were joined have no inputs."""
    return "features" in rows.column_names


def apart(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The rows for training, and the late labels."""
    own = pc.or_(rows["features"].is_valid(), rows["named"].is_valid())
    return rows.filter(own), rows.filter(pc.invert(own))


def rows_of(rows: pa.Table, plan: Ready, asset: Asset) -> Handed:
    """These rows in the plan's codes."""
    schema = schema_of(plan.plan)
    columns = answers(rows, schema, asset)
    given = coded(rows["label"], schema.classes)
    return handed_of(plan, columns, given, rows["id"].to_pylist())
