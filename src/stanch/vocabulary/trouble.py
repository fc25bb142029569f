"""Everything that can go wrong, as one tree. The docstring is the message and says what to do next.

Trouble                      exit 1   HTTP 500
|-- BadInput                 exit 64  HTTP 422   what was given cannot be used
|   |-- BadName              exit 64  HTTP 422
|   |-- BadFile              exit 65  HTTP 422
|   |-- TooLarge             exit 64  HTTP 413
|   |-- UnknownFormat        exit 64  HTTP 415
|   `-- WrongMethod          exit 64  HTTP 405
|-- NotFound                 exit 66  HTTP 404
|   |-- NoSuchPage           exit 66  HTTP 404
|   |   `-- OtherVersion     exit 66  HTTP 404   the command line's own word for it
|   `-- Shredded             exit 66  HTTP 410   personal data, destroyed on purpose
|-- Refused                  exit 77  HTTP 403   understood, and not allowed
|   |-- NotLoggedIn          exit 77  HTTP 401
|   |   |-- NoKey            exit 77  HTTP 401   the command line's own word for it
|   |   |-- UnknownKey       exit 77  HTTP 401   likewise
|   |   |-- LoginEnded       exit 77  HTTP 401   likewise
|   |   `-- WrongLogin       exit 77  HTTP 401   likewise
|   |-- BaselineRefused      exit 77  HTTP 403
|   `-- NotAllowed           exit 77  HTTP 403
|       |-- AskedByYou       exit 77  HTTP 403   the yes is somebody else's to give
|       |-- NobodysKey       exit 77  HTTP 403   a yes that may be the asker's own
|       `-- NotInPerson      exit 77  HTTP 403   a key, where a person must answer
|-- Conflict                 exit 4   HTTP 409   somebody else was first
|   |-- Stale                exit 4   HTTP 409
|   |-- AlreadyThere         exit 4   HTTP 409
|   |   `-- Answered         exit 4   HTTP 409   somebody answered first
|   |       |-- AnsweredByYou exit 4  HTTP 409
|   |       `-- NotAskedAnyMore exit 4 HTTP 409  withdrawn, or its time was up
|   `-- WrongPhase           exit 4   HTTP 409
|-- Busy                     exit 75  HTTP 429   come back later
|-- NoSpace                  exit 74  HTTP 507
|-- Unwritten                exit 74  HTTP 500   the command line's own word for it
|-- Unreachable              exit 69  HTTP 503
|   |-- Declined             exit 69  HTTP 503   it answered, and did not do it
|   |-- SeveralAway          exit 69  HTTP 503   more than one of them
|   |-- Unready              exit 69  HTTP 503   it runs, and cannot serve
|   `-- NotRunning           exit 69  HTTP 503
|-- InUse                    exit 73  HTTP 503
|-- NewerData                exit 69  HTTP 503   a newer stanch wrote it
|-- Missing                  exit 69  HTTP 501   an optional part is not installed
|-- CouldNotTell             exit 2   HTTP 422
|   `-- TooMuchAtOnce        exit 2   HTTP 422
`-- Tampered                 exit 1   HTTP 500   a proof does not hold
"""

from typing import ClassVar


class Trouble(Exception):  # noqa: N818  the word of the house is Trouble
    """Something went wrong: {}. Run `stanch doctor` and report what it says."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, *facts: object) -> None:
        super().__init__(*facts)
        self.facts = facts

    def __str__(self) -> str:
        return (type(self).__doc__ or "").format(*self.facts)

    @classmethod
    def named(cls) -> str:
        """The stable name of this leaf, as problem documents carry it."""
        return "".join("-" + c.lower() if c.isupper() else c for c in cls.__name__)[1:]

    @property
    def code(self) -> str:
        """The stable name a program decides on; the sentence is for people."""
        return self.named()


class BadInput(Trouble):
    """{}"""

    exit_code = 64
    http_status = 422


class BadName(BadInput):
    """{!r} cannot name {}. Use letters, digits, dots, dashes and underscores, 128 at most."""


class BadFile(BadInput):
    """{}: {}"""

    exit_code = 65


class TooLarge(BadInput):
    """The request is larger than {} bytes. Send smaller batches."""

    http_status = 413


class UnknownFormat(BadInput):
    """{!r} is not a format known here. Send one of: {}."""

    http_status = 415


class WrongMethod(BadInput):
    """{} does not take {}. /openapi.json lists what it takes."""

    http_status = 405


class NotFound(Trouble):
    """There is no {} {!r}. `stanch {}` shows what there is."""

    exit_code = 66
    http_status = 404


class NoSuchFile(NotFound):
    """There is no {} {}. Look at how it is spelt, and from where."""


class Shredded(NotFound):
    """The personal data in {} was destroyed on purpose. Its digest still stands in the log."""

    http_status = 410


class NoSuchPage(NotFound):
    """There is nothing at {}. /openapi.json lists what there is."""


class OtherVersion(NoSuchPage):
    """{} has nothing at {}. Is it another version? `stanch --version` here says {}."""


class Refused(Trouble):
    """{}"""

    exit_code = 77
    http_status = 403


class NotLoggedIn(Refused):
    """Nobody is logged in. Send `Authorization: Bearer KEY`, or log in at /login."""

    http_status = 401


class NoKey(NotLoggedIn):
    """{} wants to know who asks. Set STANCH_KEY to a key of its, or log in: stanch login NAME"""


class UnknownKey(NotLoggedIn):
    """{} does not know this key, or it ended. Set STANCH_KEY to what `stanch key create` gave."""


class LoginEnded(NotLoggedIn):
    """The login of {} ended. Log in again: stanch login NAME"""


class WrongLogin(NotLoggedIn):
    """{} does not know this name with this password. An admin can set a new one."""


class NotAllowed(Refused):
    """This needs {}; you have {}. Ask an admin for it."""


class AskedByYou(NotAllowed):
    """You asked for this yourself, so the yes is somebody else's to give. You may say no."""


class NobodysKey(NotAllowed):
    """This key is nobody's, so its yes may be the asker's own. Log in, or see `stanch key give`."""


class NotInPerson(NotAllowed):
    """{} must do this in person, not with a key. Use `stanch login NAME`, or the console."""


class BaselineRefused(Refused):
    """This cannot be a baseline: {}. Give better rows, or override with your name and reason."""


class Conflict(Trouble):
    """{}"""

    exit_code = 4
    http_status = 409


class Stale(Conflict):
    """The {} moved on: you saw version {}, it is now {}. Look again, then retry."""


class AlreadyThere(Conflict):
    """{} {!r} exists already. Choose another name, or change the one that is there."""


class Answered(AlreadyThere):
    """{} answered this question already: {}. Nothing was changed."""


class AnsweredByYou(Answered):
    """You answered this already. What needs two people needs somebody else's answer now."""


class NotAskedAnyMore(Answered):
    """Nobody is asked this any more: {}. Nothing was changed."""


class WrongPhase(Conflict):
    """An incident cannot go from {} to {}. From here it can go to: {}."""


class Busy(Trouble):
    """Too much at once: {}. Retry after {} s."""

    exit_code = 75
    http_status = 429

    @property
    def retry_after(self) -> int:
        """Whole seconds to wait, as the Retry-After header wants them."""
        wait = self.facts[1] if len(self.facts) > 1 else 1
        return max(1, round(float(str(wait))))


class NoSpace(Trouble):
    """There is no space left in {}. Nothing of this was kept: make room, then try again."""

    exit_code = 74
    http_status = 507


class Unwritten(Trouble):
    """The output could not be written: {}. Send it elsewhere; what the command did is done."""

    exit_code = 74


class Unreachable(Trouble):
    """{} cannot be reached: {}. Check its address and that it is up."""

    exit_code = 69
    http_status = 503


class Declined(Unreachable):
    """{} did not do it: {}. Look there, and at what the account of stanch may do there."""


class SeveralAway(Unreachable):
    """{}"""


class Unready(Unreachable):
    """The server runs, and cannot serve now: {}. It tries again by itself."""


class NotRunning(Unreachable):
    """No stanch runs on {}. Run `stanch up --data {}`, or set STANCH_URL and STANCH_KEY."""


class InUse(Trouble):
    """Another stanch (pid {}) uses {}. Stop it, or choose another folder with --data."""

    exit_code = 73
    http_status = 503


class NewerData(Trouble):
    """The database is at step {}, and this stanch knows steps up to {}. Install a newer stanch."""

    exit_code = 69
    http_status = 503


class Missing(Trouble):
    """{} needs the {} extra. Install it with: pip install 'stanch[{}]'."""

    exit_code = 69
    http_status = 501


class CouldNotTell(Trouble):
    """Could not tell: {}."""

    exit_code = 2
    http_status = 422


class TooMuchAtOnce(CouldNotTell):
    """Could not tell: the hunt needs too much memory; ask for less at once."""


class Tampered(Trouble):
    """The proof does not hold: {}."""

    exit_code = 1
    http_status = 500
