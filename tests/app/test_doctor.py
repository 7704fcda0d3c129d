"""What the doctor says of a home that counts on a cluster, long before any cluster is there."""

from pathlib import Path

import pytest

from tests.suites.homes import START_US, WORKSPACE
from weaktie.app.doctor import Check, examine
from weaktie.app.home import make_home
from weaktie.app.wiring import prepare_home
from weaktie.kit.clock import FixedClock
from weaktie.store.engine.spark import missing

NOBODY_THERE = "spark://127.0.0.1:1"


def checks_of(folder: Path, addresses: str) -> dict[str, Check]:
    home = folder / "home"
    home.mkdir()
    clock = FixedClock(START_US)
    make_home(home, dict(WORKSPACE))
    prepare_home(home, clock)
    with (home / "weaktie.toml").open("a") as settings:
        settings.write(f"[addresses]\n{addresses}\n")
    return {check.name: check for check in examine(home, clock)}


def needs_spark() -> None:
    lacking = missing()
    if lacking is not None:
        pytest.skip(lacking.words.en)


def test_a_cluster_is_an_address_like_another(tmp_path: Path) -> None:
    needs_spark()
    checks = checks_of(tmp_path, f'engine = "{NOBODY_THERE}"')
    assert checks["engine address"].ok
    assert not checks["engine"].ok
    assert (
        checks["engine"].message.en == f"The engine {NOBODY_THERE} does not answer (ConnectionRefusedError)."
    )
    assert checks["engine"].message.zh
    assert "engine and lake" not in checks


def test_java_is_asked_for_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not here")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    engine = checks_of(tmp_path, f'engine = "{NOBODY_THERE}"')["engine"]
    assert not engine.ok
    assert "Java 17" in engine.message.en


def test_the_extra_is_asked_for_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weaktie.store.engine.spark.find_spec", lambda _name: None)
    engine = checks_of(tmp_path, f'engine = "{NOBODY_THERE}"')["engine"]
    assert not engine.ok
    assert "pip install 'weaktie[spark]'" in engine.message.en


def test_a_cluster_over_an_object_store_is_not_there_yet(tmp_path: Path) -> None:
    checks = checks_of(tmp_path, f'engine = "{NOBODY_THERE}"\nlake = "s3://bucket"')
    assert "hadoop-aws" in checks["engine and lake"].message.en
    assert checks["engine and lake"].mend.zh


@pytest.mark.parametrize("address", ["spark://", "spark://host", "spark://host:port"])
def test_an_address_without_a_port_is_told(tmp_path: Path, address: str) -> None:
    needs_spark()
    engine = checks_of(tmp_path, f'engine = "{address}"')["engine"]
    assert not engine.ok
    assert "does not answer" in engine.message.en
