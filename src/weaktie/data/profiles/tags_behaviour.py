"""行为偏好: what somebody does and likes, from `user_day`."""

import narwhals as nw

from weaktie.data.profiles.tables import DAY_PARTS
from weaktie.data.profiles.tags import (
    Aggregate,
    Dimension,
    Tag,
    counted,
    days_since,
    largest,
    of,
    ratio,
    within,
)
from weaktie.kit.words import Words

ACTIVE_DAYS_30 = Aggregate("user_day", "days", "day", 30)
FIRST_DAY = Aggregate("user_day", "min", "day")
LAST_DAY = Aggregate("user_day", "max", "day")
SESSIONS_30 = Aggregate("user_day", "sum", "sessions", 30)
VIEWS_30 = Aggregate("user_day", "sum", "content_views", 30)
CLICKS_30 = Aggregate("user_day", "sum", "content_clicks", 30)
SEARCHES_30 = Aggregate("user_day", "sum", "searches", 30)
PRODUCT_VIEWS_30 = Aggregate("user_day", "sum", "product_views", 30)
ADDS_30 = Aggregate("user_day", "sum", "adds", 30)
OPENS_30 = Aggregate("user_day", "sum", "app_opens", 30)
PARTS = [(Aggregate("user_day", "sum", name, 90), name.removesuffix("_events")) for name, _, _ in DAY_PARTS]
CATEGORY = Aggregate("interests", "one", "category")
BREADTH = Aggregate("interests", "max", "breadth")
MET_TOP = Aggregate("interests", "max", "met_top")
MET_ALL = Aggregate("interests", "max", "met_all")
EVENTS_15 = Aggregate("user_day", "sum", "events", 15)
EVENTS_30 = Aggregate("user_day", "sum", "events", 30)
EVENTS_90 = Aggregate("user_day", "sum", "events", 90)
WEEKEND_90 = Aggregate("user_day", "sum", "weekend_events", 90)
NIGHT_90 = Aggregate("user_day", "sum", "night_events", 90)
CHECKOUTS_30 = Aggregate("user_day", "sum", "checkouts", 30)
FAVOURITES_90 = Aggregate("user_day", "sum", "favourites", 90)
MESSAGES_30 = Aggregate("user_day", "sum", "message_opens", 30)

PART_WORDS = {
    "morning": Words("早上（5–11 点）", "Morning (5–11)"),
    "noon": Words("中午（11–14 点）", "Noon (11–14)"),
    "afternoon": Words("下午（14–18 点）", "Afternoon (14–18)"),
    "evening": Words("晚上（18–23 点）", "Evening (18–23)"),
    "night": Words("深夜（23–5 点）", "Night (23–5)"),
}
STAGES = {
    "new": Words("新增", "New"),
    "retained": Words("留存", "Retained"),
    "dormant": Words("沉默", "Dormant"),
    "lost": Words("流失", "Lost"),
}
TRENDS = {
    "rising": Words("上升", "Rising"),
    "steady": Words("平稳", "Steady"),
    "falling": Words("下降", "Falling"),
}
TIMES = Words("次", "times")
DAYS = Words("天", "days")


def _stage(as_of_day: int) -> nw.Expr:
    since = nw.lit(as_of_day) - LAST_DAY.value
    return (
        nw.when(LAST_DAY.value.is_null()).then(nw.lit(None, nw.String))
        .when(since >= 60).then(nw.lit("lost"))
        .when(since >= 30).then(nw.lit("dormant"))
        .when(nw.lit(as_of_day) - FIRST_DAY.value < 30).then(nw.lit("new"))
        .otherwise(nw.lit("retained"))
    )  # fmt: skip


def _trend(_as_of_day: int) -> nw.Expr:
    now, before = EVENTS_15.count, EVENTS_30.count - EVENTS_15.count
    return (
        nw.when(EVENTS_30.count == 0).then(nw.lit(None, nw.String))
        .when(now * 2 > before * 3).then(nw.lit("rising"))
        .when(now * 3 < before * 2).then(nw.lit("falling"))
        .otherwise(nw.lit("steady"))
    )  # fmt: skip


def _abandoned(_as_of_day: int) -> nw.Expr:
    left = nw.max_horizontal(ADDS_30.count - CHECKOUTS_30.count, nw.lit(0)).cast(nw.Float64)
    return nw.when(ADDS_30.count > 0).then(left / ADDS_30.count.cast(nw.Float64))


def _content_share(_as_of_day: int) -> nw.Expr:
    seen = CLICKS_30.count + PRODUCT_VIEWS_30.count
    return nw.when(seen >= 5).then(CLICKS_30.count.cast(nw.Float64) / seen.cast(nw.Float64))


TAGS = (
    Tag(
        "active_days_30d", Words("近 30 天活跃天数", "Active days, 30 days"),
        Words("近 30 天内有事件或订单的天数", "Days with an event or an order in the last 30 days"),
        Dimension.BEHAVIOUR, "int", (ACTIVE_DAYS_30,), counted(ACTIVE_DAYS_30),
        unit=DAYS, window_days=30, bounds=(0, 1, 3, 7, 15),
    ),
    Tag(
        "days_since_active", Words("距最近活跃天数", "Days since active"),
        Words("从最近一次事件或订单到基准日的天数", "Days from the latest event or order to the as-of day"),
        Dimension.BEHAVIOUR, "int", (LAST_DAY,), days_since(LAST_DAY), unit=DAYS, bounds=(0, 3, 7, 15, 30, 60),
    ),
    Tag(
        "lifecycle_stage", Words("生命周期阶段", "Lifecycle stage"),
        Words(
            "首次活跃不足 30 天为新增；30 天内活跃为留存；30–59 天未活跃为沉默；60 天及以上为流失",
            "New: first active under 30 days ago; retained: active within 30 days; dormant: 30–59 days; lost: 60 or more",
        ),
        Dimension.BEHAVIOUR, "text", (FIRST_DAY, LAST_DAY), _stage, labels=STAGES,
    ),
    Tag(
        "sessions_30d", Words("近 30 天会话数", "Sessions, 30 days"),
        Words("近 30 天会话数，跨天的会话每天计一次", "Sessions in the last 30 days; one over midnight counts each day"),
        Dimension.BEHAVIOUR, "int", (SESSIONS_30,), counted(SESSIONS_30),
        unit=TIMES, window_days=30, bounds=(0, 2, 5, 10, 30),
    ),
    Tag(
        "content_views_30d", Words("近 30 天浏览内容数", "Contents seen, 30 days"),
        Words("近 30 天内容曝光浏览次数", "Times contents were seen in the last 30 days"),
        Dimension.BEHAVIOUR, "int", (VIEWS_30,), counted(VIEWS_30),
        unit=TIMES, window_days=30, bounds=(0, 10, 50, 200),
    ),
    Tag(
        "content_ctr_30d", Words("近 30 天内容点击率", "Content CTR, 30 days"),
        Words("内容点击次数 ÷ 内容浏览次数，浏览不足 5 次不计算", "Content clicks ÷ contents seen; unknown under 5 seen"),
        Dimension.BEHAVIOUR, "float", (CLICKS_30, VIEWS_30), ratio(CLICKS_30, VIEWS_30, least=5),
        window_days=30, bounds=(0.02, 0.05, 0.1, 0.2), share=True,
    ),
    Tag(
        "searches_30d", Words("近 30 天搜索次数", "Searches, 30 days"),
        Words("近 30 天商品搜索次数", "Searches for goods in the last 30 days"),
        Dimension.BEHAVIOUR, "int", (SEARCHES_30,), counted(SEARCHES_30),
        unit=TIMES, window_days=30, bounds=(0, 2, 5, 10),
    ),
    Tag(
        "product_views_30d", Words("近 30 天浏览商品数", "Goods seen, 30 days"),
        Words("近 30 天商品详情浏览次数", "Times goods were opened in the last 30 days"),
        Dimension.BEHAVIOUR, "int", (PRODUCT_VIEWS_30,), counted(PRODUCT_VIEWS_30),
        unit=TIMES, window_days=30, bounds=(0, 5, 20, 50),
    ),
    Tag(
        "cart_rate_30d", Words("近 30 天加购率", "Cart rate, 30 days"),
        Words("加购次数 ÷ 商品浏览次数，浏览不足 5 次不计算", "Additions to the cart ÷ goods opened; unknown under 5"),
        Dimension.BEHAVIOUR, "float", (ADDS_30, PRODUCT_VIEWS_30), ratio(ADDS_30, PRODUCT_VIEWS_30, least=5),
        window_days=30, bounds=(0.05, 0.1, 0.2, 0.4), share=True,
    ),
    Tag(
        "app_opens_30d", Words("近 30 天打开次数", "App opens, 30 days"),
        Words("近 30 天打开应用或小程序的次数", "Times the app or mini program was opened in the last 30 days"),
        Dimension.BEHAVIOUR, "int", (OPENS_30,), counted(OPENS_30),
        unit=TIMES, window_days=30, bounds=(0, 2, 5, 10, 30),
    ),
    Tag(
        "favourite_daypart", Words("活跃时段", "Favourite time of day"),
        Words("近 90 天事件最多的时段（工作区时区）", "Part of the day with most events in the last 90 days, workspace zone"),
        Dimension.BEHAVIOUR, "text", tuple(a for a, _ in PARTS), largest(PARTS), window_days=90, labels=PART_WORDS,
    ),
    Tag(
        "favourite_category", Words("偏好类目", "Favourite category"),
        Words("近 90 天每日互动最多的类目中累计最多的一个", "The category met most, summed over each day's top category, 90 days"),
        Dimension.BEHAVIOUR, "text", (CATEGORY,), of(CATEGORY), window_days=90,
    ),
    Tag(
        "category_breadth_90d", Words("兴趣类目数", "Breadth of categories"),
        Words("近 90 天每日互动最多的类目中不同的类目数", "Different categories among each day's top category, 90 days"),
        Dimension.BEHAVIOUR, "int", (BREADTH,), counted(BREADTH),
        unit=Words("类", "categories"), window_days=90, bounds=(0, 1, 3, 6),
    ),
    Tag(
        "category_focus_90d", Words("类目集中度", "Focus on one category"),
        Words("偏好类目的互动 ÷ 全部类目互动（均按每日首位类目），近 90 天", "The favourite ÷ all of each day's top categories, 90 days"),
        Dimension.BEHAVIOUR, "float", (MET_TOP, MET_ALL), ratio(MET_TOP, MET_ALL),
        window_days=90, bounds=(0.25, 0.5, 0.75), share=True,
    ),
    Tag(
        "events_per_active_day_30d", Words("每活跃日事件数", "Events per active day"),
        Words("近 30 天事件数 ÷ 活跃天数", "Events ÷ active days, 30 days"),
        Dimension.BEHAVIOUR, "float", (EVENTS_30, ACTIVE_DAYS_30), ratio(EVENTS_30, ACTIVE_DAYS_30),
        unit=TIMES, window_days=30, bounds=(2, 5, 10, 30),
    ),
    Tag(
        "search_intensity_30d", Words("搜索意图强度", "Search intensity"),
        Words("近 30 天搜索次数 ÷ 会话数", "Searches ÷ sessions, 30 days"),
        Dimension.BEHAVIOUR, "float", (SEARCHES_30, SESSIONS_30), ratio(SEARCHES_30, SESSIONS_30),
        window_days=30, bounds=(0, 0.25, 0.5, 1),
    ),
    Tag(
        "cart_abandonment_30d", Words("加购未结算比例", "Cart abandonment"),
        Words("（加购次数 − 提交订单次数）÷ 加购次数，不小于 0；没有加购不计算", "(Additions − check-outs) ÷ additions, at least 0"),
        Dimension.BEHAVIOUR, "float", (ADDS_30, CHECKOUTS_30), _abandoned,
        window_days=30, bounds=(0, 0.25, 0.5, 0.75), share=True,
    ),
    Tag(
        "content_preference_30d", Words("内容偏好度", "Preference for contents"),
        Words("内容点击 ÷（内容点击 + 商品浏览），合计不足 5 次不计算", "Content clicks ÷ (clicks + goods opened); unknown under 5"),
        Dimension.BEHAVIOUR, "float", (CLICKS_30, PRODUCT_VIEWS_30), _content_share,
        window_days=30, bounds=(0.2, 0.4, 0.6, 0.8), share=True,
    ),
    Tag(
        "night_share_90d", Words("深夜活跃占比", "Share at night"),
        Words("近 90 天 23–5 点的事件 ÷ 全部事件（工作区时区）", "Events from 23:00 to 5:00 ÷ all events, 90 days, workspace zone"),
        Dimension.BEHAVIOUR, "float", (NIGHT_90, EVENTS_90), ratio(NIGHT_90, EVENTS_90),
        window_days=90, bounds=(0, 0.1, 0.3, 0.6), share=True,
    ),
    Tag(
        "weekend_share_90d", Words("周末活跃占比", "Share at weekends"),
        Words("近 90 天周六、周日的事件 ÷ 全部事件", "Events on Saturdays and Sundays ÷ all events, 90 days"),
        Dimension.BEHAVIOUR, "float", (WEEKEND_90, EVENTS_90), within(WEEKEND_90, EVENTS_90),
        window_days=90, bounds=(0, 0.2, 0.4, 0.7), share=True,
    ),
    Tag(
        "activity_trend_30d", Words("活跃趋势", "Trend of activity"),
        Words("近 15 天事件数与之前 15 天相比：超过 1.5 倍为上升，不足 2/3 为下降，其余平稳",
              "Events of the last 15 days against the 15 before: over 1.5 times rising, under two thirds falling, else steady"),
        Dimension.BEHAVIOUR, "text", (EVENTS_15, EVENTS_30), _trend, window_days=30, labels=TRENDS,
    ),
    Tag(
        "favourites_90d", Words("收藏次数", "Things saved"),
        Words("近 90 天收藏内容或加入心愿单的次数", "Times contents were saved or goods put on the wish list, 90 days"),
        Dimension.BEHAVIOUR, "int", (FAVOURITES_90,), counted(FAVOURITES_90),
        unit=TIMES, window_days=90, bounds=(0, 1, 3, 10),
    ),
    Tag(
        "message_opens_30d", Words("打开消息次数", "Messages opened"),
        Words("近 30 天打开消息或点击推送的次数", "Messages opened and pushes clicked in the last 30 days"),
        Dimension.BEHAVIOUR, "int", (MESSAGES_30,), counted(MESSAGES_30),
        unit=TIMES, window_days=30, bounds=(0, 1, 3, 10),
    ),
)  # fmt: skip
