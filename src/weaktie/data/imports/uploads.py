"""Files that arrive over HTTP: streamed to the disk, never held in memory, limited in size."""

import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from weaktie.data.imports.contracts import BadImport
from weaktie.kit.errors import Unavailable
from weaktie.kit.words import Words

UPLOAD_FILE = "file"
LARGEST_UPLOAD_BYTES = 2 << 30
_WRITE_BYTES = 1 << 20


class Upload:
    """One body on its way to the disk, under a name of ours."""

    def __init__(self, folder: Path, largest_bytes: int) -> None:
        folder.mkdir(parents=True)
        self.path = folder / UPLOAD_FILE
        self.size = 0
        self._largest = largest_bytes
        self._digest = hashlib.sha256()
        self._out = self.path.open("wb")

    def write(self, part: bytes) -> None:
        """Append; raises BadImport `file_too_large` (413)."""
        self.size += len(part)
        if self.size > self._largest:
            raise too_large(self._largest)
        self._digest.update(part)
        self._out.write(part)

    def finish(self) -> str:
        """Sync to disk; the SHA-256. Raises BadImport `empty_file`."""
        if self.size == 0:
            raise BadImport("empty_file", Words("文件是空的。", "The file is empty."), place="file")
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._out.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)


async def receive(
    folder: Path, parts: AsyncIterator[bytes], *, largest_bytes: int = LARGEST_UPLOAD_BYTES
) -> tuple[Path, str]:
    """(path, SHA-256) of the body. Nothing stays when it fails; Unavailable says that the disk takes no more.

    The disk is written from a thread: the loop that calls this also answers the collector's door.
    """
    upload = await run_in_threadpool(Upload, folder, largest_bytes)
    held = bytearray()
    try:
        async for part in parts:
            held += part
            if len(held) >= _WRITE_BYTES:
                await run_in_threadpool(upload.write, bytes(held))
                held.clear()
        await run_in_threadpool(upload.write, bytes(held))
        return upload.path, await run_in_threadpool(upload.finish)
    except BaseException as error:
        upload.abandon()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise Unavailable(
                "disk_full", Words("磁盘空间不足，请稍后再试。", "The disk is full; try again later.")
            ) from error
        raise


def too_large(largest_bytes: int) -> BadImport:
    """The refusal of a file over the limit."""
    mib = largest_bytes >> 20
    return BadImport(
        "file_too_large",
        Words(f"文件超过 {mib} MB 的上限。", f"The file is larger than the limit of {mib} MB."),
        place="file",
        status=413,
    )
