"""Files that are on disk when a call returns."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def sync(path: Path) -> None:
    """Bring a file's content, or a folder's names, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name, sync it and give it its own; the folder's names are the caller's to sync."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as out:
        write(out)
        out.flush()
        os.fsync(out.fileno())
    partial.rename(path)
