"""The identity provider: a real one on loopback that signs real tokens, honest or not."""

import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import ECKey
from tests.provider import Form, Vouching, provider

from stanch.engine.oidc import Oidc, Person, Provider, Started
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import BadInput, NotAllowed, NotLoggedIn, Unreachable

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Idp(Vouching):
    """What the provider says, and how a test makes it lie."""

    def __init__(self) -> None:
        super().__init__("stanch")
        self.signer = self.key
        self.claims: dict[str, object] = {}
        self.asked: dict[str, str] = {}

    def given(self, form: Form) -> Mapping[str, object] | None:
        challenge = create_s256_code_challenge(form.get("code_verifier", "x" * 43))
        if form.get("code") != "good" or challenge != self.asked["code_challenge"]:
            return None
        claims = {"nonce": self.asked["nonce"], "groups": ["sec", "all"]} | self.claims
        return self.signed(int(NOON.timestamp()), claims, self.signer)


@pytest.fixture
def idp() -> Iterator[Idp]:
    one = Idp()
    with provider(one.answer) as one.issuer:
        yield one


def oidc(issuer: str, clock: Callable[[], datetime] = lambda: NOON) -> Oidc:
    provider = Provider(
        issuer=issuer,
        client="stanch",
        callback="http://127.0.0.1:8484/login/back",
        roles={"sec": Role.APPROVER, "all": Role.VIEWER},
    )
    return Oidc(provider, clock, b"s" * 32)


def begin(idp: Idp, door: Oidc) -> Started:
    started = door.start()
    idp.asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(started.url).query))
    return started


def through(idp: Idp, code: str = "good") -> Person:
    door = oidc(idp.issuer)
    started = begin(idp, door)
    return door.finish(cookie=started.cookie, state=idp.asked["state"], code=code)


def test_a_person_comes_in_with_the_strongest_role_of_their_groups(idp: Idp) -> None:
    person = through(idp)
    assert (person.name, person.role) == ("ada", Role.APPROVER)
    assert person.key == through(idp).key


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "of another login"},
        {"exp": int(NOON.timestamp()) - 3600},
        {"sub": None},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_token_that_lies_opens_nothing(idp: Idp, lie: dict[str, object]) -> None:
    idp.claims = lie
    with pytest.raises(NotLoggedIn):
        through(idp)


def test_a_token_of_another_key_opens_nothing(idp: Idp) -> None:
    idp.signer = ECKey.generate_key("P-256", {"kid": "one"})
    with pytest.raises(NotLoggedIn):
        through(idp)


def test_a_wrong_code_opens_nothing(idp: Idp) -> None:
    with pytest.raises(NotLoggedIn):
        through(idp, code="bad")


def test_who_is_in_no_known_group_is_not_allowed(idp: Idp) -> None:
    idp.claims = {"groups": ["cooks"]}
    with pytest.raises(NotAllowed):
        through(idp)


@pytest.mark.parametrize("wrong", ["state", "cookie", "late"])
def test_a_browser_that_brings_back_something_else_is_refused(idp: Idp, wrong: str) -> None:
    now = [NOON]
    door = oidc(idp.issuer, lambda: now[0])
    started = begin(idp, door)
    state = "forged" if wrong == "state" else idp.asked["state"]
    cookie = "A" * 80 if wrong == "cookie" else started.cookie
    now[0] += timedelta(minutes=11) if wrong == "late" else timedelta()
    with pytest.raises(NotLoggedIn):
        door.finish(cookie=cookie, state=state, code="good")


def test_who_answers_in_the_name_of_another_provider_is_not_asked_further(idp: Idp) -> None:
    asked = idp.issuer
    idp.issuer = "https://another.example"
    with pytest.raises(BadInput, match="says it is somebody else"):
        oidc(asked).start()


def test_a_provider_that_is_down_is_unreachable_only_when_it_is_asked() -> None:
    door = oidc("http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        door.start()


def test_a_provider_without_https_is_refused_unless_it_is_this_machine() -> None:
    with pytest.raises(BadInput, match="https"):
        oidc("http://idp.example").start()
