"""The house rules that a machine can check: floors, doors, rooms, lengths, clocks, prints, marks, addresses.

Each rule takes a tree (a folder laid out like the repository) and the files in it, and returns its findings as lines
`path:line: what is wrong`. `python -m tools.tidy` prints them; tests/test_tidy.py fails on them.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("kit", "store", "trust", "data", "ai", "business", "app")
DOORS = {"contracts", "service"}
TABLE_DOOR = {("store", "database"), ("store", "lake")}
"""Capabilities whose `tables` is a third door: the metadata and the lake's schema on which others declare theirs."""
ROUTE_DOOR = {("trust", "accounts")}
"""Capabilities whose `api` other `api`s may import: the gate that every route stands behind."""
APP_CLOSED = {"logic", "queries"}
"""What even the wiring leaves alone; it may take a capability's api, jobs, tables and invariants besides its doors."""
ROOMS = {
    "__init__",
    "contracts",
    "tables",
    "queries",
    "logic",
    "service",
    "jobs",
    "api",
    "invariants",
    "erase",
}
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
WALL_CLOCKS = {
    ("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"),
    ("date", "today"),
}  # fmt: skip
TEXT_SUFFIXES = {
    ".py", ".toml", ".md", ".sh", ".ts", ".tsx", ".js", ".mjs", ".css", ".html", ".json", ".yaml", ".yml", ".lock",
    ".service", ".mako", ".cfg", ".txt", "",
}  # fmt: skip
# Spelled in parts, so that this file does not name what it forbids.
MARKS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|NotImplemented" r"Error)\b|(?:#|//|\*)\s*XX" r"X\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:ro" r"ot|ho" r"me/[a-z_]\w*|Use" r"rs/\w+)/")
REGISTRIES = re.compile(
    r"py" r"pi\.org|pythonhosted" r"\.org|registry\.npm" r"js|npm" r"mirror|deb\.debian" r"\.org",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Tree:
    """A repository to look at: its root, its files (relative, with `/`), and the allowances it may use."""

    root: Path
    files: tuple[str, ...]
    extra_rooms: dict[str, set[str]] = field(default_factory=dict)
    long_files: dict[str, int] = field(default_factory=dict)
    long_functions: dict[str, int] = field(default_factory=dict)

    def python(self, *folders: str) -> Iterator[tuple[str, ast.Module]]:
        """Each Python file below the folders, parsed."""
        for path in self.files:
            if path.endswith(".py") and path.startswith(folders):
                yield path, _parsed(self.root / path)

    def text(self, path: str) -> str:
        """A file's text; what is not UTF-8 is not ours to read."""
        return (self.root / path).read_text("utf-8", errors="replace")


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def place(path: str) -> tuple[str, str, str]:
    """(floor, capability, room) of `src/weaktie/...`; empty where the file lies higher. A folder is its own room."""
    parts = path.removeprefix("src/weaktie/").removesuffix(".py").split("/")
    if len(parts) == 1:
        return ("", "", parts[0])
    if len(parts) == 2:
        return (parts[0], "", parts[1])
    return (parts[0], parts[1], parts[2])


def imports(path: str, module: ast.Module, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Every weaktie module that a file imports, wherever in it, as (line, dotted name)."""
    package = path.removeprefix("src/").removesuffix(".py").split("/")[:-1]
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield node.lineno, inner if inner in known else source


def _modules(tree: Tree) -> frozenset[str]:
    names: set[str] = set()
    for path in tree.files:
        if path.startswith("src/") and path.endswith(".py"):
            parts = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").split("/")
            names.update(".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return frozenset(names)


def _own_imports(tree: Tree) -> Iterator[tuple[str, int, str]]:
    known = _modules(tree)
    for path, module in tree.python("src/weaktie/"):
        for line, name in imports(path, module, known):
            if name == "weaktie" or name.startswith("weaktie."):
                yield path, line, name


def floors(tree: Tree) -> list[str]:
    """A floor imports only itself and the floors below; simulate imports kit only; nobody imports simulate but app."""
    found = []
    for path, line, name in _own_imports(tree):
        here = place(path)[0]
        there = [*name.split("."), ""][1]
        if not here or not there or here == there:
            continue
        if here == "simulate":
            wrong = there != "kit"
        elif there == "simulate":
            wrong = here != "app"
        elif here not in FLOORS or there not in FLOORS:
            wrong = there in FLOORS or here in FLOORS
        else:
            wrong = FLOORS.index(there) > FLOORS.index(here)
        if wrong:
            found.append(f"{path}:{line}: {here} may not import {name}")
    return found


def doors(tree: Tree) -> list[str]:
    """A capability is entered only by its `contracts` and `service`; the wiring may also take its entry points."""
    found = []
    for path, line, name in _own_imports(tree):
        floor, capability, own_room = place(path)
        parts = name.split(".")[1:]
        if len(parts) < 2 or parts[0] not in FLOORS or parts[0] in ("kit", "app"):
            continue
        target, room = (parts[0], parts[1]), (parts[2] if len(parts) > 2 else "")
        if target == (floor, capability) or target == ("store", "migrations"):
            continue
        if floor == "app" or (floor, capability) == ("store", "migrations"):
            open_here = bool(room) and room not in APP_CLOSED
        else:
            open_here = (
                room in DOORS
                or (room == "tables" and target in TABLE_DOOR)
                or (room == own_room == "api" and target in ROUTE_DOOR)
            )
        if not open_here:
            found.append(f"{path}:{line}: {name} is not a door of {parts[0]}/{parts[1]}")
    return found


def rooms(tree: Tree) -> list[str]:
    """A capability's folder holds only the files that every capability has, and those it was allowed by name."""
    found = []
    for path, _ in tree.python(*(f"src/weaktie/{floor}/" for floor in FLOORS if floor not in ("kit", "app"))):
        floor, capability, room = place(path)
        if not capability:
            if room != "__init__":
                found.append(f"{path}:1: a floor holds capabilities, not modules")
        elif capability != "migrations" and room not in ROOMS | tree.extra_rooms.get(
            f"{floor}/{capability}", set()
        ):
            found.append(
                f"{path}:1: {room} is no room of a capability; allow it by name in tools/tidy.py or move it"
            )
    return found


def empty_packages(tree: Tree) -> list[str]:
    """A package's `__init__` is a docstring: code in it would be a door that nobody sees."""
    return [
        f"{path}:{node.lineno}: code in __init__.py"
        for path, module in tree.python("src/weaktie/")
        if path.endswith("/__init__.py") and path != "src/weaktie/__init__.py"
        for node in module.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


def file_lengths(tree: Tree) -> list[str]:
    """No file we write is over the limit, but those in the ratchet, which may only shrink."""
    actual = {}
    for path in tree.files:
        ours = path.endswith(".py") or (path.startswith("web/") and path.endswith((".ts", ".tsx", ".css")))
        if not ours or path.startswith("src/weaktie/store/migrations/versions/"):
            continue
        text = tree.text(path)
        if "generated" not in text[:300]:
            actual[path] = text.count("\n")
    return _ratchet("file", actual, tree.long_files, MAX_FILE_LINES)


def function_lengths(tree: Tree) -> list[str]:
    """No function is over the limit, but those in the ratchet, which may only shrink."""
    actual = {}
    for path, module in tree.python("src/", "tools/", "benchmarks/", "tests/"):
        if not path.startswith("src/weaktie/store/migrations/versions/"):
            actual.update({f"{path}::{name}": size for name, size in _functions(module)})
    return _ratchet("function", actual, tree.long_functions, MAX_FUNCTION_LINES)


def _functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{prefix}{child.name}"
            if not isinstance(child, ast.ClassDef):
                yield inner, (child.end_lineno or child.lineno) - child.lineno + 1
            inner += "."
        yield from _functions(child, inner)


def _ratchet(what: str, actual: dict[str, int], allowed: dict[str, int], limit: int) -> list[str]:
    found = [
        f"{name}: {what} of {size} lines, {allowed.get(name, limit)} are allowed"
        for name, size in actual.items()
        if size > allowed.get(name, limit)
    ]
    for name, size in allowed.items():
        now = actual.get(name, 0)
        if now <= limit:
            found.append(f"{name}: is {now} lines now: take it out of the ratchet")
        elif now < size:
            found.append(f"{name}: is {now} lines now: lower the ratchet from {size}")
    return found


def clocks(tree: Tree) -> list[str]:
    """Nobody but the kit's clock reads the machine's time: a clock is handed in."""
    found = []
    for path, module in tree.python("src/weaktie/"):
        if path == "src/weaktie/kit/clock.py":
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in WALL_CLOCKS:
                found.append(f"{path}:{node.lineno}: reads the machine's clock ({ast.unparse(node)})")
            elif isinstance(node, ast.ImportFrom) and node.module == "time":
                names = [a.name for a in node.names if ("time", a.name) in WALL_CLOCKS]
                found += [f"{path}:{node.lineno}: takes {name} from time" for name in names]
    return found


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def prints(tree: Tree) -> list[str]:
    """Only the command line prints; everything else logs or returns."""
    return [
        f"{path}:{node.lineno}: print outside the command line"
        for path, module in tree.python("src/weaktie/")
        if not path.startswith("src/weaktie/app/cli")
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def unfinished(tree: Tree) -> list[str]:
    """No mark of unfinished work: what is not there is said in docs/capabilities.md."""
    ours = [p for p in tree.files if p.endswith((".py", ".ts", ".tsx", ".sh")) or p == "Makefile"]
    return [f"{path}:{line}: mark of unfinished work" for path in ours for line in _lines(tree, path, MARKS)]


def addresses(tree: Tree) -> list[str]:
    """No path of the machine it was written on, and no package registry's host, in anything that is tracked."""
    here = re.escape(str(ROOT)) + "/" if tree.root == ROOT and len(ROOT.parts) > 2 else r"(?!)"
    wrong = re.compile("|".join((MACHINE_PATHS.pattern, here, f"(?i:{REGISTRIES.pattern})")))
    texts = [p for p in tree.files if Path(p).suffix in TEXT_SUFFIXES]
    return [
        f"{path}:{line}: machine path or registry" for path in texts for line in _lines(tree, path, wrong)
    ]


def _lines(tree: Tree, path: str, pattern: re.Pattern[str]) -> list[int]:
    return [n for n, line in enumerate(tree.text(path).splitlines(), 1) if pattern.search(line)]


RULES: tuple[Callable[[Tree], list[str]], ...] = (
    floors, doors, rooms, empty_packages, file_lengths, function_lengths, clocks, prints, unfinished, addresses,
)  # fmt: skip

EXTRA_ROOMS: dict[str, set[str]] = {
    capability: set(allowed.split())
    for capability, allowed in {
        "store/database": "copies",
        "store/log": "files",
        "store/lake": "arrays files promoted",
        "store/engine": "alone child duck guard spark",
        "trust/accounts": "gate keys",
        "trust/consent": "ages asking bodies links notices numbers page texts",
        "trust/ledger": "batching bodies reading statements writing",
        "trust/rights": "bodies copies corrections journal requests sweep",
        "data/acquisition": "bodies costs following linking naming seeds spending spending_api targets",
        "data/behaviour": "asking days vocabulary walk windows",
        "data/retention": "bodies",
        "data/paths": "bodies",
        "data/collect": "badrows bodies commerce crawlers door history keys letter_bodies letters live mending posthog refusals "
        "replay returning rows segment sensors splitting shopify taking traits trial vocabulary wecom youzan",
        "data/funnels": "bodies",
        "data/graph": "asking assembling audiences bodies communities jobs_days kernels learning measuring state",
        "data/identity": "bodies deciding explaining reading reviews rules showing unidentified",
        "data/imports": "badrows bodies cells converters fields history mapping orders parts personal preview readers "
        "samples saved staging streams times uploads",
        "data/pulls": "ways",
        "data/tracking": "bodies checking columns proposal report traits watch workbook yamls",
        "data/quality": "rates",
        "data/reconcile": "comparing",
        "data/segments": "behind bodies evaluating lists rules sentence world",
        "data/private": "members",
        "data/tags": "bodies checking declaring forbidden frames marking python_tags reading running state",
        "data/rfm": "bodies",
        "data/profiles": "asof bodies catalogue day_kernel day_sums "
        "figures jobs_days lineage permits publish published queries_people rules show "
        "state tags tags_basic tags_behaviour tags_social tags_spending timeline withdraw",
        "data/metrics": "aarrr asking bodies catalogue catalogue_sales custom facts measuring referral",
        "data/sql": "bodies running saved",
        "ai/influence": "acting_api audiences bodies cascades creators kernels planning reading rules spreads ties",
        "business/risk": "bodies graphs queue reading rules",
        "business/referral": "bodies campaigns codes figures following group_bodies groups hooks hosted inviting linter page paying poster "
        "rewards rules shop_api shop_bodies spec texts words",
        "business/loyalty": "bodies checkout goods people points points_api shop_api shops",
    }.items()
}
"""Adapters behind an address, decoders of a protocol, and the like: rooms that one capability has and others not."""
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}


def tracked(root: Path) -> tuple[str, ...]:
    """The repository's files: those of git that still lie there, or all of them where there is no git."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        return tuple(p for p in asked.stdout.split("\0") if p and (root / p).is_file())
    return tuple(p.relative_to(root).as_posix() for p in sorted(root.rglob("*")) if p.is_file())


def repository() -> Tree:
    """This repository with its allowances."""
    return Tree(ROOT, tracked(ROOT), EXTRA_ROOMS, LONG_FILES, LONG_FUNCTIONS)


def findings(tree: Tree, rules: Sequence[Callable[[Tree], list[str]]] = RULES) -> list[str]:
    """What all the rules find."""
    return [line for rule in rules for line in rule(tree)]


def main() -> None:
    """Print what is found; exit 1 if anything is."""
    found = findings(repository())
    print("\n".join(found) or "tidy")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
