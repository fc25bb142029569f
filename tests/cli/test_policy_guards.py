"""`stanch policy show` on guards: which run the policy, which are gone, what is wrong with them."""

from datetime import UTC, datetime, timedelta

from stanch.cli.policy_guards import guard_lines

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


def test_a_guard_that_is_gone_is_not_said_to_run_anything() -> None:
    def guard(name: str, seconds: int, **more: object) -> dict[str, object]:
        seen = (NOW - timedelta(seconds=seconds)).isoformat()
        return {"report": {"guard": name, "version": 6, "cannot": (), **more}, "seen": seen}

    gone = guard("old", 300)
    there = guard("new", 20, cannot=("Envoy cannot shape answers.",), troubles=("No space.",))
    assert guard_lines([gone, there], NOW) == [
        "guard old was last heard of 5 min ago, with version 6",
        "guard new runs version 6",
        "  cannot: Envoy cannot shape answers.",
        "  says: No space.",
    ]
    assert guard_lines([guard("one", 20, among=4)], NOW) == [
        "guard one runs version 6; its limits are counted by 4 guards together"
    ]
    assert guard_lines([], NOW) == ["No guard has been heard of yet."]
