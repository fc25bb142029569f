"""What the CACAO 2.0 specification asks of a document, checked without its schema files.

In    a document as plain JSON values.
Out   every fault, with where it is; none when the document is valid.
Why   (1) shape: required fields, ids, times, known step types, no unknown fields.
      (2) meaning, which the published schemas do not check: every named step, agent and extension
      exists, exactly one start, all can be reached, each branch ends, variables are texts.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
ID = re.compile(rf"[a-z][a-z0-9-]+[a-z0-9]--{UUID}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
VARIABLE = re.compile(r"__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__")
NEEDED = ("type", "spec_version", "id", "name", "created_by", "created", "modified")
KNOWN = frozenset(
    (
        *NEEDED,
        *("workflow_start", "workflow", "description", "playbook_types", "playbook_activities"),
        *("playbook_processing_summary", "revoked", "valid_from", "valid_until", "derived_from"),
        *("related_to", "priority", "severity", "impact", "industry_sectors", "labels"),
        *("external_references", "markings", "playbook_variables", "workflow_exception"),
        *("playbook_extensions", "authentication_info_definitions", "agent_definitions"),
        *("target_definitions", "extension_definitions", "data_marking_definitions", "signatures"),
    )
)
COMMON = frozenset(
    (
        *("type", "name", "description", "external_references", "delay", "timeout"),
        *("step_variables", "owner", "on_completion", "on_success", "on_failure"),
        "step_extensions",
    )
)
STEPS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "start": (frozenset(), frozenset()),
    "end": (frozenset(), frozenset()),
    "action": (
        frozenset({"commands", "agent"}),
        frozenset({"commands", "agent", "targets", "in_args", "out_args"}),
    ),
    "playbook-action": (
        frozenset({"playbook_id"}),
        frozenset({"playbook_id", "playbook_version", "in_args", "out_args"}),
    ),
    "parallel": (frozenset({"next_steps"}), frozenset({"next_steps"})),
    "if-condition": (
        frozenset({"condition", "on_true"}),
        frozenset({"condition", "on_true", "on_false"}),
    ),
    "while-condition": (
        frozenset({"condition", "on_true"}),
        frozenset({"condition", "on_true"}),
    ),
    "switch-condition": (frozenset({"switch", "cases"}), frozenset({"switch", "cases"})),
}
"""For each type of step the fields it needs, and those it may have beside the common ones."""
ONWARD = ("on_completion", "on_success", "on_failure", "on_true", "on_false")


def faults(document: Document) -> tuple[str, ...]:
    """Everything that is wrong with this document."""
    found = [*_top(document)]
    workflow = document.get("workflow")
    if not isinstance(workflow, Mapping):
        return (*found, "workflow: it must be a mapping of steps.")
    for key, step in workflow.items():
        found += [f"{key}: {says}" for says in _step(key, step, document)]
    return (*found, *_graph(document, workflow))


def onward(step: Document) -> tuple[str, ...]:
    """Every step that this one names."""
    named = [step[n] for n in ONWARD if isinstance(step.get(n), str)]
    named += [n for n in step.get("next_steps") or () if isinstance(n, str)]
    cases = step.get("cases")
    named += [n for n in cases.values() if isinstance(n, str)] if isinstance(cases, Mapping) else []
    return tuple(named)


def _top(document: Document) -> Iterator[str]:
    for name in (*NEEDED, "workflow_start", "workflow"):
        if name not in document:
            yield f"{name}: it is missing."
    for name in sorted(set(document) - KNOWN):
        yield f"{name}: CACAO has no such field."
    if document.get("type") != "playbook" or document.get("spec_version") != "cacao-2.0":
        yield "type: this must be a playbook of cacao-2.0."
    yield from _words(document)
    for name, variable in (document.get("playbook_variables") or {}).items():
        yield from _variable(name, variable)


def _words(document: Document) -> Iterator[str]:
    for name in ("id", "created_by", "workflow_start"):
        if name in document and not ID.fullmatch(str(document[name])):
            yield f"{name}: {document[name]!r} is no CACAO id."
    for name in ("created", "modified"):
        if name in document and not TIME.fullmatch(str(document[name])):
            yield f"{name}: {document[name]!r} is no time in UTC."


def _variable(name: str, variable: Any) -> Iterator[str]:
    if not VARIABLE.fullmatch(name):
        yield f"{name}: a variable's name is like __name__."
    if not isinstance(variable, Mapping) or "type" not in variable:
        yield f"{name}: a variable needs a type."
    elif not isinstance(variable.get("value"), str | None):
        yield f"{name}: the value of a variable is a text."


def _step(key: str, step: Any, document: Document) -> Iterator[str]:
    if not isinstance(step, Mapping):
        yield "a step is a mapping."
        return
    kind = str(step.get("type"))
    if kind not in STEPS:
        yield f"{kind!r} is no type of step."
        return
    if not re.fullmatch(rf"{kind}--{UUID}", key):
        yield f"its id must be {kind}--UUID."
    needs, takes = STEPS[kind]
    for name in sorted(needs - set(step)):
        yield f"a step of type {kind} needs {name}."
    for name in sorted(set(step) - takes - COMMON):
        yield f"a step of type {kind} has no {name}."
    yield from _links(kind, step)
    yield from _refers(step, document)


def _links(kind: str, step: Document) -> Iterator[str]:
    if kind == "end" and onward(step):
        yield "an end leads nowhere."
    if kind == "start" and "on_completion" not in step:
        yield "the start must lead to a step."
    if "on_completion" in step and ("on_success" in step or "on_failure" in step):
        yield "on_completion cannot stand beside on_success or on_failure."
    if kind == "parallel" and len(step.get("next_steps") or ()) < 2:  # noqa: PLR2004  two or more
        yield "it needs two branches or more."
    delay = step.get("delay", 1)
    if not isinstance(delay, int) or delay < 1 or not isinstance(step.get("timeout", 1), int):
        yield "delay and timeout are whole milliseconds."


def _refers(step: Document, document: Document) -> Iterator[str]:
    agents = document.get("agent_definitions") or {}
    if "agent" in step and step["agent"] not in agents:
        yield f"its agent {step['agent']!r} is not defined."
    if step.get("type") == "action" and not step.get("commands"):
        yield "an action needs a command."
    for name in step.get("step_extensions") or {}:
        if name not in (document.get("extension_definitions") or {}):
            yield f"its extension {name!r} is not defined."


def _graph(document: Document, workflow: Document) -> Iterator[str]:
    start = document.get("workflow_start")
    if start not in workflow or workflow[start].get("type") != "start":
        yield "workflow_start: it must name the start."
        return
    seen: set[str] = set()
    stack = [str(start)]
    while stack:
        here = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        if here not in workflow:
            yield f"{here}: it is named and not there."
            continue
        step = workflow[here]
        if step.get("type") != "end" and not onward(step):
            yield f"{here}: nothing follows, and it is no end."
        stack += onward(step)
    for key in sorted(set(workflow) - seen):
        yield f"{key}: nothing leads here."
    if sum(s.get("type") == "start" for s in workflow.values()) != 1:
        yield "workflow: there must be exactly one start."
