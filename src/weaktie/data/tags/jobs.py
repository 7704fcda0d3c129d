"""Filling tags: one after somebody saved it, all of them after a build. What is done again leaves the same values."""

import json
import shutil
from pathlib import Path
from typing import Any

from weaktie.data.tags import logic, reading, state
from weaktie.data.tags.contracts import CustomTag, PythonError, Values, Wish
from weaktie.data.tags.python_tags import files_in, read_values, run_apart
from weaktie.data.tags.running import FILL_SECONDS
from weaktie.data.tags.service import CustomTags, rows_of
from weaktie.data.tags.tables import CUSTOM_TAGS
from weaktie.kit.clock import business_day
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger
from weaktie.kit.words import Words
from weaktie.store.runs.contracts import Progress

_LOG = get_logger("tags")


def fill(tags: CustomTags, key: str, told: Progress) -> dict[str, object]:
    """Compute a tag of SQL for everybody and put its values in the place of the former ones. Raises NoSuchTag, or what the
    query is refused for, which the catalogue then shows."""
    tag = tags.one(key)
    told(0.05, Words(f"计算 {key}", f"computing {key}"))
    try:
        tags.parts.behaviour.look_again()
        crowd = tags.parts.behaviour.crowd()
        dtype, found = logic.values_of(tags.runner.run(tag.sql, crowd, FILL_SECONDS), crowd.people())
        with tags.parts.database.connect() as connection:
            tags.refuse_values(connection, found.column)
        if dtype != tag.dtype:
            raise Refused(
                "bad_tag_sql",
                Words("结果类型与保存时不同。", "The answer has another type than when it was saved."),
                place="sql",
            )
    except Refused as error:
        failed(tags, key, error.code, error.words)
        raise
    told(0.8, Words(f"保存 {key}", f"storing {key}"))
    store(tags, tag, found)
    told(1.0, Words("完成", "done"))
    return {"key": key, "people": len(found.people), "version": tag.version}


def store(tags: CustomTags, tag: CustomTag, found: Values) -> None:
    """Put values in the place of a tag's former ones; a tag that was saved anew meanwhile keeps its own."""
    parts = tags.parts
    now_us = parts.clock.now_us()
    as_of_day = business_day(now_us, parts.settings.zone)
    origin = f"{reading.file_prefix(tag.key)}{tag.version}-{now_us}"
    rows = rows_of(tag, found, as_of_day, tag.version)
    staged = (
        [parts.lake.stage(CUSTOM_TAGS.name, rows, part_day=as_of_day, origin=origin)] if rows.num_rows else []
    )
    with parts.database.begin() as tx:
        if state.one(tx, tag.key).version != tag.version:
            return
        old = reading.files_of(parts.lake.snapshot(tx, tables=[CUSTOM_TAGS.name]), tag.key)
        if staged or old:
            parts.lake.commit(tx, staged, remove=[f.file_id for f in old], reason=f"tag: {tag.key}")
        state.amend(tx, tag.key, live_version=tag.version, filled_us=now_us, as_of_day=as_of_day, error=None)


def failed(tags: CustomTags, key: str, code: str, words: Words, place: str = "") -> None:
    """Write down why a tag could not be computed; its former values stay."""
    said = json.dumps({"code": code, "message": words.as_dict(), "place": place}, ensure_ascii=False)
    with tags.parts.database.begin() as tx:
        state.amend(tx, key, error=said)


def refresh(tags: CustomTags, told: Progress) -> dict[str, int]:
    """Compute every tag of SQL again, after a build: what it says is as of that day. One that fails stops no other."""
    done = {"filled": 0, "failed": 0}
    mine = [t for t in tags.every() if t.kind == "sql" and not t.is_over(tags.parts.clock.now_us())]
    for number, tag in enumerate(mine):
        told(number / max(1, len(mine)), Words(f"自定义标签 {tag.key}", f"custom tag {tag.key}"))
        try:
            fill(tags, tag.key, lambda _share, _step: None)
            done["filled"] += 1
        except Refused as error:
            done["failed"] += 1
            _LOG.warning("tag_failed", tag=tag.key, code=error.code)
    return done


PYTHON_ERRORS = "python tags"


def run_python(tags: CustomTags, told: Progress) -> list[PythonError]:
    """Compute the tags of the home's Python files; returns what failed, which the catalogue shows until the next build."""
    errors: list[PythonError] = []
    home = tags.parts.settings.home
    declared: set[str] = set()
    files = files_in(home)
    for number, file in enumerate(files):
        told(number / max(1, len(files)), Words(f"Python 标签 {file.name}", f"Python tags of {file.name}"))
        made, failures, folder = run_apart(home, file)
        errors += failures
        try:
            for one in made:
                declared.add(str(one["wish"]["key"]))
                try:
                    _take(tags, one, folder)
                except Refused as error:
                    errors.append(
                        PythonError(file.name, int(one["line"]), f"{one['wish']['key']}: {error.words.en}")
                    )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    with tags.parts.database.begin() as tx:
        state.keep_errors(tx, errors, tags.parts.clock.now_us())
        if not errors:  # a file that cannot be read is no reason to forget its tags
            for tag in state.every(tx):
                if tag.kind == "python" and tag.key not in declared:
                    state.drop(tx, tag.key, tags.parts.clock.now_us())
    return errors


def _take(tags: CustomTags, one: dict[str, Any], folder: Path) -> None:
    """Keep one tag that a file declared, and its values; a new version where its declaration changed."""
    said = one["wish"]
    unit = Words(**said["unit"]) if said["unit"] else None
    wish = Wish(
        said["key"], "python", Words(**said["words"]), Words(**said["definition"]), said["dimension"], said["dtype"], "", unit
    )  # fmt: skip
    table = read_values(folder / one["values"])
    crowd = tags.parts.behaviour.crowd()
    _, found = logic.values_of(table, crowd.people())
    known = next((t for t in tags.every() if t.key == wish.key), None)
    with tags.parts.database.connect() as connection:
        tags.refuse_values(connection, found.column)
    if known is None or (known.words, known.definition, known.dtype, known.dimension) != (
        wish.words, wish.definition, wish.dtype, wish.dimension,
    ):  # fmt: skip
        known = tags.save(wish, "python")
    store(tags, known, found)


def after_build(tags: CustomTags, told: Progress) -> dict[str, int]:
    """What a build does for the shop's own tags: Python files, then SQL."""
    errors = run_python(tags, lambda share, step: told(share / 2, step))
    return refresh(tags, lambda share, step: told(0.5 + share / 2, step)) | {"python_errors": len(errors)}
