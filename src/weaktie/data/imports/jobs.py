"""Work on imports that recurs: files that nobody needs any more."""

import shutil

from sqlalchemy import delete, select

from weaktie.data.imports.badrows import BAD_FILE
from weaktie.data.imports.service import Importer
from weaktie.data.imports.tables import imports
from weaktie.kit.clock import DAY_US

KEEP_DAYS = 7


def sweep(importer: Importer, *, keep_days: int = KEEP_DAYS) -> int:
    """Delete what old imports left in files, for it holds personal data in the clear; returns how many imports it was.

    Bad lines go `keep_days` after the import ended; an upload that was never started goes with its row.
    """
    before_us = importer.clock.now_us() - keep_days * DAY_US
    with importer.database.begin() as tx:
        forgotten = tx.execute(
            select(imports.c.import_id).where(
                imports.c.state == "new", imports.c.uploaded == 1, imports.c.created_us < before_us
            )
        ).scalars().all()  # fmt: skip
        tx.execute(delete(imports).where(imports.c.import_id.in_(forgotten)))
        ended = tx.execute(
            select(imports.c.import_id).where(
                imports.c.state.in_(("done", "failed")), imports.c.ended_us < before_us
            )
        ).scalars().all()  # fmt: skip
    swept = 0
    for import_id in forgotten:
        shutil.rmtree(importer.folder(import_id), ignore_errors=True)
        swept += 1
    for import_id in ended:
        path = importer.folder(import_id) / BAD_FILE
        if path.exists():
            path.unlink()
            swept += 1
    return swept
