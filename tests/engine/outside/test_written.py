"""A file of systems that cannot work is refused with what is wrong."""

import pytest
from tests.engine.outside.world import KNOWN

from stanch.engine.systems_written import systems_in
from stanch.vocabulary.trouble import BadInput

ONE = "systems: {x: {connector: mlflow, address: a}}\n"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("systems: [", "connectors.yaml:1: is not YAML"),
        ("systms: {}", "systms"),
        ("systems: {x: {connector: nats, address: a}}", "nats"),
        ("calls: {keys: nobody}", "'nobody' is no system"),
        ("calls: {coffee: x}", "coffee"),
        ("systems: {x: {connector: mail, address: a, seconds: 900}}", "at most 120"),
        (
            f"{ONE}follow: {{f: [{{system: x, as: weights, subject: s, usual: v}}]}}",
            "cannot follow f as weights",
        ),
        (
            f"{ONE}follow: {{f: [{{system: x, as: alias, subject: s}}]}}",
            "needs `usual`",
        ),
        ("people: {ada: [pigeon]}", "'pigeon' is no system"),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_what_is_wrong(bad: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        systems_in(bad, KNOWN)
