"""Who logs in from a shell is a person there: they do what no key may, until they log out."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.processes import PATIENCE

from stanch.cli.root import run

WORDS = "correct horse battery "
Said = Callable[..., Any]


@pytest.fixture
def said(
    server: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Said:
    """What a command answers, typed on a machine where nobody logged in yet."""
    monkeypatch.setenv("STANCH_LOGINS", str(tmp_path / "home" / "logins.json"))
    monkeypatch.delenv("STANCH_KEY", raising=False)

    def answered(*words: str, typed: str = "") -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        run([*words, "--data", str(server.data), "--json"])
        return json.loads(capsys.readouterr().out)

    return answered


@pytest.fixture
def question(server: Any, tmp_path: Path) -> str:
    """A question to an approver, about an asset of this test's own."""
    key = tmp_path.name.replace("_", "-")
    asset = {"id": key, "kind": "model", "name": key, "owner": "ada", "fallback": '"no"'}
    for name, role in (("asked-ada", "approver"), ("asked-root", "admin")):
        person = {"name": name, "role": role, "password": WORDS + name}
        assert server.ask("POST", "/api/v1/users", person).status in (201, 409)
    server.ask("POST", "/api/v1/assets", asset)
    told = server.ask("POST", "/api/v1/incidents", {"asset": key, "text": "odd"}).json
    where = f"/api/v1/incidents/{told['id']}/acts"
    act = {"act": "safe_mode", "why": "it is odd"}
    shown = server.ask("POST", f"{where}/preview", act).json
    server.ask("POST", where, {**act, "digest": shown["digest"]})
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        open_now = f"/api/v1/approvals?incident={told['id']}&state=open"
        for one in server.ask("GET", open_now).json["items"]:
            return str(one["id"])
    raise AssertionError("nobody was asked")


def test_a_key_is_given_and_two_accounts_are_said_to_be_one_persons_from_a_shell(
    server: Any, question: str, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANCH_KEY", server.key)
    made = said("key", "create", "--scope", "approve", "--scope", "read", "--name", "desk")
    assert made["owner"] == ""
    with monkeypatch.context() as desk:
        desk.setenv("STANCH_KEY", made["secret"])
        assert said("approve", question)["type"] == "nobodys-key"
    assert said("key", "give", made["id"], "ASKED-ada")["owner"] == "asked-ada"
    assert said("key", "give", "desk", "")["id"] == made["id"]
    assert said("user", "same", "asked-root", "asked-ada")["same_as"] == "asked-ada"
    assert said("user", "same", "asked-root", "")["same_as"] == ""
    assert said("user", "same", "asked-root", "asked-rot")["type"] == "bad-input"


def test_a_key_is_ended_by_its_name_where_one_key_alone_has_it(
    server: Any, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANCH_KEY", server.key)
    made = [said("key", "create", "--scope", "read", "--name", "nightly")["id"] for _ in range(2)]
    refused = said("key", "revoke", "nightly")
    assert (refused["type"], all(one in refused["detail"] for one in made)) == ("bad-input", True)
    assert said("key", "revoke", made[0])["id"] == made[0]
    assert said("key", "revoke", "nightly")["id"] == made[1]
    assert said("key", "revoke", "nightly")["type"] == "not-found"


def test_an_override_and_its_review_are_done_from_a_shell_by_those_who_logged_in(
    said: Said, question: str, tmp_path: Path
) -> None:
    override = ("question", "override", question, "--why", "it burns")
    assert said(*override)["type"] == "not-in-person"
    assert said("login", "asked-root", typed="wrong\n")["type"] == "wrong-login"
    assert said("login", "asked-root", typed=f"{WORDS}asked-root\n")["role"] == "admin"
    kept = tmp_path / "home" / "logins.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert WORDS not in kept.read_text()
    overridden = said(*override)
    assert (overridden["answer"], overridden["votes"][0]["by"]) == ("overridden", "asked-root")
    said("login", "asked-ada", typed=f"{WORDS}asked-ada\n")
    review = said("question", "review", question, "--why", "it was right")
    assert review["reviewed"]["by"] == "asked-ada"


def test_a_login_ends_here_and_on_the_server_and_then_commands_use_a_key_again(
    said: Said, question: str, tmp_path: Path
) -> None:
    said("login", "asked-ada", typed=f"{WORDS}asked-ada\n")
    kept = (tmp_path / "home" / "logins.json").read_bytes()
    assert said("logout")["ended"] is True
    assert said("logout")["ended"] is False
    assert said("question", "show", question)["id"] == question
    (tmp_path / "home" / "logins.json").write_bytes(kept)
    assert said("question", "show", question)["type"] == "login-ended"


def test_a_password_is_changed_from_a_shell_which_stays_logged_in(
    server: Any, said: Said, tmp_path: Path
) -> None:
    old, new = f"{WORDS}shell-sue", f"{WORDS}of another day"
    assert said("user", "add", "Shell-Sue", typed=f"{old}\n")["role"] == "viewer"
    change = ("user", "password")
    assert said(*change, typed=f"{old}\n{new}\n")["type"] == "not-in-person"
    said("login", "shell-sue", typed=f"{old}\n")
    assert said(*change, typed="wrong wrong wrong\n" + new)["type"] == "refused"
    assert said(*change, typed=f"{old}\n")["type"] == "bad-input"
    assert said(*change, "SHELL-SUE", typed=f"{old}\n{new}\n")["name"] == "Shell-Sue"
    assert new not in (tmp_path / "home" / "logins.json").read_text()
    again = {"name": "shell-sue", "password": new}
    assert server.ask("POST", "/api/v1/sessions", again, key="").status == 201
    assert said("user", "list")["type"] == "not-allowed"
    assert said("logout")["ended"] is True


def test_an_admin_changes_people_from_a_shell_by_name_whatever_its_capitals(said: Said) -> None:
    said("user", "add", "Shell-Tom", typed=f"{WORDS}shell-tom\n")
    assert said("user", "role", "shell-tom", "approver")["role"] == "approver"
    assert said("user", "disable", "SHELL-TOM")["disabled"] is True
    assert said("user", "enable", "Shell-Tom")["disabled"] is False
    given = said("user", "password", "shell-tom", typed=f"{WORDS}of another day\n")
    assert said("user", "role", given["id"], "viewer")["name"] == "Shell-Tom"
    said("login", "shell-tom", typed=f"{WORDS}of another day\n")
    assert said("logout")["ended"] is True
    assert said("user", "disable", "shell-nobody")["type"] == "not-found"


def test_sessions_are_listed_and_ended_from_a_shell_ones_own_and_as_an_admin_others(
    server: Any, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_key(*words: str) -> Any:
        with monkeypatch.context() as admin:
            admin.setenv("STANCH_KEY", server.key)
            return said("user", "sessions", *words)

    una = {"name": "Shell-Una", "password": f"{WORDS}shell-una"}
    assert server.ask("POST", "/api/v1/users", {**una, "role": "viewer"}).status == 201
    assert by_key("shell-una")["items"] == []
    said("login", "shell-una", typed=f"{WORDS}shell-una\n")
    for _ in range(2):
        assert server.ask("POST", "/api/v1/sessions", una, key="").status == 201
    here, *others = said("user", "sessions")["items"]
    assert [one["here"] for one in (here, *others)] == [True, False, False]
    assert len(by_key("SHELL-UNA")["items"]) == 3
    assert by_key("shell-una", "--end", others[0]["id"][:12]) == {"ended": 1}
    assert by_key("shell-una", "--end", others[0]["id"])["type"] == "not-found"
    assert said("user", "sessions", "--end", others[0]["id"])["type"] == "not-found"
    assert said("user", "sessions", "Shell-una", "--end", "all") == {"ended": 1}
    assert [one["id"] for one in said("user", "sessions")["items"]] == [here["id"]]
    assert said("user", "sessions", "ada")["type"] == "not-allowed"
    assert by_key()["type"] == "not-in-person"
    assert by_key("shell-una", "--end", "all") == {"ended": 1}
    assert said("user", "sessions")["type"] == "login-ended"
    assert server.ask("GET", "/api/v1/me/sessions").json == {"items": [], "next": ""}
    assert server.ask("DELETE", "/api/v1/me/sessions").json["type"] == "not-in-person"
