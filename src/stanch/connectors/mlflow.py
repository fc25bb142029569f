"""MLflow: registered models, their versions, aliases, runs and datasets, as assets; aliases moved.

In    the address of a tracking server (or a `sqlite:` URI of its database).
Out   an asset for each registered model, version and dataset, with lineage between them; the order
      `alias` on `model@alias`, which then names this version, read back from the server; the
      files of a version, for evidence.
Why   most teams have their inventory there already; nobody should type it again.

A registered model derives from its versions, and a version was trained on the datasets of its
run. Names that cannot be ids are spelled with dashes, and a short digest keeps them apart.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stanch.connectors import MOST_BYTES, Connector, Link, Order, why_not
from stanch.detect.wording import shown
from stanch.settings import tell_at_least, tell_libraries
from stanch.vocabulary.asset import Asset, AssetKind, Lineage, Scalar
from stanch.vocabulary.ids import AssetId, Digest, asset_id
from stanch.vocabulary.trouble import BadInput, BadName, Declined, Missing, Unreachable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_PAGE = 100
_MOST = 100_000
_REFUSED = ConnectionRefusedError()
_NO_NAME = "INVALID_PARAMETER_VALUE"
"""What the library itself says of a name, before it asks anybody."""
_STATUS = re.compile(r"failed with error code (\d{3})")
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class MlflowRegistry:
    """A tracking server whose registry is read."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def assets(self) -> tuple[Asset, ...]:
        """Every model, version and dataset of the registry; `Unreachable` when it is silent."""
        client = _client(self._link)
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  heavy, and optional

        try:
            found = {asset.id: asset for asset in self._read(client)}
        except (MlflowException, OSError) as error:
            raise self._silent(error) from None
        return tuple(found[one] for one in sorted(found))

    def do(self, order: Order) -> str:
        """Has the alias name the version, and says what the server shows afterwards."""
        model, _, alias = order.subject.rpartition("@")
        if order.verb != "alias" or not (model and alias):
            says = f"{order.verb!r} on {order.subject[:80]!r}"
            raise BadInput(f"MLflow cannot {says}. Order `alias` on model@alias.")
        client = _client(self._link)
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  heavy, and optional

        try:
            if order.value:
                client.set_registered_model_alias(model, alias, order.value)
            else:
                client.delete_registered_model_alias(model, alias)
            now = _named(client, model, alias)
        except (MlflowException, OSError) as error:
            raise self._silent(error) from None
        if now != order.value:
            raise Declined(f"MLflow at {self._link.shown}", f"{alias} is {now or 'nowhere'}")
        return f"{order.subject} is version {now}." if now else f"{order.subject} is gone."

    def read(self, verb: str, subjects: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002  there is one
        """The version that each alias names."""
        client = _client(self._link)
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  heavy, and optional

        split = {one: one.rpartition("@") for one in subjects}
        try:
            found = {s: _named(client, model, alias) for s, (model, _, alias) in split.items()}
        except (MlflowException, OSError) as error:
            raise self._silent(error) from None
        return {subject: version for subject, version in found.items() if version}

    def _silent(self, error: Exception) -> Unreachable | BadInput:
        """What came instead of an answer; of an answer, its reason; of what is not asked, why."""
        from mlflow.exceptions import RestException  # noqa: PLC0415  heavy, and optional

        if not isinstance(error, RestException) and getattr(error, "error_code", "") == _NO_NAME:
            return BadInput(f"MLflow takes no such name: {shown(str(error), 160).rstrip('.')}.")
        who, answer = f"MLflow at {self._link.shown}", getattr(error, "json", {})
        if isinstance(error, RestException):
            says = f"it answered {error.get_http_status_code()}"
            told = shown(str(answer.get("message") or ""), 160)
            return Declined(who, ": ".join(filter(None, (says, told))).rstrip("."))
        status = _STATUS.search(str(error))
        if status is not None:
            return Declined(who, f"it answered {status[1]}")
        return Unreachable(who, why_not(_meant(str(error)) or error, self._link.seconds))

    def copy(self, subject: str, version: str, into: Path) -> None:
        """Puts every file of the registered model's version there, as the server has them."""
        client, model = _client(self._link), subject.replace("{version}", version)
        from mlflow import artifacts  # noqa: PLC0415  heavy, and optional
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  likewise

        who = f"MLflow at {self._link.shown}"
        try:
            place = client.get_model_version_download_uri(model, version)
            size = sum(_sizes(artifacts, place, self._link.address))
            if size > MOST_BYTES:
                raise Unreachable(who, f"{model} {version} is larger than {MOST_BYTES // 10**9} GB")
            artifacts.download_artifacts(
                artifact_uri=place, dst_path=str(into), tracking_uri=self._link.address
            )
        except (MlflowException, OSError, ImportError) as error:
            raise Unreachable(who, f"{model} {version}: {type(error).__name__}") from None
        if not any(into.iterdir()):
            raise Unreachable(who, f"{model} {version} has no file")

    def _read(self, client: "MlflowClient") -> Iterator[Asset]:
        for model in _pages(client.search_registered_models):
            owner = str(model.tags.get("owner", "")) or "unknown"
            versions = list(_pages(client.search_model_versions, f"name='{_quoted(model.name)}'"))
            name = _id(model.name)
            aliases = ", ".join(f"{a}={v}" for a, v in sorted(model.aliases.items()))
            yield Asset(
                id=name,
                kind=AssetKind.MODEL,
                name=model.name,
                owner=owner,
                version=aliases,
                lineage=Lineage(derived_from=tuple(_version_id(v) for v in versions)),
            )
            for version in versions:
                yield from self._version(client, version, owner)

    def _version(self, client: "MlflowClient", version: Any, owner: str) -> Iterator[Asset]:
        run = client.get_run(version.run_id) if version.run_id else None
        inputs = run.inputs.dataset_inputs if run is not None and run.inputs else []
        datasets = [_dataset(one.dataset, owner) for one in inputs]
        yield from datasets
        settings: dict[str, Scalar] = dict(run.data.params) if run is not None else {}
        yield Asset(
            id=_version_id(version),
            kind=AssetKind.MODEL_VERSION,
            name=f"{version.name} {version.version}",
            owner=owner,
            version=str(version.version),
            digest=_digest(version.tags.get("digest", "")),
            lineage=Lineage(trained_on=tuple(dict.fromkeys(d.id for d in datasets))),
            hyper_parameters=settings,
        )


def _named(client: "MlflowClient", model: str, alias: str) -> str:
    """The version that the alias names now; empty where there is no such alias."""
    return str(client.get_registered_model(model).aliases.get(alias, ""))


def _meant(says: str) -> Exception | None:
    """What the library's sentence on a call without an answer says happened."""
    words = {"timeout": TimeoutError(), "timed out": TimeoutError(), "refused": _REFUSED}
    return next((error for word, error in words.items() if word in says.lower()), None)


def _sizes(artifacts: Any, place: str, server: str, deep: int = 16) -> Iterator[int]:
    """The size of every file below this place, as the server lists them."""
    for one in artifacts.list_artifacts(artifact_uri=place, tracking_uri=server):
        if one.is_dir and deep:
            yield from _sizes(artifacts, f"{place}/{one.path.rpartition('/')[2]}", server, deep - 1)
        else:
            yield one.file_size or 0


def _client(link: Link) -> "MlflowClient":
    """The client, its telemetry off and its patience bounded; `Missing` without the extra."""
    tell_libraries(
        {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        }
    )
    tell_at_least("MLFLOW_HTTP_REQUEST_TIMEOUT", link.seconds)
    try:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415  heavy, and optional
    except ImportError as error:
        raise Missing("The MLflow connector", "mlflow", "mlflow") from error
    return MlflowClient(tracking_uri=link.address, registry_uri=link.address)


def _pages(search: Any, words: str | None = None) -> Iterator[Any]:
    """Every row of a search, page by page."""
    token: str | None = None
    for _ in range(_MOST // _PAGE):
        page: Any = search(filter_string=words, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _dataset(dataset: Any, owner: str) -> Asset:
    return Asset(
        id=_id(f"{dataset.name}-{dataset.digest}"),
        kind=AssetKind.DATASET,
        name=str(dataset.name),
        owner=owner,
        version=str(dataset.digest),
        digest=_digest(str(dataset.digest)),
    )


def _version_id(version: Any) -> AssetId:
    return _id(f"{version.name}-v{version.version}")


def _digest(text: str) -> Digest | None:
    """A sha256, where the other system keeps one; its short digests prove nothing."""
    found = _SHA256.fullmatch(text)
    return Digest(f"sha256:{found[1]}") if found else None


def _id(name: str) -> AssetId:
    """The name as an id; a name that is none is spelled out of what an id may hold."""
    try:
        return asset_id(name)
    except BadName:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:80] or "unnamed"
        return asset_id(f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}")


def _quoted(name: str) -> str:
    return name.replace("'", "''")


CONNECTOR = Connector(
    id="mlflow",
    title="MLflow",
    like="http://tracking.example.org:5000",
    says="Follows with the alias of a model, and gives out its files.",
    open=MlflowRegistry,
    extra="mlflow",
    holds=True,
    verbs=("alias",),
)
