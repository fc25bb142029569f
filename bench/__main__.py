"""`python -m bench NAME` runs one benchmark; without a name it lists them."""

import importlib
import importlib.util
import pkgutil
import sys

import bench


def names() -> dict[str, str]:
    """Every benchmark with the first line of what it says of itself."""
    found = {}
    for info in pkgutil.iter_modules(bench.__path__):
        module = importlib.util.find_spec(f"bench.{info.name}")
        source = module.loader.get_source(module.name) if module and module.loader else ""  # pyrefly: ignore[missing-attribute]  a source loader
        if source and "def main(" in source:
            found[info.name] = source.split('"""')[1].strip().splitlines()[0]
    return found


def run() -> int:
    known = names()
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        width = max(map(len, known))
        print("python -m bench NAME, one of:")
        for name, line in known.items():
            print(f"  {name:{width}}  {line}")
        return 0 if len(sys.argv) < 2 else 64
    module = importlib.import_module(f"bench.{sys.argv.pop(1)}")
    done = module.main()
    return int(done or 0)


if __name__ == "__main__":
    sys.exit(run())
