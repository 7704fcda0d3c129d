"""Files of another system's calls, one JSON object a line, read by the decoder that reads live calls. Pure but for the file."""

import hashlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from weaktie.data.collect.contracts import DUPLICATE_LINE, BadRow, Event
from weaktie.data.imports.contracts import BadImport, BadLine
from weaktie.data.imports.parts import Part
from weaktie.data.imports.personal import masked
from weaktie.data.imports.streams import text_blocks
from weaktie.kit.clock import to_iso
from weaktie.kit.logs import mask
from weaktie.kit.words import Words

LINES_A_PART = 20_000
BLOCK_BYTES = 4 << 20
LARGEST_LINE = 1 << 20
_SHOWN = 300
Decode = Callable[[str, bytes], tuple[list[Event], list[BadRow]]]


def history_parts(
    path: Path, encoding: str, protocol: str, decode: Decode, *, most_lines: int | None = None
) -> Iterator[Part]:
    """The calls of the file by 20,000 lines; with `most_lines` only the first. The same file gives the same parts."""
    copies = Copies(protocol)
    part = Part(0)
    taken = 0
    for line, raw, done in lines_of(path, encoding):
        if most_lines is not None and taken >= most_lines:
            break
        taken += 1
        part.lines += 1
        part.done = done
        if len(raw) > LARGEST_LINE:
            part.bad.append(BadLine(line, "too_long", "", (raw[:_SHOWN].decode("utf-8", "replace"),)))
            continue
        events, bad = decode(protocol, raw)
        part.events += [(line, copies.told_apart(event, raw)) for event in events]
        part.bad += [_bad(line, row) for row in bad]
        if part.lines >= LINES_A_PART:
            yield part
            part = Part(part.number + 1)
    if part.lines or part.number == 0:
        part.done = 1.0
        yield part


def lines_of(path: Path, encoding: str) -> Iterator[tuple[int, bytes, float]]:
    """(line number, its bytes as UTF-8, part of the file read) for each line that is not blank."""
    rest, line = b"", 0
    for text, final, done in text_blocks(path, encoding, BLOCK_BYTES):
        lines = (rest + text).split(b"\n")
        rest = b"" if final else lines.pop()
        for raw in lines:
            line += 1
            if raw.strip():
                yield line, raw.strip(), done


class Copies:
    """Further exact copies of a call that has no id of its own: each is an act of its own, kept and flagged."""

    def __init__(self, protocol: str) -> None:
        self._own_id = b'"messageId"' if protocol == "segment" else b'"_track_id"'
        self._seen: dict[bytes, int] = {}

    def told_apart(self, event: Event, raw: bytes) -> Event:
        """The event, under another id where an equal line was there before."""
        if self._own_id in raw:
            return event
        key = hashlib.blake2b(raw, digest_size=16).digest()
        count = self._seen[key] = self._seen.get(key, 0) + 1
        if count > 1:
            event.event_id = hashlib.blake2b(
                b"%s#%d" % (event.event_id.encode(), count), digest_size=16
            ).hexdigest()
            event.flags |= DUPLICATE_LINE
        return event


def _bad(line: int, row: BadRow) -> BadLine:
    cells = (mask(row.sample[:_SHOWN].decode("utf-8", "replace")),)
    return BadLine(line, row.code, row.place, cells, row.words)


def shown(events: list[tuple[int, Event]], limit: int) -> dict[str, list[dict[str, object]]]:
    """What a preview shows of the first events: the columns that are filled, persons by their identifiers."""
    tables: dict[str, list[dict[str, object]]] = {"events": []}
    for _, event in events[:limit]:
        tables["events"].append(_event(event))
        if event.order is not None:
            order = event.order
            tables.setdefault("orders", []).append(
                {
                    "order_id": order.order_id, "user_id": _person(event, "user"), "paid_time": to_iso(event.event_us),
                    "amount": _plain(order.amount), "currency": order.currency, "status": order.status,
                    "refunded": _plain(order.refunded), "items": len(order.items),
                }
            )  # fmt: skip
    return tables


def _event(event: Event) -> dict[str, object]:
    return {
        "event_id": event.event_id, "event": event.event, "user_id": _person(event, "user"),
        "anonymous_id": _person(event, "anonymous") or _person(event, "device"), "phone": _person(event, "phone"),
        "event_time": to_iso(event.event_us), "platform": event.platform, "app_version": event.app_version,
        "channel": event.channel, "content_id": event.content_id, "product_id": event.product_id,
        "order_id": event.order_id, "amount": _plain(event.amount), "currency": event.currency,
        "properties": event.properties or None,
        "traits": {name: masked("nickname", str(v)) if isinstance(v, str) else v for name, v in (event.traits or {}).items()} or None,
    }  # fmt: skip


def _person(event: Event, kind: str) -> str | None:
    found = next((value for k, value in event.identifiers if k == kind), None)
    return masked(kind, found) if kind in ("phone", "email") else mask(found) if found else None


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def not_lines() -> BadImport:
    """The refusal of a file that holds no JSON lines under a mapping that reads calls."""
    return BadImport(
        "history_needs_json",
        Words(
            "该映射只能读取每行一个 JSON 对象的文件。", "This mapping reads files of one JSON object a line."
        ),
        place="mapping",
    )
