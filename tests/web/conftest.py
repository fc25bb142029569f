"""What the pages' tests share: what a page answers, and its words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.web.console import fields_of
from stanch.web.door import later
from stanch.web.pages import PAGES
from stanch.web.visit import Answer, Console, Visit

BEN = Caller(name="ben", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)
Form = str | Mapping[str, str]


def _asked(
    console: Console,
    method: str,
    address: str,
    form: Form = "",
    *,
    by: Caller = BEN,
    at: datetime | None = None,
) -> tuple[Visit, Answer]:
    path, _, query = address.partition("?")
    for page in PAGES:
        found = re.fullmatch(re.sub(r"\{(\w+):str\}", r"(?P<\1>[^/]+)", page.path), path)
        if found and page.method == method:
            visit = Visit(
                console=console,
                method=method,
                path=path,
                at=at or datetime.now(UTC),
                query=fields_of(query),
                form=fields_of(form if isinstance(form, str) else urlencode(form)),
                names=found.groupdict(),
                known=by,
                cookie="c",
            )
            return visit, page.show(visit)
    raise AssertionError(f"no page at {address}")


@pytest.fixture(scope="module", autouse=True)
def _now(request: pytest.FixtureRequest) -> None:
    """A file's NOW is when its first test begins: the run of all may have begun an hour before."""
    if hasattr(request.module, "NOW"):
        request.module.NOW = datetime.now(UTC)


@pytest.fixture(scope="session")
def asked() -> Callable[..., Answer]:
    """What the page at an address answers to somebody, the first part of it."""

    def answer(console: Console, method: str, address: str, form: Form = "", **more: Any) -> Answer:
        return _asked(console, method, address, form, **more)[1]

    return answer


@pytest.fixture(scope="session")
def read() -> Callable[..., str]:
    """The words of a whole page, without its markup."""

    def words(console: Console, address: str, by: Caller = BEN) -> str:
        visit, first = _asked(console, "GET", address, by=by)
        body = (first.body + later(visit, first) + first.end).decode()
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    return words
