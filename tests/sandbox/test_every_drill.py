"""Every drill, small and for real: an attack on a model behind a guard, watched by its own server.

Whether a drill is won is for the scorecard, on machines that do nothing else. What holds here has
to hold beside any other work, in one of two plays: attacks are contained and proved, the innocent
are let be, an outsider verifies the evidence, and what was done is undone.
"""

from collections.abc import Iterator

import pytest

from stanch.sandbox import runner
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill, drills
from stanch.sandbox.score import Score

pytest.importorskip("sklearn")
SEEDS = (1001, 1002)


def lacks(found: Score, *, innocent: bool) -> Iterator[str]:
    """What did not hold."""
    if found.contained_wrongly:
        yield f"contained wrongly: {found.contained_wrongly}"
    if found.evidence_verified is False or not (innocent or found.evidence_verified):
        yield "the evidence was not verified"
    if not innocent and found.seconds.contained is None:
        yield "it was not contained"
    if not innocent and found.undone is not True:
        yield "it was not undone"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", drills())
def test_a_real_attack_is_contained_and_the_innocent_are_let_be(name: str) -> None:
    chosen, said = drill(name), list[str]()
    for seed in SEEDS:
        found = runner.run(chosen, Options(small=True, seed=seed), lambda _: None)
        missed = list(lacks(found, innocent=chosen.innocent))
        if not missed:
            return
        said.append(f"seed {seed}: {missed} {found.notes}")
    pytest.fail(f"{name}: {said}")
