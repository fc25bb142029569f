"""What goes wrong with a guard, told where its people look: in the host's log, and to the server.

In    a trouble by its name, when it begins and when it is over.
Out   lines of the logger `stanch.guard`; the sentences of what is wrong now.
Why   a guard never raises into its host, so without a line nobody would learn that it enforces
      nothing. A line for each request would drown the host's own: each trouble is said once, and
      once more when it is over.
"""

import logging

from stanch.vocabulary.ids import AssetId

LOG = logging.getLogger("stanch.guard")


class Troubles:
    """What is wrong with one guard."""

    def __init__(self, asset: AssetId) -> None:
        self._asset = asset
        self._open: dict[str, str] = {}

    @property
    def now(self) -> tuple[str, ...]:
        """What is wrong, in sentences."""
        return tuple(sorted(self._open.copy().values()))

    def begins(self, name: str, sentence: str, error: BaseException | None = None) -> None:
        """Say it, unless it was said already."""
        if self._open.get(name) != sentence:
            self._open[name] = sentence
            LOG.warning("%s: %s", self._asset, sentence, exc_info=error)

    def erred(self, error: Exception) -> None:
        """Say that a request could not be decided as usual."""
        self._failed(
            "error", "failed", "the request was decided as `fail` and `unidentified` say", error
        )

    def unread(self, error: Exception) -> None:
        """Say that what was heard could not be read."""
        self._failed(
            "unread", "could not read what it heard", "some requests are not told of", error
        )

    def _failed(self, name: str, did: str, so: str, error: Exception) -> None:
        kind = type(error).__name__
        who = "The guard, or a function that it was given"
        says = f"{who}, {did} ({kind}): {so}. More like it are only counted."
        self.begins(f"{name}: {kind}", says, error)

    def news(self, sentence: str) -> None:
        """Say what is no trouble, to whoever reads that too."""
        LOG.info("%s: %s", self._asset, sentence)

    def ends(self, name: str, sentence: str = "") -> None:
        """Say that it is over, as loudly as that it began: who saw one line waits for the other."""
        if self._open.pop(name, None) is not None and sentence:
            LOG.warning("%s: %s", self._asset, sentence)
