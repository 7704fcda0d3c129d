"""Everything that can be set, stored, sent or run is documented, and what the documents say is there is there."""

import re
from pathlib import Path

import pytest

from tools import docs

ROOT = Path(__file__).resolve().parent.parent
CAPABILITIES = [
    f"{letter}{number}"
    for letter, count in (("D", 12), ("A", 7), ("B", 17), ("P", 6), ("T", 6))
    for number in range(1, count + 1)
]
STATES = {"not yet", "first form", "holds"}


@pytest.mark.parametrize("name", docs.PAGES)
def test_reference_page_is_fresh(name: str) -> None:
    path = docs.FOLDER / f"{name}.md"
    assert path.exists(), f"{path.name} is missing: run `make docs`"
    fresh = path.read_text("utf-8") == docs.PAGES[name]()
    assert fresh, f"{path.name} is stale: run `make docs`"


def test_every_setting_has_help() -> None:
    from weaktie.kit.settings import describe

    text = (docs.FOLDER / "settings.md").read_text("utf-8")
    for setting in describe():
        assert f"`{setting.key}`" in text
        assert f"`{setting.env}`" in text
        assert setting.help.en in text.replace("\\|", "|")


def test_every_table_says_what_it_is() -> None:
    import weaktie.app.wiring  # noqa: F401
    from weaktie.store.database.tables import metadata
    from weaktie.store.lake.tables import TABLES

    silent = [table.name for table in metadata.tables.values() if not table.comment]
    assert silent == []
    text = (docs.FOLDER / "tables.md").read_text("utf-8")
    names = [*metadata.tables, *TABLES]
    assert len(names) > 15
    assert [name for name in names if f"### {name}\n" not in text] == []


def test_every_command_says_what_it_does() -> None:
    from typer.main import get_command

    from weaktie.app import cli_backup, cli_data, cli_home, cli_server  # noqa: F401
    from weaktie.app.cli import app

    def silent(command: object, name: str) -> list[str]:
        found = [] if str(getattr(command, "help", "") or "").strip() or name == "weaktie" else [name]
        for child, inner in getattr(command, "commands", {}).items():
            found += silent(inner, f"{name} {child}")
        return found

    assert silent(get_command(app), "weaktie") == []


def capability_rows(text: str) -> dict[str, list[str]]:
    """Rows of the tables of docs/capabilities.md by id, each with its cells."""
    rows = re.findall(r"^\| ([DABPT]\d+) \|(.*)\|$", text, re.MULTILINE)
    assert len({row[0] for row in rows}) == len(rows), "an id stands twice"
    return {name: [cell.strip() for cell in re.split(r"(?<!\\)\|", rest)] for name, rest in rows}


def capability_faults(text: str, root: Path) -> list[str]:
    """What is wrong with the page: ids missing, states unknown, evidence that is not there."""
    rows = capability_rows(text)
    faults = [f"{name} is missing" for name in CAPABILITIES if name not in rows]
    faults += [f"{name} is no capability" for name in rows if name not in CAPABILITIES]
    for name, cells in rows.items():
        if len(cells) != 5:
            faults.append(f"{name} has {len(cells) + 1} columns")
            continue
        _, state, today, missing, evidence = cells
        paths = re.findall(r"`([^`]+)`", evidence)
        if state not in STATES:
            faults.append(f"{name}: no such state as {state!r}")
        if state != "not yet" and (
            today in ("", "–") or not any(path.startswith("tests/") for path in paths)
        ):
            faults.append(f"{name}: says it is there without saying what, or without a test")
        if state == "first form" and missing in ("", "–"):
            faults.append(f"{name}: does not say what is missing")
        faults += [f"{name}: {path} does not exist" for path in paths if not (root / path).exists()]
    return faults


def test_capabilities_are_stated_with_evidence() -> None:
    assert capability_faults((ROOT / "docs/capabilities.md").read_text("utf-8"), ROOT) == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("", "D1 is missing"),
        ("| D1 | events | done | x | – | `tests/a.py` |", "no such state"),
        ("| D1 | events | holds | – | – | `tests/a.py` |", "without saying what"),
        ("| D1 | events | holds | all | – | – |", "without a test"),
        ("| D1 | events | first form | some | – | `tests/a.py` |", "what is missing"),
        ("| D1 | events | holds | all | – | `tests/a.py`, `tests/gone.py` |", "tests/gone.py does not exist"),
        ("| D1 | events | holds | all |", "columns"),
    ],
)
def test_a_false_capability_is_found(row: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/a.py").touch()
    rest = [f"| {name} | x | not yet | – | all | – |" for name in CAPABILITIES[1:]]
    faults = capability_faults("\n".join([row, *rest]), tmp_path)
    assert len(faults) == 1, faults
    assert says in faults[0]


def outline(path: Path) -> list[int]:
    """Levels of the headings of a page, in order, without those in code."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]


def test_both_readmes_have_the_same_sections() -> None:
    english, chinese = outline(ROOT / "README.md"), outline(ROOT / "README.zh-CN.md")
    assert len(english) > 3
    assert english == chinese


def broken_links(root: Path) -> list[str]:
    """Relative links of the Markdown pages that lead nowhere."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    return [
        f"{page.relative_to(root)}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", page.read_text("utf-8"))
        if not (page.parent / link).exists()
    ]


def test_links_lead_somewhere(tmp_path: Path) -> None:
    assert broken_links(ROOT) == []
    (tmp_path / "a.md").write_text("[there](a.md) [web](https://a.example/) [gone](docs/b.md#x)")
    assert broken_links(tmp_path) == ["a.md: docs/b.md"]
