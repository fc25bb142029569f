"""Two real servers remember each other's logs; a log that was rewritten finds no witness."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

from stanch.engine.witnesses import Witnesses, witnesses_in
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.witness import Witness, parse_vkey, signed_by
from stanch.store.signing import Signer, name_of, open_signer
from stanch.store.verify import parse_checkpoint
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, Tampered

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Start = Callable[[Path, dict[str, str]], AbstractContextManager[Any]]


def signer_of(data: Path) -> Signer:
    return open_signer(data / "keys", name_of(data / "keys"))


def entry(about: str) -> Entry:
    return Entry(at=NOON, deed=Deed.STARTED, actor="t", about=about)


def cosigned(server: Any, key: str, seconds: float = PATIENCE) -> bool:
    """Whether the server's checkpoint is under this witness's line before the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        point = parse_checkpoint(server.ask("GET", "/log/checkpoint", key="").body.decode())
        if signed_by(point, parse_vkey(key)):
            return True
        threading.Event().wait(0.1)
    return False


def test_two_servers_witness_each_other_and_a_fork_is_refused(tmp_path: Path, start: Start) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    keys = {one: signer_of(one).vkeys() for one in (a, b)}
    (tmp_path / "b-knows").write_text("\n".join(keys[a]))
    (tmp_path / "a-knows").write_text("\n".join(keys[b]))
    with start(b, {"STANCH_WITNESSED_LOGS": str(tmp_path / "b-knows")}) as second:
        assert tuple(second.ask("GET", "/log/keys", key="").json["keys"]) == keys[b]
        (tmp_path / "asked").write_text(f"{keys[b][1]} {second.url}  # the other site\n")
        settings = {
            "STANCH_WITNESSES": str(tmp_path / "asked"),
            "STANCH_WITNESSED_LOGS": str(tmp_path / "a-knows"),
        }
        with start(a, settings) as first:
            assert cosigned(first, keys[b][1])
            of_b = EvidenceLog.open(tmp_path / "copy", signer_of(b), lambda: NOON)
            of_b.append([entry("somewhere else")])
            asked = of_b.witness_request(0).encode()
            of_b.close()
            told = first.ask("POST", "/witness/add-checkpoint", asked, key="")
            assert told.status == 200, told.body
            forked = EvidenceLog.open(tmp_path / "fork", signer_of(a), lambda: NOON)
            forked.append([entry(f"history {n}") for n in range(500)])
            seen = int(
                second.ask(
                    "POST", "/witness/add-checkpoint", forked.witness_request(0).encode(), key=""
                ).body
            )
            assert seen > 0
            for old in (0, seen):
                asked = forked.witness_request(old).encode()
                told = second.ask("POST", "/witness/add-checkpoint", asked, key="")
                assert told.status == (409 if old == 0 else 422)
            forked.close()


def test_a_log_is_witnessed_only_where_it_is_known(server: Any, tmp_path: Path) -> None:
    strange = EvidenceLog.open(tmp_path, Signer.fresh("strange.test"), lambda: NOON)
    strange.append([entry("x")])
    asked = strange.witness_request(0).encode()
    strange.close()
    assert server.ask("POST", "/witness/add-checkpoint", asked, key="").status == 404
    assert server.ask("POST", "/witness/add-checkpoint", b"x" * 70_000, key="").status == 413


def test_cosignatures_are_taken_from_known_witnesses_only(tmp_path: Path) -> None:
    ours, known, stranger = (Signer.fresh(f"{n}.test") for n in ("ours", "known", "stranger"))
    log = EvidenceLog.open(tmp_path, ours, lambda: NOON)
    log.append([entry("x")])
    door = Witnesses(log, witnesses_in(f"{known.vkeys()[1]}\n"))
    body = log.checkpoint().rpartition("\n\n")[0] + "\n"
    before = door.accept(stranger.cosign(body, NOON) + "not a line\n")
    assert "stranger.test" not in before
    assert "known.test" in door.accept(known.cosign(body, NOON))
    log.close()


def test_a_shortened_log_hears_from_its_witness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stanch.engine import witnesses  # noqa: PLC0415  its door to the network is replaced here

    ours, other = Signer.fresh("ours.test"), Signer.fresh("other.test")
    witness = Witness(tmp_path / "w", other, lambda: NOON, {"ours.test": ours.vkeys()})
    long = EvidenceLog.open(tmp_path / "long", ours, lambda: NOON)
    long.append([entry(str(n)) for n in range(5)])
    assert witness.add_checkpoint(long.witness_request(0)).status == 200
    long.close()
    short = EvidenceLog.open(tmp_path / "short", ours, lambda: NOON)
    short.append([entry("only")])
    door = Witnesses(short, [witnesses.Witness(key=other.vkeys()[1], url="http://w.test")])

    def post(url: str, text: str) -> Any:
        assert url == "http://w.test/witness/add-checkpoint"
        told = witness.add_checkpoint(text)
        return witnesses._Reply(status=told.status, text=told.body)

    monkeypatch.setattr(witnesses, "_post", post)
    with pytest.raises(Tampered, match="remembers 5 entries, and this log has 1"):
        door.ask()
    short.close()


def test_a_witness_that_is_down_is_noted_and_stops_nothing(tmp_path: Path) -> None:
    ours, other = Signer.fresh("ours.test"), Signer.fresh("other.test")
    log = EvidenceLog.open(tmp_path, ours, lambda: NOON)
    log.append([entry("x")])
    door = Witnesses(log, witnesses_in(f"{other.vkeys()[1]} http://127.0.0.1:9"))
    assert door.ask() == 0
    assert list(door.silent) == ["http://127.0.0.1:9"]
    log.close()


def test_a_list_of_witnesses_that_cannot_be_read_names_its_line() -> None:
    with pytest.raises(BadInput, match="Line 2"):
        witnesses_in("# fine\nkey ftp://elsewhere\n")
