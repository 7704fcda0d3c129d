"""Files of costs: exports of the platforms are recognised, hostile cells are refused, nothing is made up."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.suites import workbooks
from weaktie.data.acquisition.contracts import BadCosts, CostFile
from weaktie.data.acquisition.costs import REASONS, read_costs

TODAY = 20_782  # 2026-11-25


def read(text: str | bytes, name: str = "f.csv") -> CostFile:
    data = text.encode() if isinstance(text, str) else text
    return read_costs(data, name, currency="CNY", today=TODAY)


def test_an_export_of_ocean_engine_is_recognised() -> None:
    found = read(
        "广告报表\n导出时间,2026-11-25\n"
        "时间-天,广告计划名称,广告计划ID,消耗(元),展示数,点击数,转化数\n"
        '2026-11-01,双十一_短视频,17001,"12,345.67",100000,2500,88\n'
        "2026-11-01,双十一_短视频,17001,0.33,10,1,0\n"
        "2026/11/2,双十一_图文,17002,-,0,0,-\n"
        '合计,,,"12,346.00",100010,2501,88\n'
    )
    assert found.platform == "oceanengine" and found.totals == 1 and found.bad == []
    assert [(r.campaign, r.cost_minor, r.impressions, r.clicks, r.conversions) for r in found.rows] == [
        ("双十一_短视频", 1_234_600, 100_010, 2_501, 88), ("双十一_图文", 0, 0, 0, None),
    ]  # fmt: skip
    assert found.columns["cost"] == "消耗(元)"


def test_an_export_of_tencent_in_gb18030_and_tabs_is_recognised() -> None:
    text = "日期\t推广计划名称\t花费\t曝光量\t点击量\t目标转化量\n20261103\t新客_朋友圈\t88.8\t1200\t30\t2\n"
    found = read(text.encode("gb18030"), "报表.tsv")
    assert found.platform == "tencent"
    assert [(r.campaign, r.cost_minor, r.conversions) for r in found.rows] == [("新客_朋友圈", 8_880, 2)]
    assert read(text.encode("utf-16")).rows == found.rows
    assert read(b"\xef\xbb\xbf" + text.encode()).rows == found.rows


def test_a_workbook_with_dates_is_read() -> None:
    sheet = workbooks.workbook(
        {"报表": [["日期", "推广计划", "花费"], ["2026-11-03", "甲", 12], ["2026-11-04", "甲", "bad"]]}
    )
    found = read(sheet, "a.xlsx")
    assert [(r.campaign, r.cost_minor) for r in found.rows] == [("甲", 1_200)]
    assert [(b.line, b.code) for b in found.bad] == [(3, "bad_cost")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2026-13-01,a,1", "bad_day"), ("yesterday,a,1", "bad_day"), ("1970-01-01,a,1", "bad_day"), (",a,1", "bad_day"),
        ("2027-01-01,a,1", "future_day"), ("2026-11-01,a,", "missing_cost"), ("2026-11-01,a,NaN", "bad_cost"),
        ("2026-11-01,a,1e999", "bad_cost"), ("2026-11-01,a,inf", "bad_cost"), ("2026-11-01,a,-5", "negative_cost"),
        ("2026-11-01,a,99999999999999999999", "bad_cost"), ("2026-11-01,a,=1+1", "bad_cost"), ("2026-11-01,,5", "no_campaign"),
        (f"2026-11-01,{'x' * 300},5", "too_long"), ("2026-11-01,a,٣", "bad_cost"), ("2026-11-01,a,1.2.3", "bad_cost"),
    ],
)  # fmt: skip
def test_a_bad_line_says_why(line: str, code: str) -> None:
    found = read(f"date,campaign,cost\n{line}\n2026-11-02,good,1\n")
    assert [(b.line, b.code) for b in found.bad] == [(2, code)]
    assert [r.campaign for r in found.rows] == ["good"]


def test_currencies_are_kept_apart() -> None:
    found = read(
        "date,channel,cost,currency\n2026-11-01,a,1,USD\n2026-11-01,a,2,CNY\n2026-11-01,b,5,JPY\n2026-11-02,b,5,XXX\n"
    )
    assert [(r.channel, r.currency, r.cost_minor) for r in found.rows] == [("a", "USD", 100), ("b", "JPY", 5)]
    assert [b.code for b in found.bad] == ["two_currencies", "unknown_currency"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b,c\n1,2,3\n",
        b"date,cost\n2026-11-01,5\n",
        b"\xff\xfe\x00",
        b"PK\x03\x04 no workbook",
        b"date,campaign,cost\n",
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(BadCosts):
        read(data)


def test_a_workbook_that_swells_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(5):
            archive.writestr(f"x{n}", b"\0" * 100_000_000)
    with pytest.raises(BadCosts, match="large"):
        read(out.getvalue(), "a.xlsx")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for head in (b"", "时间,广告计划,消耗\n".encode()):
        try:
            found = read(head + data)
        except BadCosts:
            continue
        assert all(r.cost_minor >= 0 and r.day <= TODAY + 1 for r in found.rows)
        assert {b.code for b in found.bad} <= REASONS.keys()
