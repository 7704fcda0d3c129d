"""Taking people out of what imports leave beside the lake."""

from collections.abc import Sequence

from sqlalchemy import Connection

from weaktie.data.imports.badrows import BAD_FILE
from weaktie.data.imports.service import Importer


class ImportsEraser:
    """Deletes the files of bad rows. Their cells stand as they came and name anybody, so none can be kept."""

    name = "imports"

    def __init__(self, importer: Importer) -> None:
        self._importer = importer

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:  # noqa: ARG002  cells carry no identifier numbers
        """Delete every file of bad rows; returns how many."""
        found = list((self._importer.home / "imports").glob(f"*/{BAD_FILE}"))
        for path in found:
            path.unlink(missing_ok=True)
        return {"bad_row_files": len(found)}


class ImportsExporter:
    """Nothing: files of bad rows carry no identifier numbers, so nobody's rows can be told in them, and they are deleted whole
    at every erasure; what was good of an import lies in the tables of `collect`."""

    name = "imports"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:  # noqa: ARG002
        """No rows."""
        return {}
