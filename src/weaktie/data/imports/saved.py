"""Mappings that people saved under a name, and a mapping as the TOML that it is written in."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select, update

from weaktie.data.imports.contracts import BadImport, Cell, FileMapping
from weaktie.data.imports.mapping import dumps, loads, shipped
from weaktie.data.imports.tables import import_mappings
from weaktie.kit.errors import Conflict, NotFound
from weaktie.kit.words import Words

_NAME = re.compile(r"[\w][\w .()（）-]{0,59}")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def saved(connection: Connection) -> dict[str, FileMapping]:
    """The saved mappings by name."""
    rows = connection.execute(select(import_mappings.c.name, import_mappings.c.mapping_json).order_by("name"))
    return {name: loads(text) for name, text in rows}


def keep(tx: Connection, mapping: FileMapping, name: str, *, actor: str, now_us: int) -> FileMapping:
    """Save a mapping under a name, in place of a former one; raises BadImport `bad_mapping_name` and Conflict
    `mapping_is_shipped`."""
    name = name.strip()
    if not _NAME.fullmatch(name) or name == "custom":
        raise BadImport(
            "bad_mapping_name",
            Words(
                "名称由文字、数字、空格与 .()- 组成，最多 60 个字符。",
                "A name has letters, digits, spaces and .()-, at most 60 of them.",
            ),
            place="name",
        )
    if name in shipped():
        raise _is_shipped(name)
    kept = replace(mapping, name=name, words=Words(name, name))
    values = {"kind": kept.kind, "mapping_json": dumps(kept), "changed_us": now_us, "actor": actor[:128]}
    changed = tx.execute(update(import_mappings).where(import_mappings.c.name == name).values(**values))
    if changed.rowcount == 0:
        tx.execute(insert(import_mappings).values(name=name, made_us=now_us, **values))
    return kept


def forget(tx: Connection, name: str) -> None:
    """Delete a saved mapping; imports keep their own copy. Raises NotFound `no_such_mapping`."""
    if name in shipped():
        raise _is_shipped(name)
    if tx.execute(delete(import_mappings).where(import_mappings.c.name == name)).rowcount == 0:
        raise no_such_mapping()


def no_such_mapping() -> NotFound:
    """The refusal of a name that no mapping has."""
    return NotFound("no_such_mapping", Words("没有这个映射。", "There is no such mapping."), place="name")


def _is_shipped(name: str) -> Conflict:
    return Conflict(
        "mapping_is_shipped",
        Words(
            f"{name} 是内置映射，不能修改；请另存为其他名称。",
            f"{name} comes with the product and cannot be changed; save under another name.",
        ),
        place="name",
    )


def to_toml(mapping: FileMapping) -> str:
    """The mapping as a file that `mapping.from_toml` reads back."""
    lines = [
        f"kind = {_text(mapping.kind)}",
        f"zh = {_text(mapping.words.zh)}",
        f"en = {_text(mapping.words.en)}",
    ]
    if mapping.decoder is not None:
        lines.append(f"decoder = {_text(mapping.decoder)}")
    for name, usual in (("header", True), ("rest", True), ("derive_products", False)):
        if getattr(mapping, name) is not usual:
            lines.append(f"{name} = {str(not usual).lower()}")
    lists = (("recognise", mapping.recognise), ("empty", mapping.empty))
    lines += [f"{name} = [{', '.join(map(_text, words))}]" for name, words in lists if words]
    if mapping.derive_users is not None:
        lines.append(f"derive_users = {_table(mapping.derive_users)}")
    if mapping.fields:
        lines += ["", "[fields]", *(f"{_key(name)} = {_cell(cell)}" for name, cell in mapping.fields.items())]
    return "\n".join(lines) + "\n"


def _cell(cell: Cell) -> str:
    parts: list[str] = []
    if len(cell.columns) == 1:
        parts.append(f"column = {_text(cell.columns[0])}")
    elif cell.columns:
        parts.append(f"columns = [{', '.join(map(_text, cell.columns))}]")
    for name in ("constant", "zone", "format", "strip", "default", "before"):
        value = getattr(cell, name)
        if value is not None:
            parts.append(f"{name} = {_text(value)}")
    for name in ("values", "prefixes"):
        value = getattr(cell, name)
        if value is not None:
            parts.append(f"{name} = {_table(value)}")
    if len(parts) == 1 and len(cell.columns) == 1:
        return _text(cell.columns[0])
    return "{ " + ", ".join(parts) + " }"


def _table(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_key(key)} = {_text(value)}" for key, value in values.items()) + " }"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's too, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
