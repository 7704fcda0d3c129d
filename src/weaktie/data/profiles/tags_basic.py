"""基础属性: who somebody is, from the attributes that sources declare."""

import narwhals as nw

from weaktie.data.collect.contracts import CHANNEL_WORDS
from weaktie.data.profiles.tables import PLATFORM_COLUMNS
from weaktie.data.profiles.tags import Aggregate, Dimension, Tag, days_since, largest, of
from weaktie.kit.words import Words

GENDER = Aggregate("users", "one", "gender")
AGE_BAND = Aggregate("users", "one", "age_band")
PROVINCE = Aggregate("users", "one", "province")
CITY = Aggregate("users", "one", "city")
CHANNEL = Aggregate("users", "one", "channel")
REGISTERED_US = Aggregate("users", "min", "registered_us")
REGISTERED_DAY = Aggregate("users", "min", "registered_day")
PLATFORMS = [(Aggregate("user_day", "sum", column, 90), key) for column, key, _ in PLATFORM_COLUMNS]

GENDERS = {"male": Words("男", "Male"), "female": Words("女", "Female")}
PLATFORM_WORDS = {
    "mini_program": Words("小程序", "Mini program"),
    "ios": Words("iOS", "iOS"),
    "android": Words("安卓", "Android"),
    "web": Words("网页", "Web"),
}

FIRST_SEEN_DAY = Aggregate("user_day", "min", "day")
DECLARED = (GENDER, AGE_BAND, PROVINCE, CITY)


def _completeness(_as_of_day: int) -> nw.Expr:
    told = [nw.when(a.value.is_null()).then(nw.lit(0.0)).otherwise(nw.lit(1.0)) for a in DECLARED]
    return (told[0] + told[1] + told[2] + told[3]) / nw.lit(4.0)


def _platforms(_as_of_day: int) -> nw.Expr:
    used = [nw.when(a.count > 0).then(nw.lit(1)).otherwise(nw.lit(0)) for a, _ in PLATFORMS]
    return used[0] + used[1] + used[2] + used[3]


TAGS = (
    Tag(
        "gender", Words("性别", "Gender"),
        Words("最近一次上报的性别", "The gender that was reported last"),
        Dimension.BASIC, "text", (GENDER,), of(GENDER), labels=GENDERS,
    ),
    Tag(
        "age_band", Words("年龄段", "Age band"),
        Words("最近一次上报的年龄段", "The age band that was reported last"),
        Dimension.BASIC, "text", (AGE_BAND,), of(AGE_BAND),
    ),
    Tag(
        "province", Words("省份", "Province"),
        Words("最近一次上报的省份", "The province that was reported last"),
        Dimension.BASIC, "text", (PROVINCE,), of(PROVINCE),
    ),
    Tag(
        "city", Words("城市", "City"),
        Words("最近一次上报的城市", "The city that was reported last"),
        Dimension.BASIC, "text", (CITY,), of(CITY),
    ),
    Tag(
        "acquisition_channel", Words("获客渠道", "Acquisition channel"),
        Words("注册时上报的渠道", "The channel that was reported with the registration"),
        Dimension.BASIC, "text", (CHANNEL,), of(CHANNEL), labels=CHANNEL_WORDS,
    ),
    Tag(
        "registered_days", Words("注册天数", "Days since registration"),
        Words("从最早的注册时间到基准日的天数", "Days from the earliest registration to the as-of day"),
        Dimension.BASIC, "int", (REGISTERED_DAY,), days_since(REGISTERED_DAY),
        unit=Words("天", "days"), bounds=(7, 30, 90, 180, 365),
    ),
    Tag(
        "main_platform", Words("常用平台", "Main platform"),
        Words("近 90 天事件最多的平台", "The platform with most events in the last 90 days"),
        Dimension.BASIC, "text", tuple(a for a, _ in PLATFORMS), largest(PLATFORMS),
        window_days=90, labels=PLATFORM_WORDS,
    ),
    Tag(
        "platforms_used_90d", Words("使用平台数", "Platforms used"),
        Words("近 90 天有事件的不同平台数（小程序、iOS、安卓、网页）", "Platforms (mini program, iOS, Android, web) with events, 90 days"),
        Dimension.BASIC, "int", tuple(a for a, _ in PLATFORMS), _platforms,
        unit=Words("个", "platforms"), window_days=90, bounds=(0, 1, 2),
    ),
    Tag(
        "days_known", Words("首次活跃距今天数", "Days since first seen"),
        Words("从首次事件或订单到基准日的天数", "Days from the first event or order to the as-of day"),
        Dimension.BASIC, "int", (FIRST_SEEN_DAY,), days_since(FIRST_SEEN_DAY),
        unit=Words("天", "days"), bounds=(7, 30, 90, 180, 365),
    ),
    Tag(
        "profile_completeness", Words("资料完整度", "Profile completeness"),
        Words("性别、年龄段、省份、城市中已上报的比例", "Share of gender, age band, province and city that was reported"),
        Dimension.BASIC, "float", DECLARED, _completeness, bounds=(0, 0.25, 0.5, 0.75), share=True,
    ),
)  # fmt: skip
