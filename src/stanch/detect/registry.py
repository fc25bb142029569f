"""The detectors that are installed: those of the house and those of other packages."""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from functools import cache

import stanch.detect.detectors as package
from stanch.detect.detector import Detector
from stanch.vocabulary.registry import extensions

Detectors = Mapping[str, Detector[object]]


@cache
def detectors() -> Detectors:
    """Every detector that is installed, by id."""
    return extensions(package, "DETECTOR", Detector)


@cache
def naming_once_in(windows: float) -> Detectors:
    """The same, each of which may name somebody innocent once in so many windows.

    Those are meant that say in `Limits.rate` in what share of windows they may.
    """
    return {name: _at(one, 1 / windows) for name, one in detectors().items()}


def _at(one: Detector[object], rate: float) -> Detector[object]:
    limits = one.limits
    if is_dataclass(limits) and not isinstance(limits, type) and hasattr(limits, "rate"):
        return replace(one, limits=replace(limits, rate=rate))
    return one
