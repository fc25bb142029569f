"""Model provenance: each fault alone, roll-backs, and names that fight back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from stanch.detect import examples
from stanch.detect.detectors.model_provenance import DETECTOR, MOST
from stanch.detect.summaries.record import Deed, Record, record_of
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import digest_of

GOOD, BAD = digest_of(b"good"), digest_of(b"bad")


def deployed(digest: str, k: int = 0, **more: str) -> Happening:
    return Happening(
        at=examples.START + timedelta(minutes=k),
        event=f"d{k}",
        kind=EventKind.DEPLOYMENT,
        principal=more.get("principal", "bot"),
        version=more.get("version", "v7"),
        what=digest,
    )


def trained(digest: str, k: int = -60) -> Happening:
    return Happening(
        at=examples.START + timedelta(minutes=k),
        event=f"t{k}",
        kind=EventKind.TRAINING,
        facts={"digest": digest},
    )


def seen(window: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(window) if isinstance(s, Finding)]


def of(*now: Happening, history: tuple[Happening, ...] = ()) -> Window:
    record = Record(happenings=now, seen=len(now))
    return replace(examples.nothing_seen(), record=record, history=history)


def test_the_same_version_with_other_weights_is_told_without_any_registry() -> None:
    (one,) = seen(of(deployed(BAD), history=(deployed(GOOD, -30),)))
    assert "changed under its version" in one.measured
    assert one.points_to[AttackKind.WEIGHT_TAMPERING] > 0.8
    assert one.strength == 6.0
    everything = replace(of(deployed(BAD), history=(deployed(GOOD, -30), trained(GOOD))), signed={})
    assert seen(everything)[0].strength == 8.0


def test_a_swap_inside_one_window_is_told_too() -> None:
    assert seen(of(deployed(GOOD, 0), deployed(BAD, 1)))


def test_another_version_may_have_another_digest_than_the_registered_one() -> None:
    window = of(deployed(BAD, version="v8"))
    asset = replace(window.asset, version="v7", digest=GOOD)
    assert not seen(replace(window, asset=asset))
    assert seen(replace(of(deployed(BAD)), asset=asset))


def test_a_roll_back_to_what_ran_before_needs_no_training_run() -> None:
    history = (deployed(GOOD, -90, version="v6"), trained(digest_of(b"newer")))
    assert not seen(of(deployed(GOOD, version="v6"), history=history))
    window = of(deployed(GOOD), history=(trained(digest_of(b"newer")),))
    assert seen(window)
    registered = replace(window.asset, version="v7", digest=GOOD)
    assert not seen(replace(window, asset=registered)), "what is registered needs none either"


def test_unsigned_is_only_said_where_signatures_are_kept() -> None:
    window = of(deployed(GOOD), history=(trained(GOOD),))
    assert not seen(window)
    (one,) = seen(replace(window, signed={}))
    assert "no signature" in one.measured


@pytest.mark.parametrize("digest", ["", "latest", "sha256:12", "\x1b[2Jboo", "sha512:" + "a" * 128])
def test_what_is_no_digest_is_told_and_cannot_move_the_cursor(digest: str) -> None:
    (one,) = seen(of(deployed(digest), history=(trained(GOOD),)))
    assert "no digest" in one.measured
    assert one.says.isprintable()


def test_capital_letters_or_a_bare_digest_are_the_same_digest() -> None:
    bare = GOOD.removeprefix("sha256:").upper()
    assert not seen(of(deployed(bare), history=(trained(GOOD),)))


def test_with_nothing_to_compare_it_is_blind_and_not_quiet() -> None:
    (said,) = DETECTOR.seen_in(of(deployed(GOOD)))
    assert isinstance(said, Blind)


def test_where_nobody_is_named_who_signs_it_says_that_unsigned_models_are_not_told() -> None:
    (said,) = DETECTOR.seen_in(of(deployed(GOOD), history=(trained(GOOD),)))
    assert isinstance(said, Blind)
    assert said.why == "unsigned models: nobody is named who signs (signers in the inventory)"


def test_a_training_run_later_than_the_deployment_by_a_skewed_clock_still_counts() -> None:
    assert not seen(of(deployed(GOOD), history=(trained(GOOD, 5),)))


def test_two_deployers_are_two_findings() -> None:
    window = of(deployed(BAD), deployed(BAD, 1, principal="eve"), history=(trained(GOOD),))
    made = seen(window)
    assert len({f.id for f in made}) == 2


def test_who_wrote_to_the_version_is_a_suspect_and_who_read_it_is_not() -> None:
    def deed(who: str, action: str, version: str, outcome: str = "ok") -> tuple[Deed, int]:
        place = f"registry/loan-scorer/{version}"
        return Deed(EventKind.ACCESS, who, action, place, outcome), 1

    record = record_of(
        [
            deed("contractor", "push", "v7"),
            deed("reader", "pull", "v7"),
            deed("other", "push", "v70"),
            deed("guesser", "push", "v7", "denied"),
        ],
        [deployed(BAD, principal="")],
    )
    window = replace(of(), record=record, history=(deployed(GOOD, -30),))
    (one,) = seen(window)
    assert [s.principal for s in one.suspects] == ["contractor"]
    assert "written by contractor" in one.says


def test_the_same_deployed_once_more_is_a_deed_of_its_own_and_a_later_window_tells_the_same() -> (
    None
):
    history = (deployed(GOOD, -30),)
    told = seen(of(deployed(BAD, 1), deployed(BAD, 3), history=history))
    first, second = sorted(told, key=lambda f: f.deeds)
    assert first.id != second.id
    assert "for the 2nd time" in second.says
    later = of(deployed(BAD, 1), history=history)
    ten = timedelta(minutes=10)
    moved = replace(later.span, start=later.span.start + ten, end=later.span.end + ten)
    (again,) = seen(replace(later, span=moved))
    assert again.id == first.id


def test_a_flood_of_deployments_is_told_by_its_last_ones() -> None:
    many = tuple(deployed(BAD, k) for k in range(200))
    assert len(seen(of(*many, history=(deployed(GOOD, -30),)))) == MOST
