"""Every built-in metric, declared once: users, activity, retention, acquisition, referral. Sales, private domain and content
stand in `catalogue_sales`."""

from weaktie.data.metrics.catalogue_sales import ACTIVE, NET, SALES_METRICS
from weaktie.data.metrics.contracts import ALL_TIME, Metric, Part
from weaktie.kit.words import Words

INTERACTIONS = (
    "Content Liked", "Content Commented", "Content Shared", "Content Favorited", "Product Shared", "Post Created",
    "Post Liked", "Post Replied",
)  # fmt: skip
KEY_EVENTS = (
    "Product Added", "Checkout Started", "Order Completed", "Content Liked", "Content Commented", "Content Favorited",
    "Product Shared", "Content Shared", "Invite Sent",
)  # fmt: skip
"""What tells that somebody has found the use of the shop: the activation of AARRR."""
RETAINED_WITHIN = 7
NEW = Part("new", Words("周期内首次出现的人", "People first seen in the period"))
KNOWN = Part("known", Words("截至期末出现过的人", "People seen by the end of the period"))
PERSON_DAYS = Part("person_days", Words("每日活跃人数之和", "Active people, summed over days"))
INVITED = Part("events", Words("接受邀请的次数", "Invitations accepted"), ("Invite Accepted",))
INVITATIONS = Part("events", Words("发出邀请的次数", "Invitations sent"), ("Invite Sent",))
ACTIVE_BEFORE = Part(
    "active_before",
    Words("前一个 30 天的活跃用户", "People active in the 30 days before the last 30"),
    window_days=60,
)
LOST = Part(
    "lost", Words("其中最近 30 天没有再来的人", "Those of them not seen in the last 30 days"), window_days=60
)


def _retention(days: int) -> Metric:
    return Metric(
        f"retention_{days}d",
        Words(f"{days} 日留存率", f"{days}-day retention"),
        Words(
            f"周期内首次出现的人中，在第 {days - RETAINED_WITHIN + 1}–{days} 天（首日为第 0 天）至少活跃一次的占比。满 {days} 天后才计算。",
            f"Of the people first seen in the period, the share with any event on days {days - RETAINED_WITHIN + 1}–{days} "
            f"after it (the first day is day 0). Known once {days} days have passed.",
        ),
        "retention", "share",
        Part(
            "new", Words("其中到期仍活跃的人", "Those still active then"), after=(days - RETAINED_WITHIN + 1, days)
        ),
        NEW, mature_days=days,
    )  # fmt: skip


GROWTH_METRICS = (
    Metric(
        "users", Words("用户数（净）", "Users, net"),
        Words(
            "截至期末有过任何行为、注册或订单的人，按用户关联合并，不含已删除、未授权分析和内部人员；手机号、邮箱不单独计数。",
            "People with any event, registration or order by the end of the period, after identity merging, without erased "
            "people, those who do not grant analysis, and own people; a phone or e-mail alone is not counted.",
        ),
        "users", "count", KNOWN,
    ),
    Metric(
        "new_users", Words("新用户数", "New users, gross"),
        Words(
            "首次出现（最早的行为、注册或订单）落在周期内的人。", "People whose first sign (event, registration or order) is in the period."
        ),
        "users", "count", NEW,
    ),
    Metric(
        "high_quality_users", Words("高质量用户数", "High-quality users"),
        Words(
            "按月：当月净消费不低于 ¥500 的买家；按日、周：截至期末 30 天内。仅人民币订单。",
            "By month: buyers who spent at least ¥500 net in it; by day and week: in the 30 days up to the end. CNY orders only.",
        ),
        "users", "count",
        Part("buyers", Words("净消费 ≥ ¥500 的买家", "Buyers with ¥500 or more net"), window_days=30, month=True, least_minor=50_000),
        refunds=Words("扣除退款与取消后的净额", "net of refunds and cancellations"),
    ),
    Metric(
        "high_quality_share", Words("高质量用户占比", "High-quality share"),
        Words(
            "高质量用户数 ÷ 同一窗口内的买家数（当月买家，而非全部用户）。",
            "High-quality users ÷ buyers in the same window (that month's buyers, not all users).",
        ),
        "users", "share",
        Part("buyers", Words("净消费 ≥ ¥500 的买家", "Buyers with ¥500 or more net"), window_days=30, month=True, least_minor=50_000),
        Part("buyers", Words("同期买家", "Buyers of the window"), window_days=30, month=True),
        refunds=Words("扣除退款与取消后的净额", "net of refunds and cancellations"),
    ),
    Metric(
        "new_high_quality_share", Words("新用户高质量占比", "High-quality share of new users"),
        Words(
            "周期内新用户中，首日起 30 天内净消费不低于 ¥500 的占比。满 30 天后才计算。",
            "Of the people first seen in the period, the share who spent ¥500 or more net within 30 days. Known after 30 days.",
        ),
        "users", "share",
        Part("new", Words("其中 30 天内消费 ≥ ¥500 的人", "Those who spent ¥500 or more"), after=(0, 29), bought=True, least_minor=50_000),
        NEW, mature_days=29, refunds=Words("扣除退款与取消后的净额", "net of refunds and cancellations"),
    ),
    Metric(
        "new_user_conversion", Words("新用户转化率", "Conversion of new users"),
        Words(
            "周期内新用户中，首日起 30 天内有成交订单的占比。满 30 天后才计算。",
            "Of the people first seen in the period, the share with an order within 30 days. Known after 30 days.",
        ),
        "users", "share",
        Part("new", Words("其中 30 天内下单的人", "Those who ordered within 30 days"), after=(0, 29), bought=True),
        NEW, mature_days=29, refunds=Words("全额退款与取消的订单不算成交", "orders wholly given back do not count"),
    ),
    Metric(
        "activation_7d", Words("激活率（7 日）", "Activation in 7 days"),
        Words(
            "周期内新用户中，首日起 7 天内做过关键行为（加购、结算、下单、点赞、评论、收藏、分享或邀请）的占比。满 7 天后才计算。",
            "Of the people first seen in the period, the share who added to the cart, checked out, ordered, liked, commented, "
            "saved, shared or invited within 7 days. Known after 7 days.",
        ),
        "users", "share",
        Part("new", Words("其中 7 天内有关键行为的人", "Those who did so"), KEY_EVENTS, after=(0, 6)), NEW, mature_days=6,
    ),
    Metric(
        "active_users", Words("活跃用户", "Active users"),
        Words("周期内有任意行为事件的人。", "People with any event in the period."), "activity", "count", ACTIVE,
    ),
    Metric(
        "dau", Words("日均活跃用户（DAU）", "DAU"),
        Words("周期内每日活跃人数的平均值；按日即当日活跃用户。", "Active people a day, averaged over the days of the period."),
        "activity", "ratio", PERSON_DAYS, Part("days", Words("天数", "Days")),
    ),
    Metric(
        "mau", Words("月活跃用户（MAU）", "MAU"),
        Words("截至期末 30 天内有任意行为的人；按月为当月。", "People with any event in the 30 days up to the end; by month, in it."),
        "activity", "count", Part("people", Words("30 天内活跃的人", "People active in 30 days"), window_days=30, month=True),
    ),
    Metric(
        "dau_registered", Words("日活占注册用户比", "DAU ÷ registered users"),
        Words("每日活跃人数之和 ÷ 每日注册用户数之和。", "Active people summed over days ÷ registered people summed over the same days."),
        "activity", "share", PERSON_DAYS,
        Part("registered_days", Words("每日注册用户数之和", "Registered people, summed over days")),
    ),
    Metric(
        "minutes_a_day", Words("人均每日时长（分钟）", "Minutes a day"),
        Words(
            "活跃的人每天的使用时长：相邻事件的间隔之和，超过 30 分钟的间隔不计。",
            "Time that an active person spends a day: the gaps between their events, gaps above 30 minutes left out.",
        ),
        "activity", "minutes", Part("minutes", Words("使用分钟数", "Minutes of use")), PERSON_DAYS,
    ),
    Metric(
        "interaction_rate", Words("互动率", "Interaction rate"),
        Words(
            "周期内点赞、评论、收藏、分享或发帖的人 ÷ 活跃用户。",
            "People who liked, commented, saved, shared or posted ÷ active people.",
        ),
        "activity", "share", Part("people", Words("互动的人", "People who interacted"), INTERACTIONS), ACTIVE,
        asks=INTERACTIONS,
    ),
    _retention(30),
    _retention(60),
    Metric(
        "churn_30d", Words("30 日流失率", "30-day churn"),
        Words(
            "前一个 30 天活跃、而截至期末的 30 天内没有再来的人的占比。",
            "Of the people active in the 30 days before the last 30, the share not seen in the last 30 up to the end.",
        ),
        "retention", "share", LOST, ACTIVE_BEFORE, up_is_good=False,
    ),
    Metric(
        "lifetime_months", Words("用户生命周期（月）", "Lifetime in months"),
        Words("1 ÷ 30 日流失率：按当前流失速度，用户平均停留的月数。", "1 ÷ 30-day churn: how many months people stay at this rate."),
        "retention", "months", ACTIVE_BEFORE, LOST,
    ),
    Metric(
        "ltv", Words("生命周期价值（LTV）", "LTV"),
        Words(
            "截至期末全部买家的净成交额 ÷ 买家数，为至今已实现的价值，不含预测；按货币分别计算。",
            "Net sales to all buyers up to the end ÷ these buyers: realised so far, nothing predicted; by currency.",
        ),
        "retention", "money",
        Part("money", Words("至今净成交额", "Net sales so far"), window_days=ALL_TIME),
        Part("buyers", Words("至今买家", "Buyers so far"), window_days=ALL_TIME),
        refunds=NET,
    ),
    Metric(
        "cac", Words("获客成本（CAC）", "CAC"),
        Words(
            "周期内导入的获客花费 ÷ 新用户数；没有花费数据时显示“缺少成本”，不为 0。",
            "Acquisition spend of the period ÷ new users; where no spend was imported it says so, and is never 0.",
        ),
        "acquisition", "money", Part("costs", Words("获客花费", "Acquisition spend")), NEW, up_is_good=False,
    ),
    Metric(
        "marketing_ratio", Words("营销费用率", "Marketing expense ratio"),
        Words("周期内营销花费 ÷ 净成交额（同一货币）。", "Marketing spend ÷ net sales, in the same currency."),
        "acquisition", "share", Part("costs", Words("营销花费", "Marketing spend")),
        Part("money", Words("净成交额", "Net sales")), up_is_good=False, refunds=NET,
    ),
    Metric(
        "referral_participation", Words("裂变参与率", "Referral participation"),
        Words("周期内发出邀请的人 ÷ 活跃用户。", "People who sent an invitation ÷ active people."),
        "referral", "share", Part("people", Words("发出邀请的人", "People who invited"), ("Invite Sent",)), ACTIVE,
        asks=("Invite Sent",),
    ),
    Metric(
        "referral_conversion", Words("裂变转化率", "Referral conversion"),
        Words("周期内接受的邀请 ÷ 发出的邀请。", "Invitations accepted ÷ invitations sent in the period."),
        "referral", "share", INVITED, INVITATIONS, asks=("Invite Sent",),
    ),
    Metric(
        "invitations_per_active", Words("人均邀请数", "Invitations an active person"),
        Words("周期内发出的邀请 ÷ 活跃用户。", "Invitations sent ÷ active people."),
        "referral", "ratio", INVITATIONS, ACTIVE, asks=("Invite Sent",),
    ),
    Metric(
        "k_factor", Words("K 因子", "K-factor"),
        Words(
            "活跃用户人均发出的邀请 × 邀请转化率，即接受的邀请 ÷ 活跃用户：一个活跃用户在周期内带来多少新用户。",
            "Invitations an active person × conversion, that is accepted invitations ÷ active people: how many one brings.",
        ),
        "referral", "ratio", INVITED, ACTIVE, asks=("Invite Accepted", "Invite Sent"),
    ),
    Metric(
        "referred_repurchase_30d", Words("裂变用户 30 日复购率", "Repurchase of referred users in 30 days"),
        Words(
            "受邀（接受过邀请）且首单落在周期内的买家中，首单后 30 天内再次下单的占比。满 30 天后才计算。",
            "Of invited buyers whose first order is in the period, the share who ordered again within 30 days. Known after 30 days.",
        ),
        "referral", "share",
        Part("referred_buyers", Words("其中 30 天内复购的人", "Those who ordered again"), after=(0, 30)),
        Part("referred_buyers", Words("首单落在周期内的受邀买家", "Invited buyers with a first order in the period")),
        mature_days=30, asks=("Invite Accepted",), refunds=Words("全额退款与取消的订单不算", "orders wholly given back do not count"),
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {m.key: m for m in (*GROWTH_METRICS, *SALES_METRICS)}
assert len(METRICS) == len(GROWTH_METRICS) + len(SALES_METRICS), "two metrics have the same key"
