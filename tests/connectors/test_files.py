"""A folder of models: what is in it, what a version is made of, and nothing from outside of it."""

from pathlib import Path

import pytest

from stanch.connectors import Link
from stanch.connectors.files import CONNECTOR, Files
from stanch.vocabulary.trouble import Unreachable


@pytest.fixture
def models(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    (root / "fraud" / "v7" / "deep").mkdir(parents=True)
    (root / "fraud" / "v7" / "deep" / "weights.onnx").write_bytes(b"seven")
    (root / "fraud" / "v7" / "notes.txt").write_text("made in May")
    (root / "fraud" / "v8.safetensors").write_bytes(b"eight")
    (tmp_path / "secret.bin").write_bytes(b"secret")
    (root / "fraud" / "v7" / "out.bin").symlink_to(tmp_path / "secret.bin")
    return root


def _files(models: Path) -> Files:
    return Files(Link(address=f"file://{models}"))


def test_files_that_look_like_weights_are_assets(models: Path) -> None:
    found = _files(models).assets()
    assert [one.name for one in found] == ["fraud/v7/deep/weights.onnx", "fraud/v8.safetensors"]
    assert len({one.id for one in found}) == 2


def test_a_version_is_a_file_or_all_files_of_its_folder(models: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    _files(models).copy("fraud/{version}.safetensors", "v8", into)
    assert (into / "v8.safetensors").read_bytes() == b"eight"
    _files(models).copy("fraud/{version}", "v7", into)
    names = {str(p.relative_to(into)) for p in into.rglob("*") if p.is_file()}
    assert names == {"v8.safetensors", "v7/deep/weights.onnx", "v7/notes.txt"}


@pytest.mark.parametrize("version", ["../../secret.bin", "../..", "/etc", "v7/out.bin", "v9"])
def test_no_name_of_a_version_leads_out_of_the_folder(
    models: Path, tmp_path: Path, version: str
) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(Unreachable, match="inside of it"):
        _files(models).copy("fraud/{version}", version, into)
    assert not list(into.iterdir())


def test_what_is_empty_or_larger_than_is_kept_is_said_and_not_copied(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (models / "fraud" / "v9").mkdir()
    with pytest.raises(Unreachable, match="'fraud/v9' is empty"):
        _files(models).copy("fraud/{version}", "v9", into)
    monkeypatch.setattr("stanch.connectors.files.MOST_BYTES", 15)
    with pytest.raises(Unreachable, match="'fraud/v7' is larger than"):
        _files(models).copy("fraud/{version}", "v7", into)
    assert not list(into.iterdir())


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    for address in (f"file://{tmp_path}/nowhere", "http://127.0.0.1:9/"):
        with pytest.raises(Unreachable, match="file:///srv/models"):
            CONNECTOR.open(Link(address=address)).assets()
