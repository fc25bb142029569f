"""stanch backup: a data folder in one file that can be checked, made while it is in use."""

from pathlib import Path
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.vocabulary.trouble import NotFound

app = command("Copy a data folder into one file that can be checked.")


@app.command()
def backup(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    keys: Annotated[bool, typer.Option(help="With the keys of sealed items.")] = True,
    data: Data = None,
    json: Json = False,
) -> None:
    """Copy the data folder into one file, also while a server runs on it."""
    from stanch.engine.clock import utc_now  # noqa: PLC0415  only when it is made
    from stanch.store.backup import Options, Progress, back_up  # noqa: PLC0415

    out = Out(json=json)
    folder = (data or settings.from_environment().data).absolute()
    if not folder.is_dir():
        raise NotFound("data folder", str(folder), "backup")

    def moved(now: Progress) -> None:
        if now.files % 100 == 0:
            out.say(f"{now.files} of {now.of_files} files, {now.bytes} bytes")

    made = back_up(
        folder,
        output.absolute(),
        Options(made=utc_now().isoformat(), keys=keys, progress=moved),
    )
    files = len(made.contents.files)
    out.show(
        {"file": str(output), "digest": made.digest, "files": files, "keys": made.contents.keys},
        f"{output}: {files} files, manifest {made.digest}. Keep the digest somewhere else.",
    )
