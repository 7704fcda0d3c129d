"""Mappings: shipped, written by a person as TOML or `{field: column}`, or guessed from the header."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from weaktie.data.imports.contracts import KINDS, BadImport, Cell, FileMapping, Kind
from weaktie.data.imports.fields import FIELDS, plain
from weaktie.kit.words import Words

_CELL_KEYS = {
    "column", "columns", "constant", "zone", "format", "strip", "values", "prefixes", "default", "before"
}  # fmt: skip
_MAPPING_KEYS = {
    "kind", "zh", "en", "header", "rest", "derive_products", "derive_users", "fields", "empty", "recognise", "decoder"
}  # fmt: skip
DECODERS = ("segment", "sensors")


@lru_cache(maxsize=1)
def shipped() -> dict[str, FileMapping]:
    """The mappings that come with the product, by name."""
    folder = resources.files("weaktie.data.imports") / "mappings"
    return {
        file.name.removesuffix(".toml"): from_toml(
            file.read_text("utf-8"), name=file.name.removesuffix(".toml")
        )
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".toml")
    }


def from_toml(text: str, *, name: str, kind: Kind | None = None) -> FileMapping:
    """A mapping file. Raises BadImport `bad_mapping` naming the key that is wrong."""
    try:
        return from_dict(tomllib.loads(text), name=name, kind=kind)
    except tomllib.TOMLDecodeError as error:
        raise _bad("mapping", f"TOML: {error}", f"TOML: {error}") from error


def from_dict(written: Mapping[str, Any], *, name: str, kind: Kind | None = None) -> FileMapping:
    """A mapping in the shape of its TOML file; raises BadImport `bad_mapping`."""
    for key in written:
        if key not in _MAPPING_KEYS:
            raise _bad(str(key), "没有这个键", "there is no such key")
    own = written.get("kind", kind)
    if own not in KINDS:
        raise _bad("kind", "应为 " + "、".join(KINDS), "one of " + ", ".join(KINDS) + " expected")
    fields = written.get("fields", {})
    users = written.get("derive_users")
    if not isinstance(fields, dict) or not isinstance(users, dict | None):
        raise _bad("fields", "应为一张表", "a table is expected")
    for key in ("empty", "recognise"):
        if not isinstance(written.get(key, []), list):
            raise _bad(key, "应为列表", "a list is expected")
    decoder = written.get("decoder")
    if decoder is not None and (decoder not in DECODERS or own != "events" or fields):
        raise _bad(
            "decoder",
            "应为 " + "、".join(DECODERS),
            f"one of {', '.join(DECODERS)}, for events, without fields",
        )
    zh, en = str(written.get("zh") or name), str(written.get("en") or name)
    return FileMapping(
        name=name, kind=own, words=Words(zh, en), fields={str(f): cell(str(f), v, own) for f, v in fields.items()},
        header=bool(written.get("header", True)), rest=bool(written.get("rest", True)),
        derive_products=bool(written.get("derive_products", False)),
        derive_users={str(k): str(v) for k, v in users.items()} if users is not None else None,
        empty=tuple(str(v) for v in written.get("empty", [])), recognise=tuple(str(v) for v in written.get("recognise", [])),
        decoder=decoder,
    )  # fmt: skip


def cell(field: str, written: Any, kind: Kind) -> Cell:
    """One field's entry: a column, a list of columns, or a table of `Cell`'s keys."""
    if field not in {f.name for f in FIELDS[kind]}:
        raise _bad(field, "没有这个字段", "there is no such field")
    if isinstance(written, str):
        return Cell(columns=(written,))
    if isinstance(written, Sequence):
        return Cell(columns=tuple(str(c) for c in written))
    if not isinstance(written, Mapping) or set(written) - _CELL_KEYS:
        raise _bad(
            field,
            "应为列名或 column、constant 等键",
            "a column, or keys such as column and constant expected",
        )
    columns = written.get("columns", [written["column"]] if written.get("column") else [])
    found = Cell(
        columns=tuple(str(c) for c in ([columns] if isinstance(columns, str) else columns)),
        **{k: written.get(k) for k in ("zone", "format", "strip", "values", "prefixes", "default", "before")},
        constant=None if written.get("constant") is None else str(written["constant"]),
    )
    if found.zone is not None:
        _checked_zone(field, found.zone)
    return found


def suggest(kind: Kind, columns: Sequence[str]) -> dict[str, Cell]:
    """Fields whose column can be told by its header: first by the field's own name, then by the known others."""
    free = {plain(column): column for column in reversed(columns)}
    found: dict[str, Cell] = {}
    for own in (True, False):
        for field in FIELDS[kind]:
            if field.name in found:
                continue
            names = (field.name,) if own else field.names
            for name in names:
                column = free.pop(plain(name), None)
                if column is not None:
                    found[field.name] = Cell(columns=(column,))
                    break
    return {field.name: found[field.name] for field in FIELDS[kind] if field.name in found}


def recognised(columns: Sequence[str], known: Mapping[str, FileMapping] | None = None) -> FileMapping | None:
    """The mapping whose marks the header has, whatever its kind; the one with the most marks where there are several."""
    there = {plain(column) for column in columns}
    fitting = [
        m
        for m in (known or shipped()).values()
        if m.recognise and all(plain(mark) in there for mark in m.recognise)
    ]
    return max(fitting, key=lambda m: len(m.recognise), default=None)


def choose(
    given: str | Path | Mapping[str, Any] | None,
    kind: Kind,
    columns: Sequence[str],
    current: FileMapping | None = None,
    known: Mapping[str, FileMapping] | None = None,
) -> tuple[FileMapping, bool]:
    """(the mapping to apply to a file with these columns, whether it was guessed).

    `{field: column}` changes single fields of `current`, or of the guess where there is none; an empty column takes a
    field out. Without a mapping, one that recognises the header is taken, else columns are guessed by their names.
    `known` are the named mappings. Raises BadImport where a mapping does not fit the kind.
    """
    named = shipped() if known is None else known
    if isinstance(given, Mapping) and ("fields" in given or "kind" in given):
        return _fitting(from_dict(given, name="custom", kind=kind), kind), False
    if isinstance(given, Mapping):
        base, guessed = (current, False) if current else choose(None, kind, columns, known=named)
        changed = {**base.fields}
        for field, value in given.items():
            changed.pop(field, None)
            if value:
                changed[field] = cell(str(field), value, kind)
        return replace(
            base, name="custom", kind=kind, fields=changed, decoder=None, recognise=()
        ), guessed and not given
    if given is None or given == "":
        found = recognised(columns, named)
        if found is not None and found.kind == kind:
            return _there(found, columns), True
    if given is None or given == "" or given == kind:
        base = shipped()[kind]
        return replace(base, fields=suggest(kind, columns)), True
    if isinstance(given, str) and given in named:
        return _there(_fitting(named[given], kind), columns), False
    path = Path(given)
    if path.suffix != ".toml" or not path.is_file():
        raise BadImport(
            "unknown_mapping",
            Words(f"没有名为 {given} 的映射。", f"There is no mapping named {given}."),
            place="mapping",
        )
    return _fitting(from_toml(path.read_text("utf-8"), name=path.stem, kind=kind), kind), False


def _there(mapping: FileMapping, columns: Sequence[str]) -> FileMapping:
    """A mapping of a known export without the fields whose columns this copy of it does not have."""
    if not mapping.recognise or mapping.decoder is not None:
        return mapping
    kept = {
        name: found
        for name, found in mapping.fields.items()
        if found.constant is not None or any(c in columns or "." in c for c in found.columns)
    }
    return replace(mapping, fields=kept)


def check(mapping: FileMapping, columns: Sequence[str]) -> None:
    """Refuse a mapping that names columns the file does not have, or leaves a required field out.

    Columns that reach into JSON objects (`a.b`) are not checked: each line may have other keys.
    """
    if mapping.decoder is not None:
        return
    for name, found in mapping.fields.items():
        if found.constant is None and not any(c in columns or "." in c for c in found.columns):
            raise BadImport(
                "no_such_column",
                Words(
                    f"字段 {name} 所用的列 {'、'.join(found.columns)} 不在文件中。",
                    f"Field {name} reads {', '.join(found.columns)}, which the file does not have.",
                ),
                place=name,
            )
    missing = [f.name for f in FIELDS[mapping.kind] if f.required and f.name not in mapping.fields]
    if mapping.kind == "events" and not {"user_id", "anonymous_id"} & set(mapping.fields):
        missing.append("user_id")
    if mapping.kind == "orders" and not {"amount", "line_amount", "price"} & set(mapping.fields):
        missing.append("amount")
    if missing:
        raise BadImport(
            "field_not_mapped",
            Words(
                f"必填字段没有对应的列：{'、'.join(missing)}。",
                f"Required fields have no column: {', '.join(missing)}.",
            ),
            place=missing[0],
        )


def dumps(mapping: FileMapping) -> str:
    """The mapping in full, as it is stored beside the import."""
    return msgspec.json.encode(mapping).decode()


def loads(text: str) -> FileMapping:
    """The inverse of `dumps`."""
    return msgspec.json.decode(text, type=FileMapping)


def columns_of(mapping: FileMapping) -> dict[str, str | None]:
    """Field to its first column, or its constant as `=value`: what a form shows."""
    return {
        name: f"={found.constant}" if found.constant is not None else (found.columns or (None,))[0]
        for name, found in mapping.fields.items()
    }


def _fitting(mapping: FileMapping, kind: Kind) -> FileMapping:
    if mapping.kind != kind:
        raise BadImport(
            "mapping_of_another_kind",
            Words(
                f"映射 {mapping.name} 用于 {mapping.kind}，不能用于 {kind}。",
                f"Mapping {mapping.name} is for {mapping.kind}, not for {kind}.",
            ),
            place="mapping",
        )
    return mapping


def _checked_zone(field: str, zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise _bad(f"{field}.zone", "没有这个时区", "there is no such zone") from None


def _bad(place: str, zh: str, en: str) -> BadImport:
    return BadImport(
        "bad_mapping",
        Words(f"映射有误（{place}）：{zh}。", f"The mapping is wrong at {place}: {en}."),
        place=place,
    )
