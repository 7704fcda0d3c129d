"""Reading an uploaded list of ids: one a line, or one column of a CSV file. The lines are matched and forgotten."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from weaktie.data.segments.contracts import LARGEST_LIST_BYTES, LARGEST_LIST_LINES, BadList
from weaktie.kit.words import Words

ID_COLUMNS = (
    "user_id", "userid", "uid", "id", "openid", "unionid", "phone", "mobile", "email", "用户id", "用户编号", "手机号", "手机", "邮箱",
)  # fmt: skip
"""Names under which the column of ids is found, in this order."""
LONGEST_ID = 200
Find = Callable[[Sequence[str]], dict[str, int]]
"""From ids of any kind to living alias numbers; who is not known is missing."""
CHUNK = 2_000


def read(raw: bytes) -> Iterator[str]:
    """The ids of a file, in its order; raises BadList. A header is recognised by the name of a column; of a file without one
    the first column is taken."""
    if len(raw) > LARGEST_LIST_BYTES:
        raise too_large()
    rows = csv.reader(io.StringIO(_text(raw)), delimiter=_delimiter(raw))
    place = 0
    count = 0
    for number, row in enumerate(rows):
        if number == 0:
            names = [cell.strip().lower() for cell in row]
            known = next((names.index(n) for n in ID_COLUMNS if n in names), None)
            if known is not None:
                place = known
                continue
        value = row[place].strip() if place < len(row) else ""
        if value:
            count += 1
            if count > LARGEST_LIST_LINES:
                raise too_large()
            yield value[: LONGEST_ID + 1]


def match(ids: Iterator[str], find: Find) -> tuple[set[int], int, int, int]:
    """(alias numbers, lines, matched, repeated) of a list's ids."""
    found: set[int] = set()
    seen: set[int] = set()
    lines = matched = repeated = 0
    part: list[str] = []

    def settle() -> None:
        nonlocal matched
        numbers = find([p for p in dict.fromkeys(part) if len(p) <= LONGEST_ID])
        for one in part:
            if one in numbers:
                matched += 1
                found.add(numbers[one])
        part.clear()

    for one in ids:
        lines += 1
        digest = hash(one)
        if digest in seen:
            repeated += 1
        seen.add(digest)
        part.append(one)
        if len(part) >= CHUNK:
            settle()
    settle()
    return found, lines, matched, repeated


def too_large() -> BadList:
    """The refusal of a list that is over the limits."""
    mb = LARGEST_LIST_BYTES >> 20
    return BadList(
        "list_too_large",
        Words(f"名单最多 {LARGEST_LIST_LINES:,} 行、{mb} MB。", f"A list has at most {LARGEST_LIST_LINES:,} lines and {mb} MB."),
    )  # fmt: skip


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise BadList(
        "list_not_text",
        Words("请上传 UTF-8 或 GBK 编码的 CSV/TXT 文件。", "Upload a CSV or text file in UTF-8 or GBK."),
    )


def _delimiter(raw: bytes) -> str:
    first = raw.split(b"\n", 1)[0]
    return max(",", "\t", ";", key=lambda d: first.count(d.encode()))


def empty() -> BadList:
    """The refusal of a file without ids."""
    return BadList("list_empty", Words("文件中没有编号。", "There are no ids in the file."))
