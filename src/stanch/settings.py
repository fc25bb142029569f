"""Every setting of a stanch process; the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How this process was asked to run."""

    data: Path = Path("stanch-data")
    """The data folder."""
    host: str = "127.0.0.1"
    port: int = 8484
    url: str = ""
    """A running server elsewhere, for the command line."""
    key: str = ""
    """The key to use there."""
    database: str = ""
    """A SQLAlchemy URL; empty is SQLite in the data folder."""


def from_environment() -> Settings:
    """The settings that STANCH_* variables state, on top of the defaults."""
    default = Settings()
    return Settings(
        data=Path(os.environ.get("STANCH_DATA", str(default.data))),
        host=os.environ.get("STANCH_HOST", default.host),
        port=int(os.environ.get("STANCH_PORT", str(default.port))),
        url=os.environ.get("STANCH_URL", default.url),
        key=os.environ.get("STANCH_KEY", default.key),
        database=os.environ.get("STANCH_DATABASE", default.database),
    )


def tell_libraries(values: Mapping[str, str]) -> None:
    """Nothing; libraries steered by the environment find these, unless a person set them."""
    for name, value in values.items():
        os.environ.setdefault(name, value)
