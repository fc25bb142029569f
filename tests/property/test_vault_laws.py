"""Any bytes come back; no header, however hostile, makes the vault fail or lose a byte."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.store.vault import Vault
from stanch.store.vault.chunks import LARGEST
from stanch.store.vault.layout import layout_of
from stanch.store.vault.seal import seal, unseal
from stanch.store.vault.source import InMemory
from stanch.store.vault.stretches import Pages
from stanch.store.vault.trays import trays
from stanch.vocabulary.ids import digest_of
from stanch.vocabulary.trouble import Tampered

numbers = st.sampled_from([0, 1, 7, 8, 100, 2**31, 2**32 - 1, 2**63, 2**64 - 1])


def whole(data: bytes) -> bytes:
    source = InMemory(data)
    found: list[bytes] = []
    for tray in trays(source, layout_of(source), Pages()):
        tray.fill()
        found += [bytes(block) for _, block in tray.blocks()]
    assert all(0 < len(block) <= LARGEST for block in found)
    return b"".join(found)


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=5000), personal=st.booleans())
def test_any_bytes_put_are_the_bytes_got(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, personal: bool
) -> None:
    with Vault.open(tmp_path_factory.mktemp("vault")) as vault:
        item = vault.put_bytes(data, personal=personal)
        assert b"".join(vault.read(item.digest)) == data
        assert personal or item.digest == digest_of(data)


@given(
    head=st.sampled_from([b"GGUF\x03\0\0\0", b"GGUF\x02\0\0\0", b"GGUF"]),
    fields=st.lists(numbers, max_size=12),
    rest=st.binary(max_size=200),
)
def test_no_gguf_header_breaks_the_cutting(head: bytes, fields: list[int], rest: bytes) -> None:
    data = head + b"".join(struct.pack("<Q", n) for n in fields) + rest
    assert whole(data) == data


offsets = st.one_of(
    st.lists(st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=3)), max_size=3),
    st.none(),
)


@given(
    tensors=st.dictionaries(st.text(max_size=5), offsets, max_size=6),
    lie=st.integers(-20, 20),
    rest=st.binary(max_size=300),
)
def test_no_safetensors_header_breaks_the_cutting(
    tensors: dict[str, object], lie: int, rest: bytes
) -> None:
    import msgspec  # noqa: PLC0415  used by this test alone

    head = msgspec.json.encode({k: {"data_offsets": v} for k, v in tensors.items()})
    data = max(0, len(head) + lie).to_bytes(8, "little") + head + rest
    assert whole(data) == data


@given(
    entries=st.lists(st.tuples(numbers, numbers, numbers), max_size=4),
    end=st.tuples(numbers, numbers, numbers),
)
def test_no_zip_directory_breaks_the_cutting(
    entries: list[tuple[int, int, int]], end: tuple[int, int, int]
) -> None:
    data = b"PK\x03\x04" + bytes(40)
    start = len(data)
    for packed, name, local in entries:
        fixed = struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\x01\x02", 0, 0, 0, 0, 0, 0, 0, packed % 2**32, 0),
            *(name % 2**16, 0, 0, 0, 0, 0, local % 2**32),
        )
        data += fixed
    count, length, at = end
    data += struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, 0, count % 2**16, length % 2**32, (start + at) % 2**32, 0
    )
    assert whole(data) == data


@pytest.mark.parametrize("seed", range(3))
def test_a_mutated_model_file_is_kept_whole(seed: int) -> None:
    import json  # noqa: PLC0415  used by this test alone

    dice = random.Random(seed)  # noqa: S311  a test wants the same dice each time
    head = json.dumps({f"t{n}": {"data_offsets": [n * 9, n * 9 + 9]} for n in range(8)}).encode()
    good = len(head).to_bytes(8, "little") + head + bytes(72)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        data = data[: dice.randint(0, len(data))]
        assert whole(bytes(data)) == bytes(data)


frames = st.lists(st.binary(max_size=100), max_size=5)


@given(parts=frames)
def test_sealing_and_unsealing_give_the_same_bytes(parts: list[bytes]) -> None:
    key = bytes(range(32))
    assert b"".join(unseal(seal(iter(parts), key), key, "it")) == b"".join(parts)


@given(data=st.binary(min_size=1, max_size=100), at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_in_a_sealed_frame_opens(data: bytes, at: int, bit: int) -> None:
    key = bytes(range(32))
    sealed = list(seal(iter([data]), key))
    which = at % len(sealed)
    frame = bytearray(sealed[which])
    frame[at % len(frame)] ^= 1 << bit
    sealed[which] = bytes(frame)
    with pytest.raises(Tampered):
        b"".join(unseal(iter(sealed), key, "it"))
