"""Keys of sealed items, each a file that can be destroyed.

In    the name of a key.
Out   the key; `Shredded` when it was destroyed.
Why   keys lie beside the items and not among them, so that a backup can leave them out.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from stanch.store.vault.pack import space_in, sync_folder
from stanch.vocabulary.trouble import Shredded, Tampered

_BYTES = 32


class Keys:
    """A folder of keys, readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def mint(self) -> tuple[str, bytes]:
        """A new key and its name, which says nothing about what it seals; on the disk already."""
        name, key = secrets.token_hex(16), secrets.token_bytes(_BYTES)
        path = self._folder / name
        try:
            with space_in(self._folder):
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(fd, "wb") as file:
                    file.write(key)
                    file.flush()
                    os.fsync(fd)
                sync_folder(self._folder)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name, key

    def get(self, name: str, of: str) -> bytes:
        """The key; `Shredded` when it was destroyed, `Tampered` when it is not whole."""
        try:
            key = (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            raise Shredded(of) from error
        if len(key) != _BYTES:
            raise Tampered(f"the key of {of} is not whole")
        return key

    def there(self, name: str) -> bool:
        """Whether the key can still be used."""
        return (self._folder / name).exists()

    def destroy(self, name: str) -> None:
        """Nothing; the key is overwritten and gone. Safe to repeat."""
        path = self._folder / name
        with suppress(FileNotFoundError):  # somebody else destroyed it, perhaps at this moment
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        sync_folder(self._folder)
