"""Every usual form of a file gives the same rows."""

import gzip
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.imports.conftest import Bench
from weaktie.data.imports import cells, readers
from weaktie.data.imports.contracts import BadImport
from weaktie.data.imports.readers import open_file

CSV = 'user_id,nickname,city,registered_time\nu1,小明,上海,2024-01-05 08:00:00\nu2,"a ""b"", c",北京,2024/1/6 9:30\n'
EXPECTED = [("u1", "小明", "上海"), ("u2", 'a "b", c', "北京")]


def rows(path: Path) -> list[tuple[object, ...]]:
    reader = open_file(path)
    frames = [chunk.frame.select("user_id", "nickname", "city") for chunk in reader.chunks(reader.columns)]
    return pl.concat(frames).rows()


def xlsx(sheet: list[list[str]]) -> bytes:
    """A workbook with one sheet of inline texts."""
    body = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in line) + "</row>"
        for line in sheet
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
        )
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_text_in_every_encoding(tmp_path: Path, encoding: str, end: str, packed: bool) -> None:
    content = CSV.replace("\n", end).encode(encoding)
    path = tmp_path / "users"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert rows(path) == EXPECTED


def test_gbk_is_told_though_its_first_megabyte_is_plain(tmp_path: Path) -> None:
    plain = "".join(f"p{n},name,city,2024-01-01\n" for n in range(60_000))
    path = tmp_path / "users.csv"
    path.write_bytes(
        ("user_id,nickname,city,registered_time\n" + plain + "u1,小明,上海,2024-01-01\n").encode("gbk")
    )
    assert rows(path)[-1] == ("u1", "小明", "上海")


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_other_separators(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "users.tsv"
    path.write_text(
        separator.join(["user_id", "nickname", "city"]) + "\n" + separator.join(EXPECTED[0]) + "\n"
    )
    assert rows(path) == EXPECTED[:1]


def test_jsonl_parquet_and_xlsx(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text(
        '{"user_id":"u1","nickname":"小明","city":"上海"}\n\n{"user_id":"u2","nickname":"a \\"b\\", c","city":"北京"}\n'
    )
    columns = tmp_path / "a.parquet"
    pl.DataFrame(EXPECTED, schema=["user_id", "nickname", "city"], orient="row").write_parquet(columns)
    book = tmp_path / "a.xlsx"
    book.write_bytes(xlsx([["user_id", "nickname", "city"], *[list(row) for row in EXPECTED]]))
    assert rows(lines) == rows(columns) == rows(book) == EXPECTED


def test_numbers_of_a_sheet_lose_their_point_zero() -> None:
    assert readers.cell_text(17850.0) == "17850"
    assert readers.cell_text(2.55) == "2.55"


def test_jsonl_keeps_decimals_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"product_id":"p","price":12.10,"deep":{"a":{"b":7}}}\n')
    chunk = next(iter(open_file(path).chunks(["price", "deep.a.b", readers.REST])))
    assert chunk.frame.row(0) == ("12.10", "7", '{"product_id":"p"}')


def test_lines_are_found_again_and_a_lone_quote_spoils_its_line_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"two\nlines"\n\nshort\n2,x,y\n3,z\n4,"open\n5,w\n')
    reader = open_file(path)
    (chunk,) = reader.chunks(reader.columns)
    assert chunk.lines.to_list() == [2, 7, 9]
    assert chunk.frame["b"].to_list() == ["two\nlines", "z", "w"]
    assert [(bad.line, bad.code) for bad in chunk.broken] == [
        (5, "ragged_line"),
        (6, "ragged_line"),
        (8, "open_quote"),
    ]


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=30), st.integers(1, 60))
def test_any_text_survives_in_blocks_of_any_size(table: list[list[str]], block: int) -> None:
    """Quoted text comes back exactly, wherever a block ends."""
    table = [[cell.encode("utf-8", "ignore").decode() for cell in row] for row in table]
    text = "".join(",".join('"' + c.replace('"', '""') + '"' for c in row) + "\r\n" for row in table).encode()
    found: list[list[str]] = []
    rest, at, line = b"", 0, 1
    while True:
        rest += text[at : at + block]
        at += block
        part = cells.split(rest, ",", line=line, final=at >= len(text))
        found += [list(part.texts(n)) for n in range(len(part.line))]
        rest, line = rest[part.consumed :], line + part.lines
        if at >= len(text):
            break
    assert found == table


def test_blocks_cut_within_a_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bench.write("u.csv", "user_id,city\n" + "".join(f"u{n},城{n}\n" for n in range(500)))
    whole = rows_of_columns(path)
    monkeypatch.setattr(readers, "BLOCK_BYTES", 64)
    assert rows_of_columns(path) == whole and len(whole) == 500


def rows_of_columns(path: Path) -> list[tuple[object, ...]]:
    return pl.concat(chunk.frame for chunk in open_file(path).chunks(["user_id", "city"])).rows()


def test_a_gzip_bomb_is_refused_without_being_held(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weaktie.data.imports.streams.FREE_BYTES", 1 << 20)
    path = bench.write("bomb.csv.gz", gzip.compress(b"user_id,city\n" + b"u1,x\n" * 4_000_000))
    with pytest.raises(BadImport, match="too_much_compressed"):
        bench.run(path, "users")


def test_unusable_files_are_refused_by_name(bench: Bench) -> None:
    damaged = gzip.compress(b"user_id,city\n" + bytes(range(256)) * 5000)[:-400]
    for name, content, code in (
        ("empty.csv", b"", "empty_file"), ("cut.csv.gz", damaged, "unreadable_file"),
        ("broken.xlsx", b"PK\x03\x04 nothing", "unreadable_file"), ("broken.parquet", b"PAR1 nothing", "unreadable_file"),
    ):  # fmt: skip
        with pytest.raises(BadImport, match=code):
            bench.run(bench.write(name, content), "users")
