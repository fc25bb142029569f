"""`stanch asset export`: what is written down, in the form in which it is handed in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stanch.cli.root import run
from stanch.prepare.inventory import parse
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import NotFound

WRITTEN = """\
id: cards
kind: dataset
name: Cards
owner: data
---
id: fraud-scorer
kind: model
name: Fraud scorer
owner: payments
roles: {responder: kim}
criticality: 4
data_classes: [personal]
lineage: {trained_on: [cards]}
signers: {release: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}
features: [{name: amount, type: number}]
decision_cost: 12.5
guard: {fail: closed}
conditions: {field: region, values: [eu, us]}
"""


class _There:
    """A server that has these assets, and gives them as the HTTP API does."""

    def __init__(self) -> None:
        self.kept = {one.id: one for one in parse(WRITTEN, "inventory.yaml")}

    def get(self, path: str) -> Any:
        found = self.kept.get(AssetId(path.rpartition("/")[2]))
        if found is None:
            raise NotFound("asset", path, "asset list")
        return msgspec.json.decode(msgspec.json.encode(found))

    def every(self, _: str) -> Iterator[Any]:
        yield from (self.get(one) for one in self.kept)


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch) -> _There:
    made = _There()

    def connected(_: Path | None) -> _There:
        return made

    monkeypatch.setattr("stanch.cli.asset.connect", connected)
    return made


def test_what_is_given_out_is_taken_in_as_it_was(
    there: _There, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["asset", "export"]) == 0
    given = capsys.readouterr().out
    assert {one.id: one for one in parse(given, str(tmp_path / "out.yaml"))} == there.kept


def test_one_alone_is_given_out_and_an_unknown_one_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["asset", "export", "cards"]) == 0
    assert "fraud-scorer" not in capsys.readouterr().out
    assert run(["asset", "export", "nope"]) == NotFound.exit_code
