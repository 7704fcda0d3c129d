"""基础属性: who somebody is, from the attributes that sources declare."""

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
)  # fmt: skip
