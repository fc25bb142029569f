"""However entries come, and however often the log is opened again, history is one line."""

import itertools
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.log.tree import Edge, Tree, grown
from stanch.store.signing import Signer
from stanch.vocabulary.record import Deed, Entry

AT = datetime(2026, 11, 21, tzinfo=UTC)
SIGNER = Signer.from_seeds("property.test", [bytes([i]) * 32 for i in range(3)])
STEP = st.one_of(st.integers(0, 300), st.sampled_from(["publish", "reopen", "replay"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_any_history_verifies_and_every_checkpoint_begins_the_next(steps: list[int | str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        log = EvidenceLog.open(folder, SIGNER, lambda: AT)
        points = [verify.parse_checkpoint(log.checkpoint())]
        told = 0
        for step in steps:
            match step:
                case "reopen":
                    log.close()
                    log = EvidenceLog.open(folder, SIGNER, lambda: AT)
                case "publish":
                    points.append(verify.parse_checkpoint(log.checkpoint()))
                case "replay":
                    upto = log.position("s")
                    assert upto is None or not log.append([entry(0)], source="s", upto=upto)
                case int():
                    told += step + 1
                    log.append([entry(told + i) for i in range(step)], source="s", upto=told)
        points.append(verify.parse_checkpoint(log.checkpoint()))
        for one, two in itertools.pairwise(points):
            path = log.consistency(one.size, two.size)
            assert verify.consistent((one.size, one.root), (two.size, two.root), path)
        assert log.verify().entries == log.size
        log.close()


def entry(number: int) -> Entry:
    return Entry(at=AT, deed=Deed.STEP_DONE, actor="me", about=f"it-{number}")


@given(st.integers(1, 3000), st.data())
def test_a_path_fits_its_own_leaf_place_and_size_only(size: int, data: st.DataObject) -> None:
    full: dict[tuple[int, int], bytes] = {}
    edge, tiles = grown(Edge(), (verify.leaf_hash(b"%d" % i) for i in range(size)))
    full.update({(one.level, one.number): one.hashes for one in tiles})
    tree = Tree(edge, lambda level, number: full[level, number])
    index, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    path, root = tree.inclusion(index, size), tree.root(size)
    found = verify.inclusion_root(verify.leaf_hash(b"%d" % index), index, size, path)
    assert found == root
    stranger = verify.leaf_hash(b"%d" % other)
    assert (verify.inclusion_root(stranger, other, size, path) == root) == (index == other)
    assert verify.inclusion_root(verify.leaf_hash(b"x"), index, size, path) != root
