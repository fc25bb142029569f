"""A condition that a person typed, made safe to put after WHERE.

In    text such as `prediction = 'fraud' and latency_ms > 100`, and the columns there are.
Out   the same text, known to be one expression over those columns; else `BadInput`, with why.
Why   a hunt is asked in text, over HTTP too. DuckDB itself parses the text, in a statement of ours;
      the tree must be our statement with nothing changed but its condition, and the condition
      may hold only columns, constants, comparisons and functions that compute.
"""

from collections.abc import Collection, Iterator
from typing import Any

import duckdb
import msgspec

from stanch.vocabulary.trouble import BadInput

_LONGEST = 10_000
_CLASSES = frozenset(
    {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "FUNCTION", "CAST"}
    | {"CASE", "BETWEEN", "PARAMETER_LIST", "TYPE"}
)
_COMPUTE = (
    "+ - * / % // ^ ** || ~~ !~~ ~~* !~~* ~~~ -> ->> = <> < > <= >= @> <@ && & | ~ << >> abs "
    "ceil ceiling floor round sign sqrt ln log log2 log10 exp pow power greatest least mod "
    "isnan isinf isfinite lower upper length strlen trim ltrim rtrim contains starts_with "
    "ends_with prefix suffix substr substring left right replace instr position strpos "
    "reverse concat like_escape not_like_escape ilike_escape not_ilike_escape regexp_matches "
    "regexp_full_match regexp_extract levenshtein jaccard md5 sha256 len array_length "
    "list_contains list_has array_contains list_position list_min list_max list_sum list_avg "
    "list_count list_extract array_extract list_slice array_slice list_value list_sort "
    "list_any_value list_first list_last list_has_any list_has_all list_unique "
    "list_stddev_pop json_extract json_extract_string json_type json_valid json_array_length "
    "json_contains json_keys json_exists json_value date_trunc date_part datepart year month "
    "day hour minute second dayofweek epoch epoch_ms epoch_us date_diff datediff strftime "
    "to_timestamp to_seconds to_minutes to_hours to_days to_weeks coalesce ifnull nullif "
    "try_cast struct_extract "
)
_FUNCTIONS = frozenset(_COMPUTE.split())


def checked(text: str, columns: Collection[str]) -> str:
    """The text, when it is one condition over these columns and nothing else."""
    if len(text) > _LONGEST:
        raise BadInput(f"The condition is longer than {_LONGEST} characters.")
    if "\0" in text:
        raise BadInput("The condition has a zero byte.")
    found = _tree(text)
    condition = found.pop("where_clause")
    plain = _tree("true")
    plain.pop("where_clause")
    if _bare(found) != _bare(plain):
        raise BadInput("The condition is not one expression. Write only what stands after WHERE.")
    for node in _nodes(condition):
        _check(node, columns)
    return text


def _tree(text: str) -> dict[str, Any]:
    statement = f"SELECT 1 FROM events WHERE ({text}\n)"  # noqa: S608  only parsed, never run
    with duckdb.connect(":memory:") as parser:
        rows = parser.execute("SELECT json_serialize_sql(?)", [statement]).fetchall()
    parsed = msgspec.json.decode(rows[0][0])
    if parsed["error"]:
        told = str(parsed["error_message"]).splitlines()[0]
        raise BadInput(f"The condition cannot be read: {told}.")
    statements = parsed["statements"]
    if len(statements) != 1 or "where_clause" not in statements[0]["node"]:
        raise BadInput("The condition is not one expression. Write only what stands after WHERE.")
    return statements[0]["node"]


def _bare(tree: Any) -> Any:
    """The tree without the places in the text."""
    if isinstance(tree, dict):
        return {k: _bare(v) for k, v in tree.items() if not k.startswith("query_location")}
    return [_bare(v) for v in tree] if isinstance(tree, list) else tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _check(node: dict[str, Any], columns: Collection[str]) -> None:
    kind = node["class"]
    if kind not in _CLASSES:
        word = str(kind).lower().replace("_", " ")
        raise BadInput(f"A condition cannot have a {word} in it; use columns and constants.")
    if kind == "COLUMN_REF" and node["column_names"][0] not in columns:
        told = ".".join(node["column_names"])[:60]
        raise BadInput(f"There is no column {told!r}. There are: {', '.join(columns)}.")
    if kind == "FUNCTION":
        name = str(node["function_name"]).lower()
        if name not in _FUNCTIONS or node.get("schema") or node.get("catalog"):
            raise BadInput(f"The function {name[:60]!r} cannot be used in a condition.")
