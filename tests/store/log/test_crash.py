"""kill -9 at any instant: what was acknowledged is there, and history only grows."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stanch.store import verify
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import Signer, open_signer

CHILD = """
import sys, threading
from datetime import datetime, UTC
from datetime import UTC, datetime
from pathlib import Path
from stanch.store.log.evidence_log import EvidenceLog
from stanch.store.signing import open_signer
from stanch.vocabulary.record import Deed, Entry

folder, AT = Path(sys.argv[1]), datetime(2026, 11, 21, tzinfo=UTC)
log = EvidenceLog.open(folder / "log", open_signer(folder / "keys", "crash.test"), lambda: AT)
said = threading.Lock()

def say(*words):
    with said:
        print(*words, flush=True)

def work(who):
    for i in range(100_000):
        many = [Entry(at=AT, deed=Deed.STEP_DONE, actor="child", about=f"{who}-{i}-{k}")
                for k in range(1 + (i * 7 + who) % 60)]
        upto = (log.position(f"s{who}") or 0) + 1
        places = log.append(many, source=f"s{who}", upto=upto)
        say("kept", places.stop, who, upto)
        if i % 3 == 0:
            point = log.checkpoint()
            say("point", point.split("\\n")[1], point.split("\\n")[2])

threads = [threading.Thread(target=work, args=(who,)) for who in range(3)]
[one.start() for one in threads]
"""


@pytest.mark.parametrize(("rounds", "seed"), [(3, 1), pytest.param(30, 2, marks=pytest.mark.slow)])
def test_killed_at_any_moment_nothing_is_lost_and_nothing_forks(
    tmp_path: Path, rounds: int, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311  a repeatable storm, not a secret
    points: dict[int, bytes] = {}
    for _ in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(dice.randrange(1, 120))]
            child.kill()
            lines += child.stdout.read().splitlines()
        check(tmp_path, [line.split() for line in lines], points)
    assert points


def check(folder: Path, lines: list[list[str]], points: dict[int, bytes]) -> None:
    signer = open_signer(folder / "keys", "crash.test")
    log = opened_again(folder, signer)
    for line in lines:
        match line:
            case ["kept", stop, who, upto]:
                assert log.size >= int(stop)
                assert (log.position(f"s{who}") or 0) >= int(upto)
            case ["point", size, root] if len(root) == 44:
                points[int(size)] = verify.unbase64(root, "root")
    now = verify.parse_checkpoint(log.checkpoint())
    for size, root in points.items():
        path = log.consistency(size)
        assert verify.consistent((size, root), (now.size, now.root), path)
    assert log.verify().holds
    names = [one.about for one in log.entries()]
    taken = sum(log.position(f"s{who}") or 0 for who in range(3))
    assert len([name for name in names if name.endswith("-0")]) == taken
    log.close()


def opened_again(folder: Path, signer: Signer) -> EvidenceLog:

    return EvidenceLog.open(folder / "log", signer, lambda: datetime(2026, 11, 21, tzinfo=UTC))
