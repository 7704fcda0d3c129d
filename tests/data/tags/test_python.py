"""Tags as Python functions in the home."""

from pathlib import Path

from tests.data.tags.conftest import wish
from weaktie.app.wiring import App
from weaktie.data.tags.jobs import after_build, run_python
from weaktie.kit.words import Words

GOOD = """
import narwhals as nw
from weaktie import tag

@tag("x_keen", zh="热心用户", en="Keen user", definition_zh="浏览三次及以上", definition_en="Three views or more")
def keen(tables):
    views = tables.events.group_by("person_no").agg(nw.len().alias("n"))
    return views.select("person_no", value=nw.col("n") >= 3)
"""
BAD = """
from weaktie import tag

@tag("x_broken", zh="坏", en="Broken", definition_zh="坏", definition_en="Broken")
def broken(tables):
    return 1 / 0
"""


def quiet(share: float, step: Words) -> None:
    """Progress that nobody watches."""
    assert 0.0 <= share <= 1.0, step


def write(wt: App, name: str, text: str) -> Path:
    folder = wt.settings.home / "tags"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_a_function_becomes_a_tag_and_a_broken_one_stops_nothing(wt: App) -> None:
    write(wt, "good.py", GOOD)
    write(wt, "bad.py", BAD)
    write(wt, "worse.py", "this is no Python")
    done = after_build(wt.custom_tags, quiet)
    assert done["python_errors"] == 2
    wt.behaviour.look_again()
    assert sorted(wt.behaviour.tags(["x_keen"]).columns["x_keen"].to_pylist()) == [False, False, True]
    errors = {e["file"]: (e["line"], str(e["message"])) for e in wt.custom_tags.python_errors()}
    assert errors["bad.py"][0] == 6
    assert "ZeroDivisionError" in errors["bad.py"][1]
    assert errors["worse.py"][0] == 1
    assert wt.custom_tags.one("x_keen").version == 1


def test_a_file_that_is_gone_takes_its_tags_along(wt: App) -> None:
    file = write(wt, "good.py", GOOD)
    assert run_python(wt.custom_tags, quiet) == []
    wt.custom_tags.make(wish("x_vip"), "ann")
    file.unlink()
    run_python(wt.custom_tags, quiet)
    assert [t.key for t in wt.custom_tags.every()] == ["x_vip"]
    assert wt.custom_tags.python_errors() == []


def test_a_forbidden_tag_of_python_is_an_error_of_its_file(wt: App) -> None:
    write(wt, "good.py", GOOD.replace("热心用户", "佛教徒"))
    (error,) = run_python(wt.custom_tags, quiet)
    assert error.file == "good.py"
    assert "not allowed" in error.message
    assert wt.custom_tags.every() == []
