"""CACAO from elsewhere: whatever of a document is not in the playbook is named."""

import json
from collections.abc import Iterator
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contain.playbook.test_cacao import ORIGIN, Document, foreign, ours

from stanch.contain.playbook.cacao_check import COMMON, KNOWN, STEPS, faults
from stanch.contain.playbook.cacao_in import Imported, imported
from stanch.contain.playbook.cacao_out import EXTENSION, exported
from stanch.contain.playbook.cacao_reading import LONGEST
from stanch.contain.playbook.check import problems
from stanch.contain.playbook.written import read, written
from stanch.engine.runs.library import every_act, shipped

LINKS = {"on_completion", "on_success", "on_failure", "on_true", "on_false", "next_steps", "cases"}
KINDS = sorted(set(STEPS) - {"start", "end"})


def id_of(kind: str, number: int) -> str:
    return f"{kind}--{UUID(int=number, version=4)}"


class Marks:
    """Values that occur once, so that each can be looked for."""

    def __init__(self) -> None:
        self._number = count(1)

    def text(self) -> str:
        return f"mark{next(self._number)}x"

    def of(self, field: str) -> object:
        """A value of the type that CACAO has for this field."""
        if field in ("priority", "severity", "impact", "timeout", "delay"):
            return 10_000_007 + 1000 * next(self._number)
        if field == "commands":
            more = {"version": self.text(), "external_references": [{"name": self.text()}]}
            return [
                {"type": self.text(), "command": self.text(), "description": self.text(), **more}
            ]
        if field in ("in_args", "out_args", "targets", "labels", "markings", "related_to"):
            return [self.text(), self.text()]
        if field in ("step_variables", "playbook_variables"):
            return {f"__{self.text()}__": {"type": "string", "value": self.text()}}
        if field.endswith(("_definitions", "_extensions")):
            named = {"type": "group", "name": self.text(), "contact": {"email": self.text()}}
            return {self.text(): {**named, "address": {"ipv4": [self.text()]}}}
        return self.text()


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Documents of every kind of step, linked at will, with any of their fields."""
    marks = Marks()
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    keys = [id_of(kind, n) for n, kind in enumerate(kinds)]
    end, start = id_of("end", 99), id_of("start", 98)
    to = st.sampled_from([*keys, end])
    workflow: Document = {start: {"type": "start", "on_completion": draw(to)}, end: {"type": "end"}}
    for key, kind in zip(keys, kinds, strict=True):
        needs, takes = STEPS[kind]
        optional = sorted((takes | COMMON) - needs - {"type"})
        chosen = draw(st.lists(st.sampled_from(optional), unique=True))
        step: Document = {"type": kind}
        for field in (*sorted(needs), *sorted(chosen)):
            if field == "next_steps":
                step[field] = draw(st.lists(to, min_size=2, max_size=3))
            elif field == "cases":
                step[field] = {marks.text(): draw(to) for _ in range(2)}
            else:
                step[field] = draw(to) if field in LINKS else marks.of(field)
        workflow[key] = step
    known = st.sampled_from(sorted(KNOWN - {"type", "workflow", "workflow_start"}))
    top = {field: marks.of(field) for field in draw(st.lists(known, unique=True))}
    if draw(st.booleans()):
        top["spec_version"] = "cacao-2.0"
    for step in (s for s in workflow.values() if "agent" in s):
        defined = top.get("agent_definitions")
        if isinstance(defined, dict):
            step["agent"] = next(iter(defined))
    return {"type": "playbook", **top, "workflow_start": start, "workflow": workflow}


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every single value of a document, and every name among its fields, with where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, str(number)))
    else:
        yield path, value


def told(found: Imported, text: str, path: tuple[str, ...], value: object) -> bool:
    """Whether the value is in the playbook or named, or its field is named where it stands."""
    if str(value) in text or any(str(value) in one for one in found.repairs):
        return True
    deep = 2 if path[0] == "authentication_info_definitions" else 3
    way = path[2:3] if path[0] == "workflow" else path[:deep]
    return any(all(part in one for part in way) for one in found.repairs if way)


@given(documents())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_everything_in_a_document_is_in_the_playbook_or_named(document: Document) -> None:
    found = imported(document)
    text = written(found.playbook)
    for path, value in leaves(document):
        if not (LINKS | {"type", "workflow_start", "spec_version"}) & set(path):
            assert told(found, text, path, value), (path, value, found.repairs)
    for key in document["workflow"]:
        for case in document["workflow"][key].get("cases", {}):
            assert told(found, text, ("",), case)
    assert problems(found.playbook, every_act()) == ()
    again = read(text).playbook
    assert again.steps == found.playbook.steps


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("priority", 1.5, "priority: left out, as nothing here holds it: 1.5"),
        ("revoked", False, "revoked: left out, as nothing here holds it: false"),
        ("labels", [], "labels: left out, as nothing here holds it: []"),
        ("x_ours", {"a": None}, 'x_ours: left out, as nothing here holds it: {"a": null}'),
        (
            "playbook_variables",
            {"__a__": {"value": "b"}},
            "left out, as nothing here holds it: __a__",
        ),
    ],
)
def test_what_a_document_says_of_itself_is_named(field: str, value: object, named: str) -> None:
    document = foreign(a={"type": "action", "name": "One"}) | {field: value}
    assert any(named in one for one in imported(document).repairs)


def test_what_a_step_says_beyond_its_kind_is_named() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "a"},
        a={"type": "if-condition", "condition": "x", "on_true": "b", "commands": [], "timeout": 7},
        b={"type": "action", "name": "B", "commands": [], "timeout": 1500, "owner": "identity--1"},
    )
    told = imported(document).repairs
    assert "a: left out, as nothing here holds it: commands []; timeout 7" in told
    assert "b: it had no command; a person is asked to do what its name says" in told
    assert "b: left out, as nothing here holds it: timeout 1500; owner identity--1" in told


def test_who_does_it_by_hand_reads_whose_it_is_on_what_and_with_which_values() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "a"},
        a={
            "type": "action",
            "name": "Block",
            "agent": "ssh--1",
            "targets": ["net-address--2", "net-address--3"],
            "commands": [
                {"type": "ssh", "command": "deny __bad__:value"},
                {"type": "bash", "command_b64": "c3luYwo="},
                {"type": "http-api", "command_b64": "c3luYw==", "headers": {"a": ["b"]}},
            ],
            "in_args": ["__other__"],
            "step_variables": {"__bad__": {"type": "ipv4-addr", "value": "203.0.113.9"}},
        },
    )
    edge = {"type": "net-address", "name": "Edge", "address": {"ipv4": ["10.0.0.1"]}}
    document |= {
        "agent_definitions": {"ssh--1": {"type": "ssh", "name": "Wall", "password": "hunter2"}},
        "target_definitions": {"net-address--2": edge},
        "playbook_variables": {"__other__": {"type": "string", "value": "v9"}},
        "authentication_info_definitions": {"http-basic--1": {"password": "hunter2"}},
    }
    found = imported(document)
    (step,) = found.playbook.steps.values()
    for said in (
        "By hand: deny __bad__:value; type ssh.",
        "By hand: c3luYwo=; type bash.",
        'By hand: sync; type http-api; headers {"a": ["b"]}.',
        "Meant for Wall (ssh).",
        "On Edge (net-address, 10.0.0.1), net-address--3.",
        "__bad__ is type ipv4-addr; 203.0.113.9.",
        "__other__ is type string; v9.",
    ):
        assert said in step.says
    assert "agent_definitions ssh--1: left out, as nothing here holds it: password" in found.repairs
    assert "hunter2" not in "".join((step.says, *found.repairs))


def test_a_text_that_nobody_reads_to_its_end_is_cut_and_said_to_be() -> None:
    found = imported(foreign(a={"type": "action", "name": "x" * (LONGEST + 1)}))
    assert any(f"its text was cut after {LONGEST} characters" in one for one in found.repairs)


def test_two_steps_of_a_list_under_one_id_and_what_says_it_is_a_part_are_kept() -> None:
    part = {"type": "action", "name": "Hidden", "step_extensions": {EXTENSION: {"part_of": "x"}}}
    steps = [{"id": "a", "type": "action", "name": n} for n in ("One", "Two")]
    found = imported({"type": "playbook", "workflow": [*steps, {"id": "c", **part}]})
    said = " ".join(one.says for one in found.playbook.steps.values())
    assert all(f"{name}. Is it done?" in said for name in ("One", "Two", "Hidden"))
    assert "a: its id stands twice; the later one is a step of its own" in found.repairs


def test_branches_that_meet_go_on_together() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "p"},
        p={"type": "parallel", "next_steps": ["a", "b"]},
        a={"type": "action", "name": "A", "on_completion": "c"},
        b={"type": "action", "name": "B", "on_completion": "c"},
        c={"type": "action", "name": "C"},
    )
    book = imported(document).playbook
    assert problems(book, every_act()) == ()
    assert {n: ways for n, s in book.steps.items() if (ways := getattr(s, "next", None))} == {
        "p": "c"
    }


def test_our_own_document_is_silent_but_for_what_was_changed_elsewhere() -> None:
    document = json.loads(json.dumps(exported(shipped()["extraction"].playbook, ORIGIN)))
    assert imported(document).repairs == ()
    act = next(s for s in document["workflow"].values() if s["type"] == "action")
    act |= {"timeout": 7, "owner": "identity--1"}
    document |= {"priority": 3}
    told = imported(document).repairs
    assert told[0] == "priority: left out, as nothing here holds it: 3"
    assert "timeout 7; owner identity--1" in told[1]
    assert len(told) == 2
    assert faults(ours()) == ()
