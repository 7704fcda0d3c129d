"""Mappings: what is guessed, what is refused, and that nothing is lost on the way to the database and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.imports.contracts import KINDS, BadImport, Cell, FileMapping, Kind
from weaktie.data.imports.converters import exact, minor
from weaktie.data.imports.fields import FIELDS
from weaktie.data.imports.mapping import (
    check,
    choose,
    columns_of,
    dumps,
    from_dict,
    from_toml,
    loads,
    shipped,
    suggest,
)
from weaktie.data.imports.saved import to_toml
from weaktie.data.imports.times import to_instants
from weaktie.kit.clock import from_datetime
from weaktie.kit.money import MINOR_DIGITS, to_minor
from weaktie.kit.words import Words

text = st.text(min_size=1, max_size=12)
cells = st.builds(
    Cell, columns=st.lists(text, max_size=3).map(tuple), constant=st.none() | text, zone=st.none() | st.just("Asia/Tokyo"),
    format=st.none() | text, strip=st.none() | text, values=st.none() | st.dictionaries(text, text, max_size=3),
    prefixes=st.none() | st.dictionaries(text, text, max_size=3), default=st.none() | text, before=st.none() | text,
)  # fmt: skip


@st.composite
def mappings(draw: st.DrawFn) -> FileMapping:
    """Any mapping at all."""
    kind: Kind = draw(st.sampled_from(KINDS))
    names = st.sampled_from([f.name for f in FIELDS[kind]])
    return FileMapping(
        draw(text), kind, Words(draw(text), draw(text)), draw(st.dictionaries(names, cells, max_size=6)),
        draw(st.booleans()), draw(st.booleans()), draw(st.booleans()), draw(st.none() | st.dictionaries(text, text, max_size=2)),
    )  # fmt: skip


@settings(deadline=None)
@given(mappings())
def test_a_mapping_comes_back_from_the_database(mapping: FileMapping) -> None:
    assert loads(dumps(mapping)) == mapping


@settings(deadline=None)
@given(mappings())
def test_a_mapping_comes_back_from_its_file(mapping: FileMapping) -> None:
    found = from_toml(to_toml(mapping), name=mapping.name)
    assert found == mapping


def test_every_shipped_mapping_comes_back_from_its_file() -> None:
    for name, mapping in shipped().items():
        assert from_toml(to_toml(mapping), name=name) == mapping


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", [str.upper, str.title, lambda name: name.replace("_", " ")])
def test_own_names_are_understood_in_every_style(kind: Kind, style: Any) -> None:
    columns = [style(f.name) for f in FIELDS[kind]]
    assert {f: c.columns[0] for f, c in suggest(kind, columns).items()} == dict(
        zip((f.name for f in FIELDS[kind]), columns, strict=True)
    )


@pytest.mark.parametrize(
    ("kind", "columns", "found"),
    [
        (
            "orders",
            ["订单编号", "买家", "支付时间", "实付金额", "备注"],
            ["order_id", "user_id", "paid_time", "amount"],
        ),
        (
            "users",
            ["会员ID", "手机号", "昵称", "注册时间"],
            ["user_id", "phone", "nickname", "registered_time"],
        ),
        ("events", ["Event Name", "distinct-id", "Timestamp"], ["event", "anonymous_id", "time"]),
        ("products", ["SKU", "Title", "Price"], ["product_id", "name", "price"]),
    ],
)
def test_usual_headers_are_understood(kind: Kind, columns: list[str], found: list[str]) -> None:
    mapping, guessed = choose(None, kind, columns)
    assert guessed and sorted(mapping.fields) == sorted(found)
    check(mapping, columns)


def test_single_fields_change_and_go() -> None:
    columns = ["order_id", "time", "total", "who"]
    mapping, _ = choose({"user_id": "who", "currency": {"constant": "JPY"}}, "orders", columns)
    assert columns_of(mapping) == {
        "order_id": "order_id", "paid_time": "time", "amount": "total", "user_id": "who", "currency": "=JPY",
    }  # fmt: skip
    without, _ = choose({"user_id": ""}, "orders", columns, mapping)
    assert "user_id" not in without.fields and "currency" in without.fields


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ({"kind": "orders", "colour": 1}, "colour"),
        ({"kind": "things"}, "kind"),
        ({"kind": "orders", "fields": {"nothing": "a"}}, "nothing"),
        ({"kind": "orders", "fields": {"paid_time": {"column": "a", "zone": "Mars/Base"}}}, "paid_time.zone"),
        ({"kind": "orders", "fields": {"paid_time": {"colum": "a"}}}, "paid_time"),
        ({"kind": "orders", "fields": 3}, "fields"),
    ],
)
def test_a_wrong_mapping_is_refused_by_its_key(written: dict[str, Any], place: str) -> None:
    with pytest.raises(BadImport) as refused:
        from_dict(written, name="x")
    assert refused.value.place == place


def test_a_mapping_file_and_an_unknown_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[fields]\nuser_id = "a"\n', "utf-8")
    assert choose(path, "users", ["a"])[0].fields["user_id"].columns == ("a",)
    path.write_text("[fields", "utf-8")
    with pytest.raises(BadImport, match="bad_mapping"):
        choose(path, "users", ["a"])
    with pytest.raises(BadImport, match="unknown_mapping"):
        choose("../../etc/passwd", "users", ["a"])
    assert shipped()["segment"].kind == "events"


@settings(deadline=None)
@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=6, allow_nan=False),
    st.sampled_from(sorted(MINOR_DIGITS)),
)
def test_money_is_what_the_ledger_says(amount: Any, currency: str) -> None:
    """Columns round as single values do: half away from zero, with the currency's decimals."""
    units = exact(pl.Series([format(amount, "f")]))
    frame = pl.DataFrame({"units": units, "currency": [currency]})
    assert frame.select(minor(pl.col("units"))).item() == to_minor(amount, currency)


@settings(deadline=None)
@given(
    st.datetimes(
        min_value=datetime.fromisoformat("1971-01-01"), max_value=datetime.fromisoformat("2099-01-01")
    )
)
def test_times_come_back_in_every_form(moment: Any) -> None:
    instant = from_datetime(moment.replace(tzinfo=UTC))
    forms = [
        moment.isoformat() + "Z", moment.isoformat(" ") + "+00:00", moment.strftime("%Y/%m/%d %H:%M:%S.%f"), str(instant),
    ]  # fmt: skip
    if instant < 10**15:
        forms.pop()
    for form in forms:
        found = to_instants(pl.Series([form]), "UTC").dt.epoch("us").item()
        assert found == instant, form
