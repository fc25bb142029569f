"""Names at the door: what may name an asset, a digest, and what a Trouble says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.vocabulary import trouble
from stanch.vocabulary.ids import asset_id, digest_of, parse_digest, plain_digest
from stanch.vocabulary.trouble import BadName, Trouble


@pytest.mark.parametrize(
    "hostile",
    ["", ".", "..", "a/b", "../etc", "a..b", "a b", "-a", "a-", "a\x00b", "a\nb", "ä", "a" * 129],
)
def test_a_hostile_name_is_refused_at_the_door(hostile: str) -> None:
    with pytest.raises(BadName, match="cannot name"):
        asset_id(hostile)


@given(st.text(alphabet="abcXYZ019", min_size=1, max_size=128))
def test_a_plain_name_is_kept_as_it_is(name: str) -> None:
    assert asset_id(name) == name


def test_a_digest_names_content_and_nothing_else_passes_for_one() -> None:
    digest = digest_of(b"weights")
    assert parse_digest(digest) == digest
    for bad in (digest.upper(), digest[:-1], "md5:" + "0" * 64, digest + "\n"):
        with pytest.raises(BadName):
            parse_digest(bad)


def test_digests_that_differ_by_how_they_are_written_are_one() -> None:
    digest = digest_of(b"weights")
    for same in (digest.upper(), f" {digest}\n", digest.removeprefix("sha256:").upper()):
        assert plain_digest(same) == digest
    assert plain_digest("MD5:0A") == "md5:0a"


def leaves() -> list[type[Trouble]]:
    found: list[type[Trouble]] = []
    ahead: list[type[Trouble]] = [Trouble]
    while ahead:
        one = ahead.pop()
        found.append(one)
        ahead.extend(one.__subclasses__())
    return [c for c in found if c.__module__ == trouble.__name__]


def test_every_trouble_says_its_facts_in_one_sentence_and_has_its_own_code() -> None:
    codes = [c("x").code for c in leaves()]
    assert len(codes) == len(set(codes))
    for kind in leaves():
        slots = (kind.__doc__ or "").count("{")
        said = str(kind(*(f"fact{i}" for i in range(slots))))
        assert "{" not in said
        assert all(f"fact{i}" in said for i in range(slots))
        assert "\n" not in said
        assert kind.exit_code > 0
        assert 400 <= kind.http_status < 600
