"""Files: a folder of models on this machine or on a mounted disk, as assets, and read for evidence.

In    `file:///srv/models`; a path in it with `{version}` where the version's name stands.
Out   an asset for each file that looks like weights; a version's file, or all files of its folder.
Why   many teams' registry is a folder. What a path or a link in it leads to outside of the folder
      is not read: the connectors file says what may be kept, and no name of a version widens that.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stanch.connectors import MOST_BYTES, Connector, Link
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import Unreachable

_WEIGHTS = frozenset(
    {".bin", ".gguf", ".h5", ".joblib", ".keras", ".onnx", ".pb", ".pkl", ".pt", ".pth"}
    | {".safetensors", ".skops", ".tflite", ".ubj"}
)
_MOST = 10_000


class Files:
    """One folder."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def assets(self) -> tuple[Asset, ...]:
        """Every file that looks like weights; `Unreachable` when there is no folder."""
        root = self._root()
        found = (p for p in _files(root, root) if p.suffix.lower() in _WEIGHTS)
        return tuple(
            _asset(str(p.relative_to(root))) for _, p in zip(range(_MOST), found, strict=False)
        )

    def copy(self, subject: str, version: str, into: Path) -> None:
        """Puts the version's file, or each file of its folder, there."""
        root, name = self._root(), subject.replace("{version}", version)
        place = root / name
        if not place.resolve().is_relative_to(root) or not place.exists():
            raise self._not(f"it has no {name[:100]!r} inside of it")
        found = [place] if place.is_file() else list(_files(place, root))
        if not found:
            raise self._not(f"{name[:100]!r} is empty")
        if sum(one.stat().st_size for one in found) > MOST_BYTES:
            raise self._not(f"{name[:100]!r} is larger than {MOST_BYTES // 10**9} GB")
        for one in found:
            to = into / one.relative_to(place.parent)
            to.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(one, to)
            except OSError as error:
                raise self._not(f"{one.name} cannot be read ({error.strerror})") from None

    def _root(self) -> Path:
        given = urlsplit(self._link.address)
        if given.scheme != "file" or not Path(unquote(given.path)).is_dir():
            raise self._not("it is no folder that can be read; write file:///srv/models")
        return Path(unquote(given.path)).resolve()

    def _not(self, why: str) -> Unreachable:
        return Unreachable(f"The folder at {self._link.shown}", why)


def _files(place: Path, root: Path) -> Iterator[Path]:
    """Every file below, in the order of names; links that lead out of the root are passed over."""
    for one in sorted(place.rglob("*")):
        if one.is_file() and one.resolve().is_relative_to(root):
            yield one


def _asset(name: str) -> Asset:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:80]
    apart = hashlib.sha256(name.encode()).hexdigest()[:8]
    return Asset(
        id=AssetId(f"{plain}-{apart}"), kind=AssetKind.MODEL_VERSION, name=name, owner="unknown"
    )


CONNECTOR = Connector(
    id="files",
    title="Files",
    like="file:///srv/models",
    says="Gives out what versions are made of, to be kept as evidence.",
    open=Files,
    holds=True,
)
