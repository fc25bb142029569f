"""The page on extensions: its detector is installed as its package would be, and keeps the laws."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/write-an-extension.md"
FOUND = """
from stanch.detect.registry import detectors
from stanch.testing import detector_laws
one = detectors()["off_hours"]
for law in detector_laws:
    law(one)
print(len(detectors()), one.title)
"""


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def installed(folder: Path) -> None:
    """As pip would leave it: the module, and what its package says of itself."""
    (folder / "our_detectors").mkdir()
    (folder / "our_detectors/__init__.py").touch()
    (folder / "our_detectors/off_hours.py").write_text(block("python"))
    group, line = re.findall(r'entry-points\."(.*?)"\]\n(.*)', block("toml"))[0]
    said = folder / "our_detectors-1.dist-info"
    said.mkdir()
    (said / "METADATA").write_text("Metadata-Version: 2.1\nName: our-detectors\nVersion: 1\n")
    (said / "entry_points.txt").write_text(f"[{group}]\n{line.replace(chr(34), '')}\n")


def asked(folder: Path, program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_detector_that_people_copy_is_found_and_keeps_the_laws(tmp_path: Path) -> None:
    installed(tmp_path)
    told = asked(tmp_path, FOUND)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split(maxsplit=1)[1] == "Off hours\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('DetectorId("off_hours")', 'DetectorId("canaries")', "is taken by another extension"),
        ("DETECTOR = Detector(", "DETECTOR = dict(", "must be a Detector, not dict"),
    ],
)
def test_an_extension_that_cannot_be_stops_the_start_with_a_sentence(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    installed(tmp_path)
    module = tmp_path / "our_detectors/off_hours.py"
    module.write_text(module.read_text().replace(old, new))
    told = asked(tmp_path, FOUND)
    assert told.returncode != 0
    assert says in told.stderr
    assert "our_detectors.off_hours:DETECTOR" in told.stderr
