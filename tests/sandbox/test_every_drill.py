"""Every drill, small and for real: an attack on a model behind a guard, watched by its own server.

Whether a drill is won is for the scorecard, on machines that do nothing else. What holds here has
to hold beside any other work, in one of two plays: attacks are contained and proved, the innocent
are let be, an outsider verifies the evidence, and what was done is undone. Against the adaptive
ones nobody has promised containment: there the innocent are let be, and evidence holds.
"""

from collections.abc import Iterator

import pytest

from stanch.sandbox import runner
from stanch.sandbox.options import Options
from stanch.sandbox.registry import drill, drills, optional
from stanch.sandbox.score import Score

pytest.importorskip("sklearn")
SEEDS = (1001, 1002)
PATIENT = runner.Times(quiet=4, attack=120, after=60, settled=3)
"""As long as a machine that does other work needs: what is contained ends at once."""


def lacks(found: Score, *, promised: bool) -> Iterator[str]:
    """What did not hold."""
    if found.contained_wrongly:
        yield f"contained wrongly: {found.contained_wrongly}"
    if found.evidence_verified is False or (promised and not found.evidence_verified):
        yield "the evidence was not verified"
    if promised and found.seconds.contained is None:
        yield "it was not contained"
    if promised and not found.undone:
        yield "it was not undone"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name, one in drills().items() if not optional(one)])
def test_a_real_attack_is_contained_and_the_innocent_are_let_be(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, said = drill(name), list[str]()
    promised = not (chosen.innocent or chosen.adaptive)
    if promised:
        monkeypatch.setattr(runner, "SMALL", PATIENT)
    for seed in SEEDS:
        found = runner.run(chosen, Options(small=True, seed=seed), lambda _: None)
        missed = list(lacks(found, promised=promised))
        if not missed:
            return
        said.append(f"seed {seed}: {missed} {found.notes}")
    pytest.fail(f"{name}: {said}")
