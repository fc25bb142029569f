"""The detectors that are installed: those of the house and those of other packages."""

from collections.abc import Mapping
from functools import cache

import stanch.detect.detectors as package
from stanch.detect.detector import Detector
from stanch.vocabulary.registry import extensions

Detectors = Mapping[str, Detector[object]]


@cache
def detectors() -> Detectors:
    """Every detector that is installed, by id."""
    return extensions(package, "DETECTOR", Detector)
