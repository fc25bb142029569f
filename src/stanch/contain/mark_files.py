"""The two files of a test for marks: what to ask a model that may be a copy, and what it answers.

In    inputs with their ids; the text that somebody brings back.
Out   CSV with the id and the numbers, in the asset's order of features; answers by id.
Why   whoever asks the model may be far from stanch, and has a table at hand wherever they are.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from stanch.vocabulary.trouble import BadInput

ID, ANSWER = "id", "answer"


def asked_csv(inputs: Iterable[tuple[str, Sequence[float]]]) -> str:
    """The inputs as CSV."""
    rows = list(inputs)
    widest = max((len(features) for _, features in rows), default=0)
    made = io.StringIO()
    table = csv.writer(made, lineterminator="\n")
    table.writerow([ID, *(f"f{n}" for n in range(widest))])
    table.writerows([key, *features] for key, features in rows)
    return made.getvalue()


def answers_in(text: str) -> Mapping[str, str]:
    """The answers by the id of their input."""
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff").lstrip()))
    if not {ID, ANSWER} <= set(table.fieldnames or ()):
        raise BadInput("What the model answers needs the columns id and answer in its first line.")
    return {str(row[ID]): str(row[ANSWER] or "").strip() for row in table}
