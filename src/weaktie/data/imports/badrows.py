"""The file of bad lines beside an import, safe to open in a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from weaktie.data.imports.contracts import BadLine

BAD_FILE = "bad.csv"
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def neutral(cell: str) -> str:
    """The cell with a leading apostrophe where a spreadsheet would take it for a formula; plain numbers stay."""
    if cell.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


class BadRows:
    """Writes `bad.csv` anew: line, code, reason, column and the cells as they stood in the file."""

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / BAD_FILE
        # A spreadsheet takes a file without the mark for the system's own encoding.
        self._file = self.path.open("w", encoding="utf-8-sig", newline="", errors="replace")
        self._writer = csv.writer(self._file)
        head = ["line", "code", "reason_zh", "reason_en", "column"]
        self._writer.writerow([*head, *(neutral(column) for column in columns)])

    def add(self, lines: Iterable[BadLine]) -> None:
        """Append lines in the order given."""
        for bad in lines:
            cells = (neutral(cell.replace("\0", "␀")) for cell in bad.cells)
            row = [bad.line, bad.code, bad.words.zh, bad.words.en, neutral(bad.column), *cells]
            self._writer.writerow(row)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
