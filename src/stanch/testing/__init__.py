"""The laws of the house, for the tests of people who extend stanch.

In    a detector, an action or a connector of yours.
Out   nothing when it keeps a law; `Broken` with a sentence when it does not.
Why   what the house's own extensions are held to, yours are too, before stanch loads them.

    import pytest
    from stanch.testing import detector_laws
    from yours import DETECTOR

    @pytest.mark.parametrize("law", detector_laws, ids=str)
    def test_it_keeps_the_law(law):
        law(DETECTOR)
"""

from stanch.testing.actions import LAWS as action_laws  # noqa: N811  a table in its own file
from stanch.testing.connectors import LAWS as connector_laws  # noqa: N811  as above
from stanch.testing.detectors import LAWS as detector_laws  # noqa: N811  as above
from stanch.testing.law import Broken, Law

__all__ = ["Broken", "Law", "action_laws", "connector_laws", "detector_laws"]
