"""Shredding from a shell: shown first, done by an approver in person, and told ever after."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stanch.cli.root import run

WORDS = "correct horse battery "
JANE = b"Jane Doe complains"


@pytest.fixture
def said(
    server: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Any]:
    """What a command answers, as text or as a document."""
    monkeypatch.setenv("STANCH_LOGINS", str(tmp_path / "logins.json"))
    monkeypatch.delenv("STANCH_KEY", raising=False)

    def answered(*words: str, typed: str = "", text: bool = False) -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        run([*words, "--data", str(server.data), *([] if text else ["--json"])])
        out = capsys.readouterr().out
        return " ".join(out.split()) if text else json.loads(out)

    return answered


@pytest.fixture
def item(said: Callable[..., Any], tmp_path: Path) -> Any:
    """An item with personal data."""
    file = tmp_path / "complaint.eml"
    file.write_bytes(JANE)
    return said("vault", "put", str(file), "--personal")


def test_it_is_only_shown_until_one_says_yes_and_a_key_may_not(
    server: Any, said: Callable[..., Any], item: Any, tmp_path: Path
) -> None:
    shown = said("vault", "shred", item["digest"], text=True)
    assert "nobody can take this back" in shown
    ahead = said("vault", "shred", item["id"], "--because", "erase")
    assert (ahead["item"]["digest"], ahead["incidents"]) == (item["digest"], [])
    told = said("vault", "shred", item["id"], "--because", "erase", "--yes")
    assert told["type"] == "not-in-person"
    path = f"/api/v1/evidence/{item['id']}/shred"
    order = {"because": "erase", "digest": item["digest"]}
    assert server.ask("POST", path, order, key=server.new_key("respond")).status == 403
    content = server.ask("GET", f"/api/v1/evidence/{item['id']}/content")
    assert (content.status, content.body) == (200, JANE)
    back = tmp_path / "back.eml"
    assert said("vault", "get", item["id"], "-o", str(back))["size"] == len(JANE)
    assert content.headers.get("content-length", str(len(JANE))) == str(len(JANE))


def test_an_approver_destroys_it_and_every_list_says_so(
    server: Any, said: Callable[..., Any], item: Any
) -> None:
    person = {"name": "shred-ben", "role": "approver", "password": WORDS + "ben"}
    assert server.ask("POST", "/api/v1/users", person).status in {201, 409}
    said("login", "shred-ben", typed=f"{WORDS}ben\n")
    gone = said("vault", "shred", item["digest"], "--because", "request 7", "--yes")
    assert (gone["id"], gone["destroyed"]["by"]) == (item["id"], "shred-ben")
    again = said("vault", "shred", item["id"], "--because", "request 7", "--yes")
    assert again["type"] == "shredded"
    late = server.ask("GET", f"/api/v1/evidence/{item['id']}/content")
    assert (late.status, late.json["type"]) == (410, "shredded")
    for group in ("vault", "evidence"):
        listed = said(group, "list")["items"]
        (told,) = [one["destroyed"] for one in listed if one["id"] == item["id"]]
        assert (told["by"], told["because"]) == ("shred-ben", "request 7")
    plain = server.ask("POST", "/api/v1/vault?name=m", b"weights").json
    assert "no key to destroy" in said("vault", "shred", plain["id"])["detail"]
    assert said("vault", "shred", "sha256:" + "0" * 64)["type"] == "not-found"
    assert said("evidence", "verify")["holds"] is True
