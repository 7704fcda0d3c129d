"""Workbooks that we write are read by a library as what was written."""

import io
from decimal import Decimal

from python_calamine import CalamineWorkbook

from weaktie.kit.sheets import Sheet, workbook


def test_a_workbook_comes_back_as_it_was_written() -> None:
    rows: list[list[str | int | Decimal | None]] = [
        ["名称", "Amount"], ["=SUM(A1)", Decimal("-1234.50")], ["<a&\"b\x01\ud800", 7], [None, 0],
    ]  # fmt: skip
    wide: list[list[str | int | Decimal | None]] = [[f"c{n}" for n in range(30)], list(range(30))]
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(workbook([Sheet("汇总", rows, (20, 10)), Sheet("b", wide)]))
    )
    assert book.sheet_names == ["汇总", "b"]
    assert book.get_sheet_by_name("汇总").to_python() == [
        ["名称", "Amount"], ["=SUM(A1)", -1234.5], ["<a&\"b��", 7], ["", 0],
    ]  # fmt: skip
    assert book.get_sheet_by_name("b").to_python()[1] == list(range(30))
