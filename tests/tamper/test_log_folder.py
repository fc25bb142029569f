"""Whatever is done to a log's files, verification says so, and where first."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer, public_json
from stanch.vocabulary.record import Deed, Entry

AT = datetime(2026, 11, 21, tzinfo=UTC)
SIGNER = Signer.from_seeds("tamper.test", [bytes([i]) * 32 for i in range(3)])
SIZE = 600


def made(folder: Path, word: str = "it", size: int = SIZE) -> Path:
    log = EvidenceLog.open(folder, SIGNER, lambda: AT)
    log.append(
        [Entry(at=AT, deed=Deed.STEP_DONE, actor="me", about=f"{word}-{i:03}") for i in range(size)]
    )
    log.close()
    return folder


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("good") / "log")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "log"))


def where(folder: Path, remembered: str = "") -> str:
    found = verify.examine(folder, [SIGNER.fingerprint], remembered)
    assert found["holds"] is False, found
    return str(found["where"])


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_the_log_holds_as_it_is(folder: Path) -> None:
    assert verify.examine(folder, [SIGNER.fingerprint])["entries"] == SIZE


@pytest.mark.parametrize("number", [0, 1, 255, 256, 511, 512, 599])
def test_a_flipped_entry_is_named(folder: Path, number: int) -> None:
    bundle = folder / verify.tile_path(
        "entries", number // 256, min(256, SIZE - number // 256 * 256)
    )
    data = bundle.read_bytes()
    at = data.index(b"it-%03d" % number)
    flip(bundle, at)
    assert where(folder) == f"entry {number}"


@pytest.mark.parametrize("number", [0, 255, 256, 599])
def test_a_flipped_hash_is_named(folder: Path, number: int) -> None:
    tile = folder / verify.tile_path("0", number // 256, min(256, SIZE - number // 256 * 256))
    flip(tile, number % 256 * 32 + 5)
    assert where(folder) == f"entry {number}"


def test_an_upper_tile_that_does_not_fit_is_named(folder: Path) -> None:
    flip(folder / "tile/1/000.p/2", 40)
    found = verify.examine(folder)
    assert (found["where"], found["holds"]) == ("tile/1/000.p/2", False)
    assert "from 256 on" in found["says"]


def swapped(folder: Path) -> None:
    path = folder / "tile/entries/000"
    data = path.read_bytes()
    one, two = data.index(b"it-010"), data.index(b"it-020")
    path.write_bytes(data[:one] + b"it-020" + data[one + 6 : two] + b"it-010" + data[two + 6 :])


def cut(folder: Path) -> None:
    path = folder / "tile/entries/002.p/88"
    path.write_bytes(path.read_bytes()[:-1])


def lengthened(folder: Path) -> None:
    path = folder / "tile/entries/002.p/88"
    path.write_bytes(path.read_bytes() + b"\0\0")


def emptied(folder: Path) -> None:
    (folder / "tile/0/001").write_bytes(b"")


def removed(folder: Path) -> None:
    (folder / "tile/entries/001").unlink()


def tiles_exchanged(folder: Path) -> None:
    one, two = folder / "tile/entries/000", folder / "tile/entries/001"
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (swapped, "entry 10"),
        (cut, "tile/entries/002.p/88"),
        (lengthened, "tile/entries/002.p/88"),
        (emptied, "entry 256"),
        (removed, "tile/entries/001"),
        (tiles_exchanged, "entry 0"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_each_harm_is_named(folder: Path, harm: Callable[[Path], None], named: str) -> None:
    harm(folder)
    assert where(folder) == named


def test_a_rewritten_tail_does_not_fit_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    other = made(tmp_path / "other", "no")
    shutil.rmtree(folder / "tile")
    shutil.copytree(other / "tile", folder / "tile")
    assert where(folder) == "log/checkpoint"


def test_a_whole_new_history_is_caught_by_who_remembers(folder: Path, tmp_path: Path) -> None:
    remembered = (folder / "checkpoint").read_text()
    other = made(tmp_path / "other", "no", SIZE + 50)
    assert verify.examine(other, [SIGNER.fingerprint])["holds"]
    assert where(other, remembered) == f"entry {SIZE - 1}"


def test_a_log_cut_back_is_caught_by_who_remembers(folder: Path, tmp_path: Path) -> None:
    shorter = made(tmp_path / "shorter", "it", SIZE - 1)
    assert where(shorter, (folder / "checkpoint").read_text()) == "log/checkpoint"


def test_a_checkpoint_by_another_key_is_refused(folder: Path) -> None:
    body = (folder / "checkpoint").read_text().rpartition("\n\n")[0] + "\n"
    stranger = Signer.fresh("tamper.test")
    (folder / "checkpoint").write_text(stranger.sign_note(body, AT))
    assert where(folder) == "log/checkpoint"
    (folder / "keys.json").write_bytes(public_json(stranger.public))
    assert verify.examine(folder)["holds"], "without a pinned key this is another, sound log"
    assert where(folder) == "keys.json"


def test_without_a_log_it_could_not_tell(tmp_path: Path) -> None:
    for folder, what in ((tmp_path, "neither a bundle nor a log"), (tmp_path / "no", "not there")):
        told = verify.examine(folder)
        assert told["holds"] is None
        assert told["says"] == f"could not tell: {folder} is {what}"


def test_no_file_of_the_log_can_change_anywhere(good: Path, tmp_path: Path) -> None:
    for path in sorted(p for p in good.rglob("*") if p.is_file()):
        name = path.relative_to(good)
        if name.parts[0] not in {"tile", "checkpoint"}:
            continue
        copy = tmp_path / "copy"
        shutil.copytree(good, copy, copy_function=os.link)
        data = path.read_bytes()
        for at in range(0, len(data), max(1, len(data) // 4)):
            (copy / name).unlink()
            (copy / name).write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
            assert verify.examine(copy, [SIGNER.fingerprint])["holds"] is False, (name, at)
        shutil.rmtree(copy)
