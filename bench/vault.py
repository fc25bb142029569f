"""The vault on a model of 1 GiB: how fast it takes it in, and what a second version costs.

Run   python -m bench.vault [FOLDER]   (the folder should be on the disk to be measured)
"""

import hashlib
import json
import os
import platform
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.words import words
from stanch.store.vault import Vault, scrub

TENSORS, FLOATS = 48, 5_592_406
CHANGED = (3, 17, 29, 41)
RESULTS = Path(__file__).parent / "results"


def model(path: Path, changed: tuple[int, ...] = ()) -> None:
    """A safetensors file of 48 float tensors, written without the library."""
    header: dict[str, object] = {"__metadata__": {"version": "2" if changed else "1"}}
    width = 4 * FLOATS
    for n in range(TENSORS):
        header[f"layers.{n}.weight"] = {
            "dtype": "F32",
            "shape": [FLOATS],
            "data_offsets": [n * width, (n + 1) * width],
        }
    head = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for n in range(TENSORS):
            dice = np.random.default_rng([n, int(n in changed)])
            file.write(dice.standard_normal(FLOATS, dtype=np.float32).tobytes())


def hashing(path: Path) -> float:
    """Seconds to sha256 the file once on one thread."""
    buffer, whole = bytearray(1 << 20), hashlib.sha256()
    begin = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while got := file.readinto(buffer):
            whole.update(memoryview(buffer)[:got])
    return time.perf_counter() - begin


def main() -> None:
    words(__doc__, most=1)
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        show(measure(folder))
    finally:
        shutil.rmtree(folder)


def measure(folder: Path) -> dict[str, float]:
    first, second = folder / "a.safetensors", folder / "b.safetensors"
    model(first)
    model(second, CHANGED)
    size = first.stat().st_size
    rounds = sorted(put_once(folder / f"vault{n}", first) for n in range(3))
    wall, limit, cpu = rounds[0]
    return {
        "bytes": size,
        "put_gb_s_best": size / 1e9 / wall,
        "put_gb_s_median": size / 1e9 / rounds[1][0],
        "hash_limit_gb_s": size / 1e9 / limit,
        "put_of_hash_limit": limit / wall,
        "put_cpu_s": cpu,
        **second_version(folder / "vault", first, second),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def put_once(folder: Path, path: Path) -> tuple[float, float, float]:
    """Seconds of one put into a new vault, of hashing alone, and of processor time."""
    limit = hashing(path)
    with Vault.open(folder) as vault:
        cpu, begin = time.process_time(), time.perf_counter()
        vault.put_file(path)
        seen = time.perf_counter() - begin, limit, time.process_time() - cpu
    shutil.rmtree(folder)
    return seen


def second_version(folder: Path, first: Path, second: Path) -> dict[str, float]:
    size = first.stat().st_size
    with Vault.open(folder) as vault:
        item = vault.put_file(first)
        begin = time.perf_counter()
        again = vault.put_file(second)
        put = time.perf_counter() - begin
        begin = time.perf_counter()
        assert sum(len(block) for block in vault.read(item.digest)) == size
        read = time.perf_counter() - begin
        begin = time.perf_counter()
        assert not any(one.damage for one in scrub(vault))
        scrubbed = time.perf_counter() - begin
    return {
        "second_put_gb_s": size / 1e9 / put,
        "second_stored_mb": again.stored / 1e6,
        "second_stored_share": again.stored / item.stored,
        "read_gb_s": size / 1e9 / read,
        "scrub_gb_s": 2 * size / 1e9 / scrubbed,
    }


def show(seen: dict[str, float]) -> None:
    for name, value in seen.items():
        print(f"{name:24} {value:14.3f}")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"machine": machine, "measured": seen}, indent=2)
    (RESULTS / "vault.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
