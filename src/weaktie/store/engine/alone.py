"""A query in a process of its own: started, waited for, ended. Its memory and its end are the machine's to enforce."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Limits, Outcome

CHILD = Path(__file__).with_name("child.py")
_KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TZ")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_TELLING = {"Parser", "Binder", "Catalog", "Not implemented", "Syntax"}
"""Errors that speak of the query alone; others may quote a value of the data."""
_PATH = re.compile(r"(?:/[^\s/'\",:]+){2,}")


@dataclass(frozen=True, slots=True)
class AloneJob:
    """A checked query with the views that it reads, the files behind them, and where its result goes."""

    sql: str
    values: Mapping[str, Mapping[str, Any]]
    views: Mapping[str, str]
    files: tuple[str, ...]
    out: Path
    scratch: Path


class Alone:
    """One such process."""

    def __init__(self, job: AloneJob, limits: Limits) -> None:
        self._job, self._limits = job, limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    def run(self) -> Outcome:
        """Start it and wait for its end, at most as long as the limits allow."""
        job, limits = self._job, self._limits
        asked = {
            "sql": job.sql, "values": dict(job.values), "views": dict(job.views), "files": job.files, "out": str(job.out),
            "scratch": str(job.scratch), "scratch_bytes": limits.scratch_bytes, "memory_bytes": limits.memory_bytes,
            "threads": limits.threads, "most_rows": limits.most_rows, "most_bytes": limits.most_bytes,
        }  # fmt: skip
        with self._lock:
            if self._stopped.is_set():
                return Outcome("cancelled")
            self._process = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-I", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env={k: v for k, v in os.environ.items() if k in _KEPT_ENVIRONMENT},
            )  # fmt: skip
        try:
            said, _ = self._process.communicate(json.dumps(asked).encode(), timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return Outcome("failed", error=_too_long(limits.seconds), error_code="query_too_long")
        if self._stopped.is_set():
            return Outcome("cancelled")
        return self._outcome(said)

    def stop(self) -> None:
        """End it now; what it had written counts for nothing."""
        with self._lock:
            self._stopped.set()
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _outcome(self, said: bytes) -> Outcome:
        try:
            answer = json.loads(said)
        except ValueError:  # it was ended from outside: by the machine for memory, most likely
            return Outcome("failed", error=_too_large(), error_code="query_too_large")
        error = answer.get("error")
        if error is None:
            columns = tuple((c["name"], c["type"]) for c in answer["columns"])
            return Outcome("done", columns=columns, rows=answer["rows"], cut=answer["cut"], ms=answer["ms"])
        kind, text = str(error.get("exception_type", "")), str(error.get("exception_message", ""))
        if kind.startswith("Out of Memory") or kind in {"OutOfMemoryException", "MemoryError"}:
            return Outcome("failed", error=_too_large(), error_code="query_too_large", ms=answer["ms"])
        if kind not in _TELLING:
            text = _QUOTED.sub("‹…›", text)
        text = _PATH.sub("‹…›", text)[:1000]
        at = error.get("position")
        words = Words(f"{_ZH.get(kind, '执行出错')}：{text}", f"{kind or 'Execution'} error: {text}")
        return Outcome(
            "failed",
            error=words,
            error_code="query_failed",
            position=None if at is None else int(at),
            ms=answer["ms"],
        )


_ZH = {
    "Binder": "无法解析的列或类型", "Catalog": "没有这个名称", "Conversion": "值无法转换", "Parser": "语法错误",
    "Out of Range": "数值超出范围", "Invalid Input": "参数无效", "Not implemented": "不支持的写法",
}  # fmt: skip


def _too_long(seconds: float) -> Words:
    return Words(
        f"查询超过了 {seconds:g} 秒的时限，已停止。请缩小日期范围或先汇总。",
        f"The query took longer than {seconds:g} seconds and was stopped. Narrow its days, or aggregate first.",
    )


def _too_large() -> Words:
    return Words(
        "查询用完了可用的内存，已停止。请缩小日期范围或先汇总。",
        "The query used up its memory and was stopped. Narrow its days, or aggregate first.",
    )
