"""stanch backup: a data folder in one file that can be checked, made while it is in use."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stanch import settings
from stanch.cli.client import connect, running_on
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.engine.ending import meaning
from stanch.vocabulary.trouble import BadFile, Trouble
from stanch.vocabulary.words import counted

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
    from stanch.store.backup import Options, Progress, back_up  # noqa: PLC0415  heavy

    out = Out(json=json)
    folder = (data or settings.from_environment().data).absolute()
    if not folder.is_dir():
        raise BadFile(folder, "There is no such data folder. Name one with --data.")

    def moved(now: Progress) -> None:
        if now.files % 100 == 0:
            out.say(f"{now.files} of {now.of_files} files, {now.bytes} bytes")

    at = utc_now()
    with meaning(lambda: f"You left before {output} was whole, so it is not there."):
        made = back_up(
            folder,
            output.absolute(),
            Options(made=at.isoformat(), keys=keys, progress=moved),
        )
    files = len(made.contents.files)
    size = sum(one.size for one in made.contents.files)
    try:
        _enter(folder, {"digest": made.digest, "files": files, "bytes": size, "keys": keys})
    except Trouble as trouble:
        out.say(f"The backup is whole, but could not be entered in the evidence log: {trouble}")
    what = f"{output}: {counted(files, 'file')}, manifest {made.digest}."
    out.show(
        {"file": str(output), "digest": made.digest, "files": files, "keys": made.contents.keys},
        f"{what} Keep the digest somewhere else.",
    )


def _enter(folder: Path, told: dict[str, Any]) -> None:
    """Has the backup entered in the evidence log, by the server if one runs on the folder."""
    if running_on(folder) is not None:
        connect(folder).send("POST", "/api/v1/backups", told)
        return
    from stanch.app import backup_made  # noqa: PLC0415  the server's parts
    from stanch.engine.backups import BackupMade  # noqa: PLC0415  heavy
    from stanch.engine.clock import utc_now  # noqa: PLC0415  likewise

    if (folder / "log").is_dir():
        backup_made(folder, BackupMade(**told, at=utc_now(), by="stanch backup"))
