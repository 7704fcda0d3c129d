"""Tags as Python functions in the home's own folder `tags/`, run by `weaktie build` in a process of their own.

The functions are the shop's own code and may do what the shop's account on the machine may do. The process bounds how long
they run and how much memory they take, and keeps what they break from the build.
"""

import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import pyarrow as pa
import pyarrow.ipc as ipc

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.tags import logic
from weaktie.data.tags.contracts import Declared, PythonError
from weaktie.data.tags.declaring import collected
from weaktie.data.tags.frames import OFFERED, People
from weaktie.kit.errors import Refused
from weaktie.store.engine.contracts import Session

FOLDER: Final = "tags"
SECONDS: Final = 300.0
MEMORY_BYTES: Final = 8 << 30
"""Address space of the process: Arrow and DuckDB reserve far more than they use."""
ANSWER: Final = "answer.json"


class Tables:
    """What a tag's function is given: a lazy narwhals frame by name, of people who may be analysed."""

    def __init__(self, people: People) -> None:
        self._people = people

    def __getattr__(self, name: str) -> nw.LazyFrame[Any]:
        if name not in OFFERED:
            raise AttributeError(f"there is no table {name}; there are {', '.join(OFFERED)}")
        return self._people.frame(name)


def files_in(home: Path) -> list[Path]:
    """The home's files of tags, by name."""
    folder = home / FOLDER
    return sorted(p for p in folder.glob("*.py") if not p.name.startswith("_")) if folder.is_dir() else []


def run_apart(
    home: Path, file: Path, *, seconds: float = SECONDS
) -> tuple[list[dict[str, Any]], list[PythonError], Path]:
    """Run one file in a process of its own: (what it declares, its errors, the folder with its values).

    The caller deletes the folder. A file that takes too long or too much is an error of that file.
    """
    into = Path(tempfile.mkdtemp(prefix="weaktie-tags-"))
    command = [
        sys.executable,
        "-m",
        "weaktie",
        "tag-file",
        "--home",
        str(home),
        "--file",
        str(file),
        "--into",
        str(into),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603  our own command
    except subprocess.TimeoutExpired:
        return [], [PythonError(file.name, 0, f"took over {seconds:g} seconds and was stopped")], into
    answer = into / ANSWER
    if not answer.exists():
        said = (done.stderr.strip().splitlines() or ["ended without an answer"])[-1][:300]
        return [], [PythonError(file.name, 0, f"the process ended with {done.returncode}: {said}")], into
    told = json.loads(answer.read_text("utf-8"))
    return told["tags"], [PythonError(**e) for e in told["errors"]], into


def limit() -> None:
    """Bound this process's memory and its time on the processor."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS) + 5))


def compute(session: Session, crowd: Crowd, most_a_minute: int, file: Path, into: Path) -> None:
    """Run every tag that a file declares and write the answers into a folder. Called in the process apart."""
    errors: list[PythonError] = []
    told: list[dict[str, Any]] = []
    try:
        declared = load(file)
    except BaseException as error:  # noqa: BLE001  whatever a file of the shop's raises is shown, never raised
        declared = []
        errors.append(located(error, file))
    tables = Tables(People(session, crowd, most_a_minute))
    for number, tag in enumerate(declared):
        try:
            frame = tag.function(tables)
            rows = session.collect(frame) if isinstance(frame, nw.LazyFrame) else _arrow(frame)
            dtype, values = logic.values_of(rows.select(["person_no", "value"]), crowd.people())
        except BaseException as error:  # noqa: BLE001  the same
            errors.append(located(error, file, tag))
            continue
        path = into / f"{number}.arrow"
        table = pa.table({"person_no": pa.array(values.people, pa.int32()), "value": values.column})
        with ipc.new_file(str(path), table.schema) as out:
            out.write_table(table)
        told.append({"wish": asdict(tag.wish) | {"dtype": dtype}, "values": path.name, "line": tag.line})
    answer = {"tags": told, "errors": [asdict(e) for e in errors]}
    (into / ANSWER).write_text(json.dumps(answer, ensure_ascii=False), "utf-8")


def load(file: Path) -> list[Declared]:
    """Import a file and return what it declared."""
    spec = importlib.util.spec_from_file_location(f"weaktie_home_tags_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    with collected() as found:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return found


def located(error: BaseException, file: Path, tag: Declared | None = None) -> PythonError:
    """Where in the shop's file an error arose, and what it says."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == file]
    line = lines[-1] if lines else None
    if line is None:
        line = error.lineno if isinstance(error, SyntaxError) else tag.line if tag is not None else 0
    said = error.words.en if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    return PythonError(file.name, int(line or 0), (f"{tag.wish.key}: " if tag else "") + said[:300])


def read_values(path: Path) -> pa.Table:
    """The values that the process apart wrote."""
    with ipc.open_file(str(path)) as opened:
        return opened.read_all()


def _arrow(frame: Any) -> pa.Table:
    if isinstance(frame, nw.DataFrame):
        return frame.to_arrow()
    if isinstance(frame, pa.Table):
        return frame
    return nw.from_native(frame, eager_only=True).to_arrow()
