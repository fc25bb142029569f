"""Files that a person names: what is in them, or why that cannot be had, in one sentence."""

from pathlib import Path

from stanch.vocabulary.trouble import BadFile


def bytes_of(file: Path) -> bytes:
    """What is in the file."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error


def text_of(file: Path) -> str:
    """The text that is in the file."""
    try:
        return bytes_of(file).decode()
    except UnicodeDecodeError as error:
        raise BadFile(file, f"is no text in UTF-8 (byte {error.start}).") from error


def unreadable(file: Path | str, error: OSError) -> BadFile:
    """What the system says of this file."""
    return BadFile(file, f"{error.strerror or error}.")
