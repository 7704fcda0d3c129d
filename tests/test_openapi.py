"""The console's types are those of the server's own description."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.openapi import document

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "web" / "console"


def test_the_types_of_the_console_are_generated_from_this_server(tmp_path: Path) -> None:
    tool = CONSOLE / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    node = ROOT / ".venv" / "node" / "bin" / "node"
    runner = str(node) if node.exists() else shutil.which("node")
    if runner is None or not tool.exists():
        pytest.skip("the console's packages are not installed: run make console")
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(document(), ensure_ascii=False, sort_keys=True), "utf-8")
    made = tmp_path / "schema.d.ts"
    command = [runner, str(tool), str(described), "--output", str(made), "--alphabetize"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    committed = (CONSOLE / "src" / "api" / "schema.d.ts").read_text("utf-8")
    assert committed == made.read_text("utf-8"), "run: npm run types in web/console"


def test_every_route_is_described_with_its_answers() -> None:
    for path, methods in document()["paths"].items():  # type: ignore[attr-defined]
        for method, route in methods.items():
            assert route.get("description"), f"{method} {path} has no description"
