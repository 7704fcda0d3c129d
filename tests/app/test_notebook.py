"""`weaktie.open`: the tables for analysts, without people who may not be in them."""

from pathlib import Path

import pytest

import weaktie
from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.kit.errors import Refused


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with fresh_app(tmp_path) as wt:
        put(wt, track(1, "u1", anonymous="a1"), track(2, "u1"), track(3, "refuses"))
        bring_in(wt)
        with wt.database.begin() as tx:
            alias = wt.identity.find(tx, "refuses")
            assert alias is not None
            wt.permits.record(tx, [alias], "analytics", granted=False, how="test")
        build_once(wt, lambda *_: None)
        return wt.settings.home


def test_tables_are_lazy_frames_with_persons_beside_identifiers(home: Path) -> None:
    with weaktie.open(home) as wt:
        assert {"events", "orders", "user_day", "user_tags", "rfm"} <= set(wt.tables)
        events = wt.events.to_polars()
        assert sorted(events["event_id"].to_list()) == ["m1", "m2"]
        assert events["person_no"].n_unique() == 1
        assert wt.events.relation.aggregate("count(*)").fetchall() == [(2,)]
        assert wt.user_tags.collect().num_rows == 1


def test_people_who_refused_the_purpose_are_not_in_any_table(home: Path) -> None:
    with weaktie.open(home) as wt:
        found = wt.sql("select count(*) as n from events where event_id = $id", id="m3")
        assert found["n"].to_pylist() == [0]


def test_what_does_not_exist_is_refused_by_name(home: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="bad_purpose"):
        weaktie.open(home, purpose="curiosity")
    with pytest.raises(Refused, match="no_home"):
        weaktie.open(tmp_path / "nothing")
    with weaktie.open(home) as wt:
        with pytest.raises(Refused, match="no_such_table"):
            wt.table("secrets")
        with pytest.raises(AttributeError):
            _ = wt.secrets
