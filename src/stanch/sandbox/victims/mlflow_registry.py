"""A registry in MLflow: its versions, tags and aliases, with the weights as files beside it.

In    a folder, in which MLflow keeps its own store.
Out   the same as a registry of files, and an MLflow registry that any of its clients can read.
Why   many models live in MLflow; a promotion there is an alias that moves.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.engine.clock import monotonic
from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.registry import Card, Promoted, Registry, nobody_cares
from stanch.settings import tell_libraries
from stanch.vocabulary.trouble import Missing

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

ALIAS = "champion"
_MODEL = "victim"
_LOOK_EVERY = 0.5


class MlflowRegistry(Registry):
    """One model's versions, in MLflow."""

    def __init__(self, folder: Path, promoted: Promoted = nobody_cares) -> None:
        super().__init__(folder, promoted)
        self.client = _client(folder / "mlflow")
        self._current, self._looked = "", float("-inf")
        if not self.client.search_registered_models():
            self.client.create_registered_model(_MODEL)

    def push(
        self, version: str, net: Net, *, by: str, key: Ed25519PrivateKey | None = None
    ) -> Card:
        """The version, now in the registry; signed when there is a key."""
        card = super().push(version, net, by=by, key=key)
        tags = {"version": version, "digest": card.digest, "by": by, "signature": card.signature}
        self.client.create_model_version(_MODEL, self.weights(version).as_uri(), tags=tags)
        return card

    def promote(self, version: str) -> None:
        """Makes it the version that answers unless a policy says otherwise."""
        found = self.client.search_model_versions(f"name='{_MODEL}'")
        number = max(int(v.version) for v in found if v.tags.get("version") == version)
        self.client.set_registered_model_alias(_MODEL, ALIAS, str(number))
        self._looked = float("-inf")
        self.promoted(version)

    @property
    def current(self) -> str:
        """The version that answers; asked of MLflow twice a second at most."""
        now = monotonic()
        if now - self._looked >= _LOOK_EVERY:
            found = self.client.get_model_version_by_alias(_MODEL, ALIAS)
            self._current, self._looked = str(found.tags.get("version", "")), now
        return self._current


def _client(folder: Path) -> "MlflowClient":
    # The folder store is all that the slim client can use without a database of its own.
    tell_libraries({"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true"})
    try:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415  heavy, and optional
    except ImportError:
        raise Missing("A registry in MLflow", "mlflow", "mlflow") from None
    return MlflowClient(tracking_uri=folder.as_uri(), registry_uri=folder.as_uri())
