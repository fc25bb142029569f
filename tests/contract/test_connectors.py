"""What every connector owes: opening makes no call, calls end in time, secrets stay unsaid."""

import pytest

import stanch.connectors
from stanch.connectors import Connector
from stanch.testing import connectors as laws
from stanch.vocabulary.registry import extensions

ALL = extensions(stanch.connectors, "CONNECTOR", Connector)


@pytest.fixture(params=ALL)
def connector(request: pytest.FixtureRequest) -> Connector:
    return ALL[request.param]


def test_opening_makes_no_call(connector: Connector) -> None:
    assert not laws.OPENS.check(connector)


def test_a_refusal_is_unreachable_and_keeps_the_secret(connector: Connector) -> None:
    assert not laws.REFUSED.check(connector)


@pytest.mark.timeout(120)
def test_silence_ends_in_time(connector: Connector) -> None:
    assert not laws.ENDS.check(connector)
