"""神策's 采集方案 as a plan: merged cells, decorated headers, and what cannot be read with its place."""

import pytest

from tests.suites.workbooks import workbook
from weaktie.data.tracking.contracts import BadWorkbook
from weaktie.data.tracking.workbook import read

HEAD: list[str | int] = [
    "事件编号", "事件英文变量名（必填）", "事件显示名（必填）", "属性英文变量名（必填）", "事件属性显示名", "属性值类型",
    "属性值示例或说明", "应埋点平台（必填）", "触发时机", "是否必填", "备注",
]  # fmt: skip
EVENTS: list[list[str | int]] = [
    ["自定义事件表", "", "", "", "", "", "", "", "", "", ""],
    HEAD,
    ["", "公共属性", "公共属性", "platform_type", "平台类型", "字符串", "", "", "", "", ""],
    ["", "", "", "$is_login", "是否登录", "BOOL", "", "", "", "", ""],
    [1, "product_view", "浏览商品", "product_id", "商品ID", "字符串", "p1", "Android、iOS\n小程序", "打开商品详情页", "是", "核心"],
    ["", "", "", "price", "价格", "数值 Number", "", "", "", "", ""],
    ["", "", "", "kind", "商品类型", "枚举", "实物、虚拟", "", "", "否", ""],
    [2, "$MPLaunch", "启动", "$scene", "场景值", "字符串", "", "小程序", "", "", ""],
    [3, "coupon_get", "领券", "", "", "", "", "全端", "", "", ""],
]  # fmt: skip
USERS = [["属性英文变量名", "属性显示名", "数据类型", "说明"], ["vip_level", "会员等级", "整数", "1-5"]]


def test_events_are_read_over_their_merged_rows() -> None:
    found = read(workbook({"封面": [["说明"]], "自定义事件表": EVENTS, "用户属性表": USERS}))
    assert found.bad == []
    assert found.sheets == ["自定义事件表", "用户属性表"]
    assert [e.name for e in found.plan.events] == ["product_view", "App Opened", "coupon_get"]
    view, launch, coupon = found.plan.events
    assert view.label.zh == "浏览商品"
    assert view.about.zh == "打开商品详情页；核心"
    assert view.platforms == ("Android", "iOS", "mini_program")
    assert [(p.name, p.type, p.required) for p in view.properties] == [
        ("product_id", "text", True), ("price", "number", False), ("kind", "enum", False),
    ]  # fmt: skip
    assert view.properties[2].values == ("实物", "虚拟")
    assert found.renamed == {"$MPLaunch": "App Opened"}
    assert [p.name for p in launch.properties] == ["scene"]
    assert (coupon.properties, coupon.platforms) == ((), ())
    assert [p.name for p in found.plan.common] == ["platform_type", "is_login"]
    assert [(p.name, p.type) for p in found.plan.user_properties] == [("vip_level", "integer")]


def test_an_event_repeated_on_each_of_its_rows_is_one() -> None:
    rows: list[list[str | int]] = [HEAD]
    rows += [[1, "a_b", "甲", name, name, "字符串", "", "web", "", "", ""] for name in "xyz"]
    found = read(workbook({"事件表": rows}))
    assert [[p.name for p in e.properties] for e in found.plan.events] == [["x", "y", "z"]]
    assert found.plan.events[0].platforms == ("web",)


def test_what_cannot_be_read_comes_back_with_its_place() -> None:
    rows: list[list[str | int]] = [
        HEAD,
        ["", "", "", "early", "", "字符串", "", "", "", "", ""],
        [1, "a", "甲", "x", "", "魔法", "", "塞班", "", "", ""],
        ["", "", "", "", "无名", "字符串", "", "", "", "", ""],
        ["", "", "", "y", "", "字符串", "", "", "", "", ""],
        ["", "", "", "y", "", "字符串", "", "", "", "", ""],
        [2, "", "乙", "z", "", "字符串", "", "", "", "", ""],
    ]
    found = read(workbook({"事件表": rows}))
    assert [(b.sheet, b.row, b.column, b.code) for b in found.bad] == [
        ("事件表", 2, "D", "no_event"), ("事件表", 3, "H", "unknown_platform"), ("事件表", 3, "F", "unknown_type"),
        ("事件表", 4, "D", "no_property_name"), ("事件表", 6, "D", "named_twice"), ("事件表", 7, "B", "no_event_name"),
        ("事件表", 7, "D", "no_event"),
    ]  # fmt: skip
    assert [p.name for p in found.plan.events[0].properties] == ["y"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable_workbook"),
        (b"PK\x03\x04broken", "unreadable_workbook"),
        (workbook({"a": [["x", "y"], ["1", "2"]]}), "no_plan_sheet"),
    ],
)
def test_what_is_no_plan_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadWorkbook) as refused:
        read(data)
    assert refused.value.code == code
