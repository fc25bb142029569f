"""RFC 6962 by the letter, written a second time, against the tree that the log uses."""

import hashlib

import pytest

from stanch.store import verify
from stanch.store.log.tree import EMPTY_ROOT, Edge, Tree, grown

SIZE = 600
EVERY = [*range(40), 255, 256, 257, 511, 512, 513, SIZE]


def leaf(number: int) -> bytes:
    return hashlib.sha256(b"\0" + b"leaf %d" % number).digest()


LEAVES = [leaf(i) for i in range(SIZE)]


def root_by_the_letter(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(
        b"\1" + root_by_the_letter(leaves[:k]) + root_by_the_letter(leaves[k:])
    ).digest()


def path_by_the_letter(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) <= 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if index < k:
        return [*path_by_the_letter(index, leaves[:k]), root_by_the_letter(leaves[k:])]
    return [*path_by_the_letter(index - k, leaves[k:]), root_by_the_letter(leaves[:k])]


def tree(step: int) -> Tree:
    full: dict[tuple[int, int], bytes] = {}
    edge = Edge()
    for start in range(0, SIZE, step):
        edge, tiles = grown(edge, LEAVES[start : start + step])
        full.update({(one.level, one.number): one.hashes for one in tiles})
    return Tree(edge, lambda level, number: full[level, number])


def test_the_empty_tree_has_the_root_that_the_standard_gives() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_vectors_of_certificate_transparency_hold() -> None:
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    edge, _ = grown(Edge(), [verify.leaf_hash(bytes.fromhex(one)) for one in inputs])
    found = Tree(edge, lambda _level, _number: b"").root(8)
    assert found.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("step", [1, 7, 256, 600])
def test_the_root_does_not_depend_on_how_the_leaves_came(step: int) -> None:
    found = tree(step)
    assert [found.root(size) for size in EVERY] == [root_by_the_letter(LEAVES[:s]) for s in EVERY]


@pytest.mark.parametrize("size", EVERY)
def test_inclusion_paths_are_those_of_the_standard_and_verify(size: int) -> None:
    found = tree(100)
    for index in range(0, size, 1 if size < 40 else 37):
        path = found.inclusion(index, size)
        assert path == path_by_the_letter(index, LEAVES[:size])
        assert verify.inclusion_root(LEAVES[index], index, size, path) == found.root(size)


def test_every_pair_of_sizes_is_consistent_and_no_other_root_is() -> None:
    found, wrong = tree(100), bytes(32)
    for size in range(1, 40):
        for old in range(1, size + 1):
            path = found.consistency(old, size)
            was, now = (old, found.root(old)), (size, found.root(size))
            assert verify.consistent(was, now, path)
            assert not verify.consistent((old, wrong), now, path)
            assert not verify.consistent(was, (size, wrong), path)
            assert not verify.consistent(was, now, [*path, wrong])
            assert not verify.consistent(was, now, path[:-1]) or not path


def test_a_larger_tree_is_never_the_beginning_of_a_smaller_one() -> None:
    found = tree(100)
    path = found.consistency(5, 9)
    assert not verify.consistent((9, found.root(9)), (5, found.root(5)), path)
