"""What is told of a play while it is played."""

from stanch.sandbox.moment import Moment, Part, Voice
from stanch.sandbox.score import Seconds


def test_what_is_seen_late_is_of_the_part_that_is_played_by_then() -> None:
    told: list[Moment] = []
    voice = Voice(told.append, lambda: Seconds(finding=1.5), name="theft")
    voice.begins(Part.ATTACK, "it is copied.")
    voice.news("found: somebody copies.")
    voice.begins(Part.PROOF, "checking the evidence.")
    voice.news("contained.")
    parts = [Part.ATTACK, Part.ATTACK, Part.PROOF, Part.PROOF]
    assert [one.part for one in told] == parts
    assert told[3] == Moment(
        part=Part.PROOF, says="theft: contained.", seconds=Seconds(finding=1.5)
    )
