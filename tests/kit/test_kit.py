"""The ground floor: money, time, ids, settings, hashing, masking."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktie.kit import clock, hashing, ids, logs, money, pages, settings
from weaktie.kit.errors import Refused


def test_money_rounds_half_away_from_zero_and_refuses_what_is_none() -> None:
    assert money.to_minor("2.675", "CNY") == 268
    assert money.to_minor("-2.675", "CNY") == -268
    assert money.to_minor(0.1 + 0.2, "CNY") == 30
    assert money.to_minor("1500", "VND") == 1500
    for wrong in ("", "abc", "NaN", "Infinity", "1e40"):
        with pytest.raises(ValueError, match="not an amount"):
            money.to_minor(wrong, "CNY")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["CNY", "VND", "JPY"]))
def test_money_survives_the_way_to_major_units_and_back(amount: int, currency: str) -> None:
    assert money.to_minor(money.to_major(amount, currency), currency) == amount


def test_a_business_day_is_the_date_of_the_workspace() -> None:
    late_evening_utc = clock.from_datetime(clock.to_datetime(0).replace(hour=20))
    assert clock.business_day(late_evening_utc, ZoneInfo("UTC")) == 0
    assert clock.business_day(late_evening_utc, ZoneInfo("Asia/Shanghai")) == 1
    assert clock.to_iso(1_500) == "1970-01-01T00:00:00.001Z"


def test_ids_are_ordered_by_time_and_unique() -> None:
    made = [ids.new_id("x", i * 1000) for i in range(1000)]
    assert made == sorted(set(made))


def test_murmur3_gives_its_published_vectors() -> None:
    words = hashing.hash128(["", "hello", "The quick brown fox jumps over the lazy dog"])
    digests = ["".join(f"{int(w):016x}" for w in row) for row in words]
    assert digests == [
        "0" * 32,
        "cbd8a7b341bd9b025b1e906a48ae1d19",
        "e34bbc7bbc071b6c7a433ca9c49a9347",
    ]


def test_hashing_a_slice_is_hashing_its_texts() -> None:
    texts = pa.array([f"text {i}" for i in range(20)])
    assert (hashing.hash128(texts.slice(5, 4)) == hashing.hash128([f"text {i}" for i in range(5, 9)])).all()


def test_settings_come_from_the_file_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "weaktie.toml").write_text('[workspace]\ncurrency = "MYR"\n[door]\nport = 9000\n', "utf-8")
    found = settings.load(tmp_path, {"WEAKTIE_DOOR_PORT": "9001", "WEAKTIE_DATABASE": "sqlite:other.db"})
    assert (found.workspace.currency, found.door.port, found.addresses.database) == (
        "MYR",
        9001,
        "sqlite:other.db",
    )


@pytest.mark.parametrize(
    ("toml", "environ", "name"),
    [
        ('[workspace]\ntimezone = "Asia/Nowhere"', {}, "workspace.timezone"),
        ("[door]\nport = 99999", {}, "door.port"),
        ('[door]\nport = "many"', {}, "door.port"),
        ("[door]\nprot = 1", {}, "door.prot"),
        ("[nothing]\na = 1", {}, "nothing"),
        ("[door", {}, "weaktie.toml"),
        ("", {"WEAKTIE_DOOR_PRT": "1"}, "WEAKTIE_DOOR_PRT"),
        ("", {"WEAKTIE_WORKSPACE_LANGUAGE": "fr"}, "workspace.language"),
        ("", {"WEAKTIE_WORKSPACE_SIMULATED": "perhaps"}, "workspace.simulated"),
    ],
)
def test_a_broken_setting_is_refused_by_its_name(
    tmp_path: Path, toml: str, environ: dict[str, str], name: str
) -> None:
    (tmp_path / "weaktie.toml").write_text(toml, "utf-8")
    with pytest.raises(settings.BadSetting) as refused:
        settings.load(tmp_path, environ)
    assert refused.value.place == name


def test_a_rendered_file_reads_back(tmp_path: Path) -> None:
    values = {"workspace": {"name": 'a "quoted" \\ shop', "simulated": True, "currency": "THB"}}
    (tmp_path / "weaktie.toml").write_text(settings.render_toml(values), "utf-8")
    found = settings.load(tmp_path, {}).workspace
    assert (found.name, found.simulated, found.currency) == ('a "quoted" \\ shop', True, "THB")


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "+86 13812345678",
        "li.lei@example.com",
        "11010519491231002X",
        "wkw_" + "a1B2" * 8,
        "hunter2hunter2",
    ],
)
def test_logs_mask_personal_values_and_secrets(secret: str) -> None:
    line = f"failed for {secret}, password={secret} Authorization: Bearer {secret}"
    if secret.startswith("hunter"):
        line = f"password={secret} Authorization: Bearer {secret}"
    assert secret not in logs.mask(line)


def test_logs_leave_ordinary_numbers_alone() -> None:
    assert logs.mask("stored 1795492302276026 events in 12345678 us, order 20261124000138") == (
        "stored 1795492302276026 events in 12345678 us, order 20261124000138"
    )


def test_cursors_come_back_and_forged_ones_are_refused() -> None:
    assert pages.read_cursor(pages.write_cursor(12, "用户", None), 3) == [12, "用户", None]
    for forged in ("", "!!!", pages.write_cursor(1), "W10"):
        with pytest.raises(Refused) as refused:
            pages.read_cursor(forged, 2)
        assert refused.value.code == "bad_cursor"
