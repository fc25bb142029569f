"""Access anomaly: custom is each one's own, victims are not accused, newcomers may be custom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from stanch.detect import examples
from stanch.detect.detectors.access_anomaly import DETECTOR
from stanch.detect.summaries.acquaintances import Known, met
from stanch.detect.summaries.record import Deed, Record, record_of
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding

WEEK = DETECTOR.fires_on().before
KNOWN = DETECTOR.fires_on().known
NOW = examples.START
DAY = timedelta(days=1)


def deed(
    who: str, action: str = "login", outcome: str = "ok", resource: str = "r", source: str = ""
) -> Deed:
    return Deed(EventKind.ACCESS, who, action, resource, outcome, source)


def seen(*deeds: tuple[Deed, int], before: Record = WEEK, known: Known = KNOWN) -> list[Finding]:
    window = replace(examples.nothing_seen(), record=record_of(deeds), before=before, known=known)
    return [s for s in DETECTOR.seen_in(window) if isinstance(s, Finding)]


def topics(found: list[Finding]) -> list[str]:
    return [f.topic for f in found]


def test_mistyping_five_times_is_human() -> None:
    assert not seen((deed("user-01", outcome="failed"), 5), (deed("user-01"), 1))


def test_twenty_failures_in_a_row_name_who() -> None:
    (one,) = seen((deed("user-01", outcome="denied"), 20))
    assert one.suspects[0].principal == "user-01"


def test_of_many_who_try_one_has_to_fail_more_often_to_be_named() -> None:
    nine = (deed("eve", outcome="denied"), 9)
    assert topics(seen(nine)) == ["failed logins"]
    assert not seen(nine, *((deed(f"guest-{k:03}"), 1) for k in range(100)))


def test_a_service_that_always_fails_half_the_time_is_its_own_custom() -> None:
    old = record_of([(deed("cron", outcome="failed"), 500), (deed("cron"), 500)])
    assert not seen((deed("cron", outcome="failed"), 30), (deed("cron"), 25), before=old)


def test_a_sprayed_login_names_the_address_and_accuses_no_victim() -> None:
    tries = [(deed(f"user-{k:02}", outcome="failed", source="203.0.113.9"), 1) for k in range(30)]
    (one,) = seen(*tries)
    assert not seen(*tries[:11])
    assert one.topic.startswith("sprayed")
    assert one.groups == ("source=203.0.113.9",)
    assert not one.suspects


def test_a_whole_office_behind_one_address_that_logs_in_is_no_spray() -> None:
    office = [(deed(f"user-{k:02}", source="198.51.100.1"), 3) for k in range(30)]
    typo = [(deed(f"user-{k:02}", outcome="failed", source="198.51.100.1"), 1) for k in range(8)]
    assert not seen(*office, *typo)
    down = [(deed(f"user-{k:02}", outcome="failed", source="10.0.0.3"), 1) for k in range(25)]
    assert not seen(*down[:20], *[(deed(d.principal, source="10.0.0.3"), 1) for d, _ in down[15:]])


def test_probing_counts_different_resources() -> None:
    doors = [(deed("eve", "get", "404", f"/admin/{k}"), 2) for k in range(20)]
    assert topics(seen(*doors, before=Record())) == ["probing eve"]
    one_door = [(deed("eve", "get", "404", "/old-path"), 40)]
    assert not seen(*one_door, before=Record())


def test_a_newcomer_who_pushes_to_the_registry_is_told_where_newcomers_are_rare() -> None:
    (one,) = seen((deed("mallory", "push"), 1))
    assert one.topic == "newcomers"
    assert not seen((deed("mallory", "read"), 1))
    assert not seen((deed("mallory", "push"), 1), before=record_of([(deed("user-01"), 49)]))
    guest = record_of([(deed("guest", "pull"), 1)])
    assert not seen((deed("mallory", "push"), 1), known=met(KNOWN, guest, NOW - DAY))
    assert seen((deed("mallory", "push"), 1), known=met(KNOWN, guest, NOW - 40 * DAY))


def test_an_order_by_somebody_new_is_told_although_another_came_of_late() -> None:
    long = met(KNOWN, record_of([(deed("ada"), 1)]), NOW - 300 * DAY)
    known = met(long, record_of([(deed("guest", "pull"), 1)]), NOW - 20 * DAY)
    assert not seen((deed("mallory", "push"), 1), known=known)
    (one,) = seen((deed("mallory", "promote"), 1), known=known)
    assert "mallory, never seen here before, did promote" in one.says
    assert not seen((deed("guest", "promote"), 1), known=known), "at work for weeks"
    hasty = met(known, record_of([(deed("hasty", "delete"), 1)]), NOW - 10 * DAY)
    assert not seen((deed("mallory", "promote"), 1), known=hasty), "here newcomers give orders"


def test_who_only_logged_in_before_is_still_new() -> None:
    def came(ago: timedelta) -> Known:
        return met(KNOWN, record_of([(deed("mallory"), 1)]), NOW - ago)

    (one,) = seen((deed("mallory", "push"), 1), known=came(DAY))
    assert "here since" in one.says
    assert not seen((deed("mallory", "push"), 1), known=came(40 * DAY))
    young = met({}, record_of([(deed(who), 1) for who in ("mallory", "ada")]), NOW - DAY)
    assert not seen((deed("mallory", "push"), 1), known=young), "there from the start"


def test_who_was_away_for_months_is_no_newcomer() -> None:
    back = met(KNOWN, record_of([(deed("ada", "pull"), 1)]), NOW - 59 * DAY)
    assert not seen((deed("ada", "push"), 1), known=back)


def test_a_decoy_that_only_reads_hides_nobody() -> None:
    decoy = record_of([(deed("decoy", "read"), 5), (deed("decoy", "push", "denied"), 5)])
    assert topics(seen((deed("mallory", "push"), 1), known=met(KNOWN, decoy, NOW - DAY))) == [
        "newcomers"
    ]


def test_without_a_memory_nobody_is_called_new() -> None:
    assert not seen((deed("mallory", "push"), 1), (deed("user-05", "role.grant"), 1), known={})


def blind(**parts: Any) -> list[str]:
    window = replace(DETECTOR.quiet_on(), **parts)
    return [s.why for s in DETECTOR.seen_in(window) if isinstance(s, Blind)]


def test_until_there_is_a_memory_it_is_blind_to_newcomers_and_says_how_much_is_lacking() -> None:
    few = record_of([(deed("ada"), 49)])
    assert blind(before=few) == ["who is new here: 49 accesses in the week before, 50 needed"]
    young = met({}, WEEK, NOW - 60 * DAY)
    (why,) = blind(known=young)
    assert why == "orders by newcomers: 60 days of memory, more than 60 needed"
    assert blind(known=met({}, WEEK, NOW - 61 * DAY)) == []
    assert blind(record=record_of([]), before=record_of([])) == ["no access was ever told"]


def test_an_admin_who_rarely_grants_is_known_for_it() -> None:
    granted = record_of([(deed("root", "role.grant"), 2)])
    known = met(KNOWN, granted, NOW - 50 * DAY)
    assert not seen((deed("root", "role.grant"), 5), known=known)
    assert topics(seen((deed("root", "role.grant"), 7), known=known)) == ["rights"]


def test_rights_changed_by_somebody_who_never_did() -> None:
    assert topics(seen((deed("user-05", "role.grant"), 1))) == ["rights"]
    admin = WEEK.merge(record_of([(deed("root", "role.grant"), 20)]))
    assert not seen((deed("root", "role.grant"), 3), before=admin)
    assert not seen((deed("user-05", "role.grant", "denied"), 1))


def test_names_with_control_characters_are_shown_harmless() -> None:
    (one,) = seen((deed("eve\x1b[2J\u202e" + "x" * 300, outcome="failed"), 50))
    assert one.says.isprintable()
    assert len(one.says) < 300


def test_nobody_named_and_no_address_accuses_nobody() -> None:
    assert not seen((deed("", outcome="failed"), 100))


def test_it_does_not_depend_on_how_the_record_was_sharded() -> None:
    parts = [record_of([(deed("user-01", outcome="failed"), 5)]) for _ in range(6)]
    whole = parts[0]
    for part in parts[1:]:
        whole = part.merge(whole)
    window = replace(examples.nothing_seen(), before=WEEK)
    one = DETECTOR.seen_in(replace(window, record=whole))
    all_at_once = record_of([(deed("user-01", outcome="failed"), 30)])
    assert one == DETECTOR.seen_in(replace(window, record=all_at_once))
    assert one
