"""The house rules hold here, and each of them can fail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import tidy

LONG_FUNCTION = "def long() -> None:\n" + "    pass\n" * tidy.MAX_FUNCTION_LINES


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Callable[[tidy.Tree], list[str]]) -> None:
    assert rule(tidy.repository()) == []


def test_the_repository_is_seen() -> None:
    files = tidy.repository().files
    assert "src/weaktie/kit/clock.py" in files
    assert sum(path.endswith(".py") for path in files) > 40


def small_tree(
    root: Path, files: dict[str, str], **allowances: dict[str, int] | dict[str, set[str]]
) -> tidy.Tree:
    """A repository of its own under `root`; capabilities that the files name exist with both doors."""
    for path in list(files):
        parts = path.split("/")
        if path.startswith("src/weaktie/") and len(parts) == 5:
            for room in ("__init__", "contracts", "service", "logic", "tables"):
                files.setdefault("/".join([*parts[:4], f"{room}.py"]), "")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return tidy.Tree(root, tidy.tracked(root), **allowances)  # type: ignore[arg-type]


A = "src/weaktie/data/alpha/service.py"
B = "src/weaktie/data/beta/service.py"


@pytest.mark.parametrize(
    ("rule", "files"),
    [
        (tidy.floors, {"src/weaktie/kit/ids.py": "import weaktie.store.log.service\n"}),
        (tidy.floors, {"src/weaktie/trust/vault/service.py": "from weaktie.data.alpha import service\n", A: ""}),
        (tidy.floors, {A: "def f():\n    from weaktie.app import wiring\n"}),
        (tidy.floors, {A: "from ....weaktie.ai.text import service\n"}),
        (tidy.floors, {A: "from weaktie.simulate.contracts import MarketSpec\n"}),
        (tidy.floors, {"src/weaktie/simulate/client.py": "from weaktie.store.log import contracts\n"}),
        (tidy.floors, {A: "import weaktie.cellar.wine\n"}),
        (tidy.doors, {A: "from weaktie.data.beta.logic import rank\n", B: ""}),
        (tidy.doors, {A: "from weaktie.data.beta import logic\n", B: ""}),
        (tidy.doors, {A: "from weaktie.data import beta\n", B: ""}),
        (tidy.doors, {A: "import weaktie.data.beta.tables\n", B: ""}),
        (tidy.doors, {A: "from ..beta import tables\n", B: ""}),
        (tidy.doors, {A: "from weaktie.store.log.files import open_log\n"}),
        (tidy.doors, {A: "from weaktie.trust.accounts.api import require\n"}),
        (tidy.doors, {"src/weaktie/data/alpha/api.py": "from weaktie.trust.vault.api import router\n"}),
        (tidy.doors, {"src/weaktie/app/wiring.py": "from weaktie.data.beta.logic import rank\n", B: ""}),
        (tidy.rooms, {"src/weaktie/data/alpha/helpers.py": ""}),
        (tidy.rooms, {"src/weaktie/data/loose.py": ""}),
        (tidy.empty_packages, {"src/weaktie/data/alpha/__init__.py": "from weaktie.kit import ids\n"}),
        (tidy.file_lengths, {A: "\n" * (tidy.MAX_FILE_LINES + 1)}),
        (tidy.file_lengths, {"web/console/src/big.tsx": "\n" * (tidy.MAX_FILE_LINES + 1)}),
        (tidy.function_lengths, {A: LONG_FUNCTION}),
        (tidy.function_lengths, {A: "class C:\n    def m(self):\n" + "        pass\n" * tidy.MAX_FUNCTION_LINES}),
        (tidy.clocks, {A: "import time\nnow = time.time()\n"}),
        (tidy.clocks, {A: "import datetime\nnow = datetime.datetime.now()\n"}),
        (tidy.clocks, {A: "from datetime import date\nread = date.today\n"}),
        (tidy.clocks, {A: "from time import time_ns\n"}),
        (tidy.prints, {A: "def f():\n    print('x')\n"}),
        (tidy.prints, {"src/weaktie/app/http.py": "print('x')\n"}),
        (tidy.unfinished, {A: "# TO" "DO: later\n"}),
        (tidy.unfinished, {A: "price = 1  # XX" "X guessed\n"}),
        (tidy.unfinished, {"web/console/src/x.ts": "// FIX" "ME\n"}),
        (tidy.unfinished, {A: "def f():\n    raise NotImplemented" "Error\n"}),
        (tidy.addresses, {"docs/x.md": "see /ro" "ot/notes.txt\n"}),
        (tidy.addresses, {"docs/x.md": "`/ho" "me/anna/weaktie/`\n"}),
        (tidy.addresses, {"web/console/package-lock.json": '"https://registry.npm' 'js.org/x"\n'}),
        (tidy.addresses, {"requirements.lock": "--index-url https://py" "pi.org/simple\n"}),
    ],
)  # fmt: skip
def test_rule_finds(rule: Callable[[tidy.Tree], list[str]], files: dict[str, str], tmp_path: Path) -> None:
    found = rule(small_tree(tmp_path, dict(files)))
    assert len(found) == 1, found
    assert found[0].startswith(next(iter(files)))


@pytest.mark.parametrize(
    "files",
    [
        {"src/weaktie/app/wiring.py": "from weaktie.data.alpha.jobs import build\n", A: ""},
        {A: "from weaktie.data.beta import contracts\nfrom weaktie.data.beta.service import Beta\n", B: ""},
        {A: "from weaktie.store.database.tables import metadata\n", "src/weaktie/store/database/jobs.py": ""},
        {"src/weaktie/data/alpha/api.py": "from weaktie.trust.accounts.api import require\n"},
        {A: "from weaktie.data.alpha.logic import rule\nfrom . import tables\n"},
        {"src/weaktie/simulate/client.py": "from weaktie.kit import clock\nimport http.client\n"},
        {"src/weaktie/app/cli.py": "from weaktie.simulate import service\nprint('ready')\n"},
        {"src/weaktie/kit/clock.py": "import time\nnow = time.time()\n"},
        {
            A: "def time(): ...\n" + "\n" * 400,
            "docs/x.md": "/var/lib/weaktie/home and https://a.example/home/x/y\n",
        },
        {"web/console/src/schema.d.ts": "/* generated */\n" + "\n" * 900},
    ],
)
def test_what_is_allowed_is_not_found(files: dict[str, str], tmp_path: Path) -> None:
    assert tidy.findings(small_tree(tmp_path, dict(files))) == []


def test_a_room_may_be_allowed_by_name(tmp_path: Path) -> None:
    files = {"src/weaktie/store/log/files.py": ""}
    assert tidy.rooms(small_tree(tmp_path, files, extra_rooms={"store/log": {"files"}})) == []


@pytest.mark.parametrize(
    ("size", "allowed", "says"),
    [
        (70, 70, None),
        (71, 70, "70 are allowed"),
        (69, 70, "lower the ratchet"),
        (60, 70, "take it out"),
        (None, 70, "take it out"),
    ],
)
def test_the_ratchet_only_shrinks(size: int | None, allowed: int, says: str | None, tmp_path: Path) -> None:
    text = "def long():\n" + "    pass\n" * (size - 1) if size else ""
    found = tidy.function_lengths(small_tree(tmp_path, {A: text}, long_functions={f"{A}::long": allowed}))
    assert [says in line for line in found] == [True] if says else found == []
