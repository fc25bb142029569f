"""stanch restore: a backup, put back into an empty folder."""

from pathlib import Path
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.engine.ending import meaning
from stanch.vocabulary.words import counted

app = command("Bring a backup back into an empty folder.")


@app.command()
def restore(
    *,
    file: Annotated[Path, typer.Argument(help="The backup.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Put a backup back into an empty folder; each file is checked against the manifest."""
    from stanch.store.backup import restore as put_back  # noqa: PLC0415  only when it is asked

    folder = (data or settings.from_environment().data).absolute()
    with meaning(lambda: f"You left before all was back, so nothing is in {folder}."):
        back = put_back(file, folder)
    files = len(back.contents.files)
    Out(json=json).show(
        {"data": str(folder), "digest": back.digest, "files": files},
        f"{folder}: {counted(files, 'file')} back. Start it with: stanch up --data {folder}",
    )
