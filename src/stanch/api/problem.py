"""Problems: what a client is told when something went wrong (RFC 9457).

In    a Trouble, an exception of the web framework, or anything else that was raised.
Out   a problem document: `type` is the stable code that programs decide on, `detail` the sentence
      for people, `facts` what the sentence is made of.
Why   a stack trace is never sent; what nobody expected is logged under an id, and the id is sent.
"""

import logging
import secrets
from dataclasses import dataclass

import msgspec

from stanch.vocabulary.trouble import Busy, Refused, Trouble

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("stanch.api")
_LONGEST_FACT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    facts: tuple[str, ...] = ()
    id: str = ""
    """Under which the server logged it, when it was not expected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A problem, ready to send."""

    status: int
    headers: dict[str, str]
    body: bytes


def title_of(code: str) -> str:
    """The code in words: `bad-name` is `Bad name`."""
    return code.replace("-", " ").capitalize()


def problem_of(error: BaseException, instance: str) -> Problem:
    """The problem document of whatever was raised while answering `instance`."""
    if isinstance(error, Trouble):
        return Problem(
            type=error.code,
            title=title_of(error.code),
            status=error.http_status,
            detail=str(error),
            instance=instance,
            facts=tuple(str(fact)[:_LONGEST_FACT] for fact in error.facts),
        )
    number = secrets.token_hex(6)
    _LOG.error("unexpected %s on %s (%s)", type(error).__name__, instance, number, exc_info=error)
    return Problem(
        type="unexpected",
        title="Unexpected",
        status=500,
        detail=f"Something unexpected happened. The server's log has it under {number}.",
        instance=instance,
        id=number,
    )


def answer_to(error: BaseException, instance: str) -> Answer:
    """The response that tells a client about it, with Retry-After where waiting helps."""
    problem = problem_of(error, instance)
    headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store"}
    if isinstance(error, Busy):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, Refused) and problem.status == 401:  # noqa: PLR2004  RFC 9110 15.5.2
        headers["www-authenticate"] = 'Bearer realm="stanch"'
    return Answer(status=problem.status, headers=headers, body=msgspec.json.encode(problem))
