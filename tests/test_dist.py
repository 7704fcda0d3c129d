"""The wheel is whole: in an environment of its own, away from the repository, it starts and serves the console."""

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "src/weaktie/app/static/console/index.html"
pytestmark = pytest.mark.xdist_group("dist")  # one worker builds the wheel, once
SERVED = re.compile(r"weaktie is at (http://\S+)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not CONSOLE.exists():
        pytest.skip("the console is not built: run `make console`")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of a fresh environment with the wheel in it. The dependencies are lent by this one, weaktie itself is not:
    a folder named in a .pth file is searched, but its own .pth files (our editable install) are not read."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    python = folder / "bin" / "python"
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True, timeout=100)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return python.parent


def run(installed: Path, folder: Path, *arguments: str) -> str:
    """What a command of the fresh environment prints, away from the repository."""
    done = subprocess.run(
        arguments if arguments[0].startswith("/") else [installed / arguments[0], *arguments[1:]],
        cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Variables of a newcomer: nothing of ours, caches of compiled kernels kept apart."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WEAKTIE_", "PYTHON", "COV_"))
    }
    return ours | {"NUMBA_CACHE_DIR": str(folder / "numba")}


def test_wheel_holds_console_migrations_and_mappings(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "weaktie/app/static/console/index.html" in names
    assert any(re.fullmatch(r"weaktie/app/static/console/assets/.+\.js", name) for name in names)
    assert any(re.fullmatch(r"weaktie/store/migrations/versions/\w+\.py", name) for name in names)
    assert {"weaktie/store/migrations/env.py", "weaktie/py.typed"} <= names
    assert "weaktie/data/imports/mappings/online-retail.toml" in names
    assert [
        name for name in names if name.startswith(("tests", "tools", "web")) or "__pycache__" in name
    ] == []


def test_wheel_starts_and_serves(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "python", "-c", "import weaktie; print(weaktie.__file__)")
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert "serve" in run(installed, tmp_path, "weaktie", "--help")
    run(installed, tmp_path, "weaktie", "init", "--home", "home")
    status = json.loads(run(installed, tmp_path, "weaktie", "status", "--home", "home", "--json"))
    assert status["events"] == 0
    with serving(installed, tmp_path) as address:
        assert fetch(f"{address}/api/health")[0] == 200
        code, page = fetch(f"{address}/")
        assert code == 200
        assert b"<script" in page


def fetch(address: str) -> tuple[int, bytes]:
    """Status and body of a GET."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.status, answer.read()


class serving:  # noqa: N801  reads as a verb where it is used
    """`weaktie serve` on a free port while the block runs; gives its address."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [installed / "weaktie", "serve", "--home", "home", "--port", "0"],
            cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := SERVED.search(line):
                return found.group(1)
        raise AssertionError(f"the server ended with {self._process.wait(timeout=30)} before it served")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=60)
        finally:
            self._process.kill()


def imported(root: Path) -> Iterator[tuple[str, str]]:
    """(file, top-level module) of each import below a folder."""
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from ((path.name, name.split(".")[0]) for name in names)


def test_everything_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    declared = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in wanted}
    providers = packages_distributions()
    undeclared = {
        (path, module)
        for path, module in imported(ROOT / "src")
        if module not in sys.stdlib_module_names and module != "weaktie"
        and not declared & {name.lower().replace("_", "-") for name in providers.get(module, [module])}
    }  # fmt: skip
    assert undeclared == set()
    assert "duckdb" in declared
