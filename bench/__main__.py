"""`python -m bench NAME` runs one benchmark; without a name it lists them."""

import importlib
import sys
from pathlib import Path

from stanch.settings import keep_compiled

HERE = Path(__file__).parent


def names() -> dict[str, str]:
    """Every benchmark with the first line of what it says of itself."""
    sources = {p.stem: p.read_text(encoding="utf-8") for p in sorted(HERE.glob("[a-z]*.py"))}
    return {
        name: source.split('"""')[1].strip().splitlines()[0]
        for name, source in sources.items()
        if "def main(" in source
    }


def run() -> int:
    known = names()
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        width = max(map(len, known))
        print("python -m bench NAME, one of:")
        for name, line in known.items():
            print(f"  {name:{width}}  {line}")
        return 0 if len(sys.argv) < 2 else 64
    keep_compiled()
    module = importlib.import_module(f"bench.{sys.argv.pop(1)}")
    done = module.main()
    return int(done or 0)


if __name__ == "__main__":
    sys.exit(run())
