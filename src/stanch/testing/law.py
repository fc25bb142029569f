"""A law: a sentence that an extension keeps, and the check of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

E = TypeVar("E")


class Broken(AssertionError):  # noqa: N818  a sentence that fails, as an assertion is
    """An extension does not keep a law; the text says which and how."""


@dataclass(frozen=True, slots=True)
class Law(Generic[E]):
    """One law, checked by calling it."""

    says: str
    """What every extension of the kind does, as the end of a sentence that begins with "it"."""
    check: Callable[[E], str]
    """How this one breaks it; nothing when it keeps it."""

    def __call__(self, extension: E) -> None:
        """Nothing, or `Broken`."""
        how = self.check(extension)
        if how:
            name = getattr(extension, "id", type(extension).__name__)
            raise Broken(f"{name}: it {self.says}. But {how}.")

    def __str__(self) -> str:
        return self.says
