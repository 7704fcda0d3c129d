"""The command line: what it refuses and how it says so; doctor and upgrade."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.suites.homes import START_US
from weaktie.app import cli_backup, cli_data, cli_home, cli_server  # noqa: F401  they register their commands
from weaktie.app.cli import app
from weaktie.app.doctor import examine
from weaktie.app.home import STAMP, HomeFormat, NoHome, check_home
from weaktie.app.wiring import open_app
from weaktie.kit.clock import FixedClock
from weaktie.kit.errors import Refused
from weaktie.kit.settings import BadSetting


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    assert call("init", "--home", str(made)).exit_code == 0
    return made


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_init_prints_what_is_needed_next_and_never_overwrites(home: Path) -> None:
    before = (home / "weaktie.toml").read_bytes()
    with pytest.raises(Refused, match="home_exists"):
        call("init", "--home", str(home))
    assert (home / "weaktie.toml").read_bytes() == before
    assert (home / "keys" / "master.key").stat().st_mode & 0o077 == 0


def test_init_refuses_a_broken_setting_by_name_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        call("init", "--home", str(tmp_path / "x"), "--timezone", "Mars/Olympus")
    assert refused.value.place == "workspace.timezone"
    assert not (tmp_path / "x" / STAMP).exists()


def test_a_key_is_printed_alone_on_the_last_line(home: Path) -> None:
    for kind, prefix in (("write", "wkw_"), ("read", "wkr_")):
        answer = call("key", "create", "--kind", kind, "--name", "n", "--home", str(home))
        assert answer.output.strip().splitlines()[-1].startswith(prefix)
    with pytest.raises(Refused, match="bad_key_kind"):
        call("key", "create", "--kind", "admin", "--name", "n", "--home", str(home))
    with pytest.raises(Refused):
        call("key", "create", "--kind", "write", "--name", "n", "--source", "src_none", "--home", str(home))


def test_status_is_json_for_scripts(home: Path) -> None:
    found = json.loads(call("status", "--home", str(home), "--json").output)
    assert {"events", "users", "orders", "dead_letters", "lag"} <= set(found)
    assert found["events"] == found["users"] == found["orders"] == found["dead_letters"] == found["lag"] == 0


def test_what_is_logged_never_stands_among_the_answer(home: Path) -> None:
    with open_app(home) as wt:
        writer = wt.log.writer()
        writer.append_now([b"no request"])
        writer.close()
    answer = call("status", "--home", str(home), "--json")
    assert json.loads(answer.stdout)["dead_letters"] == 1
    assert "undecodable_record" in answer.stderr


def test_what_is_no_home_is_said(tmp_path: Path) -> None:
    for command in ("status", "build", "doctor"):
        if command == "doctor":
            assert call(command, "--home", str(tmp_path)).exit_code == 1
        else:
            with pytest.raises(NoHome):
                call(command, "--home", str(tmp_path))


def test_doctor_is_content_with_a_new_home_but_for_the_console(home: Path) -> None:
    checks = {check.name: check for check in examine(home, FixedClock(START_US))}
    assert {name for name, check in checks.items() if not check.ok} <= {"console"}
    assert {"home", "settings", "disk", "database", "master key", "lake", "engine"} <= set(checks)


def test_doctor_names_each_thing_that_is_broken_and_how_to_mend_it(home: Path) -> None:
    (home / "keys" / "master.key").unlink()
    text = (home / "weaktie.toml").read_text()
    (home / "weaktie.toml").write_text(text + '[addresses]\nlog = "kafka://broker"\n')
    broken = {check.name: check for check in examine(home, FixedClock(START_US)) if not check.ok}
    assert {"master key", "log address"} <= set(broken)
    assert "not supported yet" in broken["log address"].message.en
    assert all(check.mend.zh and check.mend.en for check in broken.values())
    (home / "weaktie.toml").write_text(text + "[door]\nport = -1\n")
    assert [c.name for c in examine(home, FixedClock(START_US)) if not c.ok] == ["settings"]


def test_a_home_of_another_format_is_refused_until_it_is_upgraded(home: Path) -> None:
    (home / STAMP).write_text('{"format": 0}')
    with pytest.raises(HomeFormat, match="weaktie upgrade"):
        check_home(home)
    assert call("upgrade", "--home", str(home)).exit_code == 0
    assert call("upgrade", "--home", str(home)).exit_code == 0
    check_home(home)
    (home / STAMP).write_text('{"format": 99}')
    with pytest.raises(HomeFormat, match="newer"), open_app(home):
        pass


def test_a_newer_home_is_never_stamped_down(home: Path) -> None:
    (home / STAMP).write_text('{"format": 99}')
    with pytest.raises(HomeFormat):
        call("upgrade", "--home", str(home))
    assert json.loads((home / STAMP).read_text())["format"] == 99
