"""CACAO: playbooks of others are repaired without loss; signatures hold; one value has one text."""

import json
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.contain.playbook.cacao_check import faults
from stanch.contain.playbook.cacao_in import imported
from stanch.contain.playbook.cacao_out import EXTENSION, Origin, exported
from stanch.contain.playbook.cacao_reading import BY_HAND, MOST
from stanch.contain.playbook.cacao_signed import Key, covered, signed, vouched
from stanch.contain.playbook.canonical import canonical, parsed
from stanch.contain.playbook.check import problems
from stanch.engine.runs.library import every_act, shipped
from stanch.vocabulary.playbook import END, Ask, Decide, Repeat, Wait
from stanch.vocabulary.trouble import BadInput

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN = Origin(created=AT, modified=AT)
Document = dict[str, Any]


def ours() -> Document:
    made: Document = json.loads(json.dumps(exported(shipped()["poisoning"].playbook, ORIGIN)))
    return made


def foreign(**workflow: Document) -> Document:
    return {"type": "playbook", "name": "Theirs", "workflow_start": "s", "workflow": workflow}


def test_a_wild_playbook_is_repaired_without_losing_a_step() -> None:
    document = foreign(
        s={"type": "start", "next_step": "look"},
        look={"type": "action", "name": "Look", "next_step": "bad"},
        bad={"type": "decision", "condition": "score > 5", "on_true": "kill", "on_false": "look"},
        kill={"type": "action", "commands": [{"type": "bash", "command": "rm -rf /"}], "next": "e"},
        which={"type": "switch-condition", "switch": "__v__", "cases": {"a": "kill", "b": "look"}},
        odd={"type": "frobnicate", "name": "Odd"},
        slow={"type": "action", "name": "Slow", "delay": 5000, "on_completion": "gone"},
        e={"type": "end"},
    )
    document["playbook_variables"] = {"__n__": {"type": "integer", "value": 5}}
    found = imported(document)
    told = "\n".join(found.repairs)
    for named in (
        "created_by",
        "decision",
        "no command",
        "__n__",
        "came back",
        "gone",
        "frobnicate",
    ):
        assert named in told
    said = " ".join(s.says for s in found.playbook.steps.values())
    for word in ("Look", "score > 5", "rm -rf /", "__v__", "Odd", "Slow"):
        assert word in said
    assert isinstance(found.playbook.steps["slow-delay"], Wait)
    assert problems(found.playbook, every_act()) == ()
    assert all(not isinstance(s, Ask) or not s.if_silent for s in found.playbook.steps.values())


def test_what_others_write_is_read_as_sentences_and_says_what_it_is_worth() -> None:
    document = {
        **foreign(
            s={"type": "start", "on_completion": "which"},
            which={
                "type": "switch-condition",
                "switch": "How bad",
                "cases": {"default": "call", "high": "kill", "low": "look"},
            },
            kill={"type": "action", "name": "Kill\u202eit\nnow", "commands": [{"command": "kill"}]},
            look={"type": "action", "name": "Look."},
            call={"type": "action"},
        ),
        "revoked": True,
        "valid_until": "2020-01-01T00:00:00Z",
        "signatures": [{"type": "jss"}],
    }
    found = imported(document)
    asks = {key: step for key, step in found.playbook.steps.items() if isinstance(step, Ask)}
    said = {key: one.says for key, one in asks.items()}
    assert said == {
        "which": "How bad. Is it high?",
        "which-case-2": "How bad. Is it low?",
        "kill-it-now": "Kill it now. By hand: kill. Is it done?",
        "look": "Look. Is it done?",
        "call": "call. Is it done?",
    }
    assert (asks["which"].no, asks["which-case-2"].no) == ("which-case-2", "call")
    assert (asks["which"].yes, asks["which-case-2"].yes) == ("kill-it-now", "look")
    for words in ("revoked: its author took it back", "valid_until: "):
        assert any(one.startswith(words) for one in found.repairs)
    assert len(set(found.repairs)) == len(found.repairs)


@pytest.mark.parametrize(
    "harm",
    [
        {"step_kind": ["do"], "fields": {}},
        {"step_kind": "do", "fields": []},
        {"step_kind": "note", "fields": {"id": ""}},
        {"step_kind": "note", "fields": {"id": "end"}},
    ],
)
def test_a_step_of_ours_that_somebody_broke_is_read_as_a_foreign_one(harm: Document) -> None:
    step = {"type": "action", "name": "It", "commands": True, "next_steps": 3}
    broken = {**step, "step_extensions": {EXTENSION: harm}}
    document = foreign(s={"type": "start", "on_completion": "a"}, a=broken)
    mine = {"order": [["a"]], "answers": 1, "version_number": "x"}
    found = imported({**document, "playbook_extensions": {EXTENSION: mine}}).playbook
    assert (list(found.steps), found.answers, found.version) == (["it"], (), 1)


def test_branches_go_on_where_their_fork_goes_on() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "fork"},
        fork={
            "type": "if-condition",
            "condition": "[x-stanch:suspects >= 1]",
            "on_true": "yes",
            "on_false": "no",
            "on_completion": "last",
        },
        yes={"type": "action", "name": "Yes", "on_completion": "e1"},
        no={"type": "action", "name": "No", "on_completion": "e2"},
        last={"type": "action", "name": "Last", "on_completion": "e3"},
        e1={"type": "end"},
        e2={"type": "end"},
        e3={"type": "end"},
    )
    book = imported(document).playbook
    fork, yes, no = (book.steps[n] for n in ("fork", "yes", "no"))
    assert isinstance(fork, Decide)
    assert isinstance(yes, Ask)
    assert isinstance(no, Ask)
    assert fork.condition == "suspects >= 1"
    assert {yes.yes, no.yes} == {"last"}


def test_a_loop_without_a_bound_gets_one() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "w"},
        w={"type": "while-condition", "condition": "[x-stanch:quiet = false]", "on_true": "a"},
        a={"type": "action", "name": "A"},
    )
    step = imported(document).playbook.steps["w"]
    assert isinstance(step, Repeat)
    assert 1 < step.most <= 10
    document["workflow"]["w"]["condition"] = "[ipv4-addr:value = '1']"
    found = imported(document)
    step = found.playbook.steps["w"]
    assert isinstance(step, Repeat)
    assert step.most == 1
    assert any("nobody here can tell" in one for one in found.repairs)


def test_who_does_it_by_hand_has_the_time_and_the_ways_on_that_the_step_states() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "one"},
        one={
            "type": "playbook-action",
            "name": "One",
            "playbook_id": "playbook--7",
            "timeout": 90_000,
            "on_success": "two",
            "on_failure": "three",
        },
        two={"type": "action", "name": "Two", "timeout": 500, "delay": 1, "on_completion": "e"},
        three={"type": "action", "name": "Three", "delay": 5000, "on_completion": "fork"},
        fork={"type": "if-condition", "condition": "is it", "on_true": "four", "on_false": "e"},
        four={"type": "action", "name": "Four"},
        e={"type": "end"},
    )
    steps = imported(document).playbook.steps
    one, two, fork = steps["one"], steps["two"], steps["fork"]
    assert isinstance(one, Ask)
    assert isinstance(two, Ask)
    assert isinstance(fork, Ask)
    assert "run the playbook playbook--7" in one.says
    assert (one.within, one.yes, one.no) == (90, "two-delay", "three-delay")
    assert two.within == BY_HAND
    assert (fork.yes, fork.no) == ("four", END)
    waits = {key: step for key, step in steps.items() if isinstance(step, Wait)}
    assert {key: (w.period, w.next) for key, w in waits.items()} == {
        "two-delay": (1, "two"),
        "three-delay": (5, "three"),
    }


def test_a_step_that_is_made_on_the_way_takes_the_place_of_none() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "one"},
        one={"type": "action", "name": "One", "delay": 1000, "on_completion": "which"},
        which={
            "type": "switch-condition",
            "name": "Which",
            "cases": {"a": "two", "b": "three"},
        },
        two={"type": "action", "name": "One delay"},
        three={"type": "action", "name": "Which case 2"},
        four={"type": "action", "name": "To four"},
        five={"type": "action", "name": "To to four"},
    )
    book = imported(document).playbook
    said = {step.says for step in book.steps.values() if isinstance(step, Ask)}
    for title in ("One", "One delay", "Which case 2", "To four", "To to four"):
        assert f"{title}. Is it done?" in said
    assert problems(book, every_act()) == ()


def test_what_nothing_leads_to_is_gone_to_by_a_yes_and_the_start_by_a_no() -> None:
    document = foreign(
        s={"type": "start", "on_completion": "one"},
        one={"type": "action", "name": "One"},
        lost={"type": "action", "name": "Lost"},
    )
    book = imported(document).playbook
    first = book.steps[book.start]
    assert isinstance(first, Ask)
    assert (first.yes, first.no) == ("lost", "one")
    document["workflow_start"] = "one"
    assert any("no start" in one for one in imported(document).repairs)


def test_more_steps_than_anybody_reads_are_refused() -> None:
    steps = {str(n): {"type": "action", "name": str(n)} for n in range(MOST + 1)}
    with pytest.raises(BadInput, match=f"of {MOST} steps"):
        imported(foreign(**steps))


def test_the_version_that_is_not_said_is_repaired_and_ours_needs_nothing() -> None:
    one = {"type": "action", "name": "One"}
    assert any(r.startswith("spec_version") for r in imported(foreign(a=one)).repairs)
    found = imported(ours())
    assert (found.repairs, found.playbook) == ((), shipped()["poisoning"].playbook)


def test_a_link_that_was_changed_elsewhere_counts() -> None:
    document = ours()
    ends = [k for k, s in document["workflow"].items() if s["type"] == "end"]
    block = next(
        s
        for s in document["workflow"].values()
        if next(iter(s.get("step_extensions", {}).values()), {}).get("fields", {}).get("id")
        == "law"
    )
    assert block["on_completion"] in ends
    checks = next(k for k, s in document["workflow"].items() if "Find which" in s["name"])
    first = next(s for s in document["workflow"].values() if s["type"] == "start")
    first["on_completion"] = checks
    assert imported(document).playbook.steps["to-freeze"]


Damage = Callable[[Document], object]
DAMAGES: list[tuple[Damage, str]] = [
    (lambda d: d.pop("created_by"), "created_by: it is missing"),
    (lambda d: d.update(bogus=1), "bogus"),
    (lambda d: d.update(created="yesterday"), "is no time"),
    (lambda d: d.update(workflow_start="start--1"), "is no CACAO id"),
    (lambda d: d["agent_definitions"].clear(), "is not defined"),
    (lambda d: d["extension_definitions"].clear(), "is not defined"),
    (lambda d: d["workflow"].pop(list(d["workflow"])[5]), "it is named and not there"),
    (lambda d: d["playbook_variables"].update(x={"type": "string"}), "like __name__"),
    (lambda d: next(iter(d["playbook_variables"].values())).update(value=5), "is a text"),
    (lambda d: first_of(d, "action").update(nonsense=1), "has no nonsense"),
    (lambda d: first_of(d, "action").pop("commands"), "needs commands"),
    (lambda d: first_of(d, "end").update(on_completion=d["workflow_start"]), "leads nowhere"),
    (lambda d: first_of(d, "parallel").update(next_steps=[]), "two branches"),
    (lambda d: first_of(d, "action").update(on_success="x"), "beside"),
    (lambda d: first_of(d, "action").update(on_failure="x"), "beside"),
    (lambda d: first_of(d, "action").update(delay=0), "whole milliseconds"),
    (lambda d: first_of(d, "parallel").update(next_steps=["x"]), "two branches"),
    (lambda d: first_of(d, "start").pop("on_completion"), "must lead to a step"),
    (lambda d: d.update(spec_version="cacao-1.0"), "a playbook of cacao-2.0"),
    (lambda d: d["workflow"].update(x={"type": "end"}), "its id must be end--UUID"),
]


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_a_damaged_document_is_found_out(damage: Damage, says: str) -> None:
    document = ours()
    assert faults(document) == ()
    damage(document)
    assert any(says in fault for fault in faults(document))


def first_of(document: Document, kind: str) -> Document:
    found: Document = next(s for s in document["workflow"].values() if s["type"] == kind)
    return found


def test_a_signature_holds_until_a_word_is_changed() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    document = signed(ours(), Key(sign=private.sign, public="AAAA"), ORIGIN)
    (mark,) = document["signatures"]
    value = urlsafe_b64decode(mark["value"] + "==")
    reordered = json.loads(json.dumps(dict(reversed(document.items())), indent=3))
    private.public_key().verify(value, covered(reordered, mark))
    reordered["name"] += "."
    with pytest.raises(InvalidSignature):
        private.public_key().verify(value, covered(reordered, mark))


def test_each_of_several_signatures_is_over_the_document_and_itself_alone() -> None:
    one, two = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
    by = {"ONE": one.public_key(), "TWO": two.public_key()}

    def verify(public: str, signature: bytes, message: bytes) -> bool:
        try:
            by[public].verify(signature, message)
        except InvalidSignature:
            return False
        return True

    document = signed(ours(), Key(sign=one.sign, public="ONE"), ORIGIN)
    document = signed(document, Key(sign=two.sign, public="TWO"), ORIGIN)
    assert [(v.public, v.holds) for v in vouched(document, verify)] == [
        ("ONE", True),
        ("TWO", True),
    ]
    first, second = document["signatures"]
    for change, holds in (
        ({"signee": "somebody else"}, False),
        ({"public_key": "TWO"}, False),
        ({"value": "%%"}, False),
        ({"hash_algorithm": "sha-1"}, None),
        ({"algorithm": "RS256"}, None),
        ({"type": "pgp"}, None),
    ):
        told = vouched({**document, "signatures": [{**first, **change}, second]}, verify)
        assert [v.holds for v in told] == [holds, True], change
        assert ("does not hold" in told[0].says) is (holds is False)
        assert ("not checked here" in told[0].says) is (holds is None)


@pytest.mark.parametrize(
    "marks",
    [
        None,
        [],
        "jss",
        [7],
        [{"type": "jss"}],
        [{"type": "jss", "algorithm": "Ed25519", "hash_algorithm": "sha-256", "public_key": "k"}],
        [{"type": "jss", "signee": "\u202eada", "algorithm": "RS256", "value": 7}],
    ],
)
def test_what_is_no_signature_of_ours_is_never_said_to_hold(marks: Any) -> None:
    def refuses(public: str, signature: bytes, message: bytes) -> bool:
        assert (public, len(message)) == ("k", 32)
        return bool(signature)

    found = vouched({**ours(), "signatures": marks}, refuses)
    assert not any(one.holds for one in found)
    assert all(one.says.isprintable() for one in found)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-6, "0.000001"), (1e-7, "1e-7"),
        (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (-0.0, "0"),
        (4.5, "4.5"), (2e-3, "0.002"), (333333333.33333329, "333333333.3333333"), (-1.5, "-1.5"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_ecmascript_writes_them(number: float, text: str) -> None:
    assert canonical(number) == text.encode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"name": "a", "workflow": {}, "name": "b"}', "'name' stands twice"),
        ('[{"x": {"y": 1, "y": 1}}]', "'y' stands twice"),
        ('{"x": NaN}', "no number NaN"),
        ('{"x": -Infinity}', "no number -Infinity"),
        ("{", "no JSON"),
        ("[" * 200_000, "no JSON"),
        ("\udcff", "no JSON"),
    ],
    ids=lambda one: one[:20],
)
def test_what_two_readers_may_read_otherwise_is_no_document(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)):
        parsed(text.encode(errors="surrogateescape"))


def test_keys_come_by_their_utf16_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    order = ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(keys, 0)))) == order


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=300, deadline=None)
def test_a_number_reads_back_as_itself(number: float) -> None:
    assert float(canonical(number)) == number


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**60, {1: 2}, {1, 2}, "\ud800"])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        canonical(value)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "bundle", "workflow": {"a": {"type": "action"}}},
        {"workflow": {}},
        {"workflow": 5},
    ],
)
def test_what_is_no_playbook_is_refused(document: Document) -> None:
    with pytest.raises(BadInput):
        imported(document)
