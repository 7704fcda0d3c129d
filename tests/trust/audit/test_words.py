"""Every act that the audit log can hold has a name in the console, in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "src" / "weaktie"
RECORDING = {"record", "_record", "_audit", "_note", "note", "_say", "_on_record"}
STEPS_OF_REQUESTS = {"trust/rights/requests.py", "trust/rights/service.py", "app/people.py"}
"""Their `action` is a step of a request; the audit log has `request.` before it."""
NAME = re.compile(r"[a-z]+(?:[._][a-z]+)+")


def acts() -> Iterator[tuple[str, str]]:
    """(act, file) of each literal that a recording call is given."""
    for path in sorted(SOURCES.rglob("*.py")):
        place = path.relative_to(SOURCES).as_posix()
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            given = [k.value for k in call.keywords if k.arg == "action" and place not in STEPS_OF_REQUESTS]
            if name in RECORDING:
                given += [a for a in call.args if _dotted(a)]
            for value in given:
                for part in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                    if isinstance(part, ast.Constant) and NAME.fullmatch(str(part.value)):
                        yield str(part.value), place


def _dotted(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str) and "." in argument.value


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_act_has_words(language: str) -> None:
    words = (ROOT / "web" / "console" / "src" / "i18n" / f"audit.{language}.ts").read_text("utf-8")
    found = dict(acts())
    assert len(found) > 50, "the acts are still found"
    missing = {act: place for act, place in found.items() if f'"audit.do.{act}"' not in words}
    assert missing == {}
