"""Late labels: the truth about an answer, joined with the answer it is for.

In    label rows of one asset, and the answers they name, as the lake recalls them.
Out   `Labels` by version, in the plan's codes; the label rows that name an answer nobody knows.
Why   accuracy, calibration and fairness are known only when the truth arrives.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.columns import Labels
from stanch.detect.summaries.plan import Plan
from stanch.engine.ingest.compute import pc
from stanch.engine.watch.answers import coded, factored, groups_of
from stanch.vocabulary.ids import AssetId

Scores = Sequence[Sequence[float | None] | None]


class Recall(Protocol):
    """Where earlier answers can be looked up."""

    def recall(self, asset: AssetId, ids: Sequence[str], also: Sequence[str] = ()) -> pa.Table:
        """The answers with these ids: id, version, principal, prediction, scores, groups, and
        these columns.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """Labels and their answers, of one version."""

    version: str
    rows: pa.Table
    """The label rows' `label`, `ts` and `contributor`, beside the columns of their answers."""


def joined(
    labels: pa.Table, recall: Recall, asset: AssetId, also: Sequence[str] = ()
) -> tuple[tuple[Joined, ...], pa.Table]:
    """The labels with their answers, by version, and those whose answers nobody knows; `also` are
    more columns of the answers.
    """
    wanted = labels.select(["of", "label", "ts", "principal"])
    wanted = wanted.rename_columns(["of", "label", "ts", "contributor"])
    answers = recall.recall(asset, wanted["of"].unique().to_pylist(), also)
    # Not `Table.join`: it refuses columns of lists, which scores are.
    places = pc.index_in(wanted["of"], value_set=answers["id"].combine_chunks())
    known = places.is_valid()
    both = wanted.filter(known)
    for name in answers.column_names:
        if name != "id":
            both = both.append_column(name, answers[name].take(places.filter(known)))
    versions = both["version"].fill_null("")
    found = tuple(
        Joined(version=version, rows=both.filter(pc.equal(versions, version)))
        for version in sorted(versions.unique().to_pylist())
    )
    return found, labels.filter(pc.invert(known))


def labels_of(rows: pa.Table, plan: Plan) -> Labels:
    """The joined rows in the plan's codes; a label is its contributor's, if it names one."""
    principals, names = factored(pc.coalesce(rows["contributor"], rows["principal"]))
    truth, scores = coded(rows["label"], plan.classes), rows["scores"].to_pylist()
    return Labels(
        truth=truth,
        predictions=coded(rows["prediction"], plan.classes),
        confidence=np.array(list(_largest(scores)), np.float64),
        given=np.array(list(_at(scores, truth.tolist(), len(plan.classes))), np.float64),
        principals=principals,
        names=names,
        groups=groups_of(rows["groups"], plan.groups),
    )


def _largest(scores: Scores) -> Iterator[float]:
    for one in scores:
        given = [s for s in one or () if s is not None and not np.isnan(s)]
        yield max(given, default=float("nan"))


def _at(scores: Scores, classes: Sequence[int], known: int) -> Iterator[float]:
    """The score of each row's class; NaN where it has none, or scores of other classes."""
    for one, place in zip(scores, classes, strict=True):
        told = one[place] if one is not None and len(one) == known and place >= 0 else None
        yield float("nan") if told is None else told
