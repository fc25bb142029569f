"""The MLflow connector against MLflow's own store, and against a real server."""

import os
import sys

import pytest

from stanch.connectors import Link, Order
from stanch.connectors.mlflow import CONNECTOR, MlflowRegistry, _id
from stanch.settings import tell_libraries
from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.trouble import BadInput, Missing, Unreachable


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

    every = CONNECTOR.open(Link(address=server, seconds=30)).assets()
    mine = [a for a in every if a.id.startswith("fraud-scorer") or a.kind is AssetKind.DATASET]
    found = {a.kind: a for a in mine}
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


def test_a_patient_link_is_not_cut_short_by_an_impatient_one_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")  # so that what is set here ends here
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
    for seconds in (1, 30, 10):
        with pytest.raises(Unreachable):
            CONNECTOR.open(Link(address="http://127.0.0.1:9", seconds=seconds)).assets()
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "30"


@pytest.mark.parametrize(("subject", "version"), [("fraud@champion", "v99"), ("f@cham pion", "1")])
def test_a_name_that_the_library_refuses_is_no_server_that_is_away(
    subject: str, version: str
) -> None:
    registry = MlflowRegistry(Link(address="http://127.0.0.1:1", seconds=1))
    with pytest.raises(BadInput, match="takes no such name"):
        registry.do(Order(verb="alias", subject=subject, value=version))
