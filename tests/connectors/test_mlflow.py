"""The MLflow connector against MLflow's own store, and against a real server."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stanch.connectors import Link
from stanch.connectors.mlflow import CONNECTOR, _id
from stanch.settings import tell_libraries
from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.trouble import Missing


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server of its own environment: full MLflow would pull pyarrow down here."""
    folder = tmp_path_factory.mktemp("mlflow")
    tool = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if tool is None:
        pytest.skip("uv, which makes the environment of the MLflow server, is not installed")
    run = ["--python", str(folder / "env/bin/python")]
    made = subprocess.run(
        [tool, "venv", "-q", "--python", sys.executable, str(folder / "env")], check=False
    )
    got = subprocess.run([tool, "pip", "install", "-q", *run, "mlflow>=3.5"], check=False)
    if made.returncode or got.returncode:
        pytest.skip("the environment of the MLflow server cannot be made here")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [
            *(str(folder / "env/bin/mlflow"), "server", "--port", str(port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        ],
        cwd=folder,
        env={"PATH": f"{folder}/env/bin:/usr/bin:/bin", "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(address, child)
        yield address
    finally:
        child.terminate()
        child.wait(30)


def _await(address: str, child: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and child.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):  # noqa: S310  loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the MLflow server did not start")


@pytest.mark.slow
def test_a_real_servers_registry_becomes_assets_with_lineage(server: str) -> None:
    tell_libraries({"MLFLOW_DISABLE_TELEMETRY": "true"})
    from mlflow.entities import Dataset, DatasetInput, Param  # noqa: PLC0415  heavy
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  heavy

    client = MlflowClient(tracking_uri=server, registry_uri=server)
    experiment = client.create_experiment("fraud")
    run = client.create_run(experiment)
    client.log_batch(run.info.run_id, params=[Param("depth", "6")])
    data = Dataset(name="payments", digest="abc123", source_type="local", source="{}")
    client.log_inputs(run.info.run_id, datasets=[DatasetInput(dataset=data, tags=[])])
    client.create_registered_model("fraud scorer", tags={"owner": "payments team"})
    version = client.create_model_version(
        "fraud scorer", f"{run.info.artifact_uri}/model", run_id=run.info.run_id
    )
    client.set_registered_model_alias("fraud scorer", "champion", version.version)

    found = {a.kind: a for a in CONNECTOR.open(Link(address=server, seconds=30)).assets()}
    assert found[AssetKind.MODEL].owner == "payments team"
    assert found[AssetKind.MODEL].version == "champion=1"
    made = found[AssetKind.MODEL_VERSION]
    assert made.hyper_parameters == {"depth": "6"}
    assert made.lineage.trained_on == (found[AssetKind.DATASET].id,)
    assert found[AssetKind.MODEL].lineage.derived_from == (made.id,)


def test_names_that_cannot_be_ids_are_spelled_out_and_kept_apart() -> None:
    assert _id("fraud-scorer") == "fraud-scorer"
    one, two = _id("fraud scorer"), _id("fraud/scorer")
    assert one.startswith("fraud-scorer-")
    assert one != two
    assert _id("../..")


def test_without_the_extra_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(Missing, match=r"stanch\[mlflow\]"):
        CONNECTOR.open(Link(address="http://127.0.0.1:9")).assets()
