"""Metrics of sales, the private domain, content and satisfaction."""

from weaktie.data.behaviour.contracts import Condition
from weaktie.data.metrics.contracts import Metric, Part
from weaktie.kit.words import Words

NET = Words("扣除退款，取消单为 0", "net of refunds, cancelled orders are 0")
WHOLE = Words("全额退款与取消的订单不计", "orders wholly given back or cancelled do not count")
ACTIVE = Part("people", Words("活跃用户", "Active people"))
BUYERS = Part("buyers", Words("买家", "Buyers"))
ORDERS = Part("orders", Words("成交订单", "Orders"))
MONEY = Part("money", Words("净成交额", "Net sales"))
CONTENT_DAYS = 7
_COMMUNITY = ("Post Created", "Post Replied", "Post Liked", "Topic Joined")
_COMMUNITY_SEEN = ("Community Viewed", "Post Viewed", *_COMMUNITY)
_NPS = ("NPS Answered",)
MEMBERS = Part("members", Words("期末私域成员", "Members of the private domain at the end"))
PRIVATE_MONEY = Part("money", Words("私域净成交额", "Net sales in the private domain"), domain="private")
PRIVATE_ORDERS = Part("orders", Words("私域成交订单", "Orders in the private domain"), domain="private")


def _repurchase(key: str, zh: str, en: str, domain: str) -> Metric:
    inside = "私域" if domain else ""
    inside_en = "private-domain " if domain else ""
    private = "private" if domain else ""
    return Metric(
        key, Words(zh, en),
        Words(
            f"截至期末 90 天内的{inside}买家中，有 2 笔及以上成交订单的占比。",
            f"Of the {inside_en}buyers in the 90 days up to the end, the share with two orders or more.",
        ),
        "private" if domain else "sales", "share",
        Part("buyers", Words(f"{inside}复购买家", f"Repeat {inside_en}buyers"), window_days=90, least=2, domain=private),  # type: ignore[arg-type]
        Part("buyers", Words(f"90 天内{inside}买家", f"{inside_en}buyers in 90 days"), window_days=90, domain=private),  # type: ignore[arg-type]
        refunds=WHOLE,
    )  # fmt: skip


PRIVATE_ARPU = Metric(
    "private_arpu", Words("私域 ARPU", "Private-domain ARPU"),
    Words("私域净成交额 ÷ 期末私域成员。", "Private-domain sales ÷ members at the end."), "private", "money", PRIVATE_MONEY, MEMBERS,
    refunds=NET,
)  # fmt: skip
PUBLIC_ARPU = Metric(
    "public_arpu", Words("公域 ARPU", "Public-domain ARPU"),
    Words("公域净成交额 ÷ 周期内不在私域的活跃用户。", "Public-domain sales ÷ active people outside."), "private", "money",
    Part("money", Words("公域净成交额", "Net sales outside"), domain="public"),
    Part("people", Words("公域活跃用户", "Active people outside"), domain="public"), refunds=NET,
)  # fmt: skip

SALES_METRICS = (
    Metric(
        "gmv", Words("净成交额", "Net sales"),
        Words(
            "付款日在周期内的订单实付金额减退款之和，取消单为 0；含买家未知的订单，不含爬虫与测试订单；按货币分别汇总，不作换算。",
            "Amounts paid minus refunds of orders paid in the period, cancelled ones 0; orders of unknown buyers included, "
            "crawlers' and test orders not; by currency, without conversion.",
        ),
        "sales", "money", MONEY, refunds=NET,
    ),
    Metric(
        "gmv_gross", Words("GMV（成交总额）", "GMV, gross"),
        Words("付款日在周期内的订单实付金额，不扣退款。", "Amounts paid for orders of the period, refunds not deducted."),
        "sales", "money", Part("money", Words("实付金额", "Amounts paid"), amount="gross"),
        refunds=Words("不扣除", "not deducted"),
    ),
    Metric(
        "orders", Words("订单数", "Orders"),
        Words(
            "付款日在周期内的不同订单号，含已取消与已退款的订单；同一订单取最新版本。",
            "Distinct order numbers paid in the period, cancelled and refunded ones included; the latest version counts.",
        ),
        "sales", "count", Part("orders", Words("全部订单", "All orders"), which="all"),
        refunds=Words("含已退款与取消的订单", "refunded and cancelled orders included"),
    ),
    Metric(
        "counted_orders", Words("成交订单数", "Completed orders"),
        Words("付款日在周期内、未取消且未全额退款的订单。", "Orders of the period that are neither cancelled nor wholly given back."),
        "sales", "count", ORDERS, refunds=WHOLE,
    ),
    Metric(
        "buyers", Words("买家数", "Buyers"),
        Words("周期内有成交订单的人。", "People with an order in the period."), "sales", "count", BUYERS, refunds=WHOLE,
    ),
    Metric(
        "aov", Words("客单价", "AOV"),
        Words("净成交额 ÷ 成交订单数；按货币分别计算。", "Net sales ÷ completed orders, by currency."), "sales", "money", MONEY, ORDERS,
        refunds=NET,
    ),
    Metric(
        "arpu", Words("ARPU", "ARPU"),
        Words("净成交额 ÷ 活跃用户；按货币分别计算。", "Net sales ÷ active people, by currency."), "sales", "money", MONEY, ACTIVE,
        refunds=NET,
    ),
    Metric(
        "arppu", Words("ARPPU", "ARPPU"),
        Words("净成交额 ÷ 买家数；按货币分别计算。", "Net sales ÷ buyers, by currency."), "sales", "money", MONEY, BUYERS,
        refunds=NET,
    ),
    _repurchase("repurchase_rate", "复购率", "Repurchase rate", ""),
    Metric(
        "cvr", Words("转化率（CVR）", "CVR"),
        Words("周期内买家 ÷ 浏览过商品的人。", "Buyers ÷ people who viewed a product in the period."), "sales", "share", BUYERS,
        Part("people", Words("浏览商品的人", "People who viewed a product"), ("Product Viewed",)),
        asks=("Product Viewed",), refunds=WHOLE,
    ),
    Metric(
        "refund_rate", Words("退款率", "Refund rate"),
        Words(
            "付款日在周期内的订单中，已退款（含部分）或取消的占比；之后退款仍计入付款日。",
            "Of the orders paid in the period, the share refunded (in part too) or cancelled since.",
        ),
        "sales", "share", Part("orders", Words("退款或取消的订单", "Refunded or cancelled orders"), which="undone"),
        Part("orders", Words("全部订单", "All orders"), which="all"), up_is_good=False,
        refunds=Words("分子即退款与取消", "they are the numerator"),
    ),
    Metric(
        "cross_border_share", Words("跨境交易占比", "Cross-border share"),
        Words("跨境订单净成交额 ÷ 全部净成交额。", "Net sales across borders ÷ all net sales."), "sales", "share", MONEY, MONEY,
        refunds=NET, lacks=Words("订单中没有国家或地区，无法判断跨境。", "Orders carry no country, so none can be called cross-border."),
    ),
    Metric(
        "private_activity", Words("私域活跃率", "Private-domain activity"),
        Words("期末私域成员中，周期内有任意行为的占比。", "Of the members at the end of the period, the share with any event in it."),
        "private", "share", Part("member_people", Words("活跃的成员", "Active members")), MEMBERS,
    ),
    Metric(
        "private_order_rate", Words("私域下单率", "Private-domain order rate"),
        Words("周期内在私域下单的买家 ÷ 期末私域成员。", "Buyers inside the private domain ÷ members at the end."),
        "private", "share", Part("buyers", Words("私域买家", "Buyers inside"), domain="private"), MEMBERS, refunds=WHOLE,
    ),
    Metric(
        "private_gmv", Words("私域净成交额", "Private-domain sales"),
        Words("付款时买家在任一自有渠道内的订单的净成交额。", "Net sales of orders whose buyer was inside an owned channel when paying."),
        "private", "money", PRIVATE_MONEY, refunds=NET,
    ),
    Metric(
        "public_gmv", Words("公域净成交额", "Public-domain sales"),
        Words("其余订单（含买家未知）的净成交额。", "Net sales of all other orders, those of unknown buyers included."),
        "private", "money", Part("money", Words("公域净成交额", "Net sales outside"), domain="public"), refunds=NET,
    ),
    Metric(
        "private_share_of_gmv", Words("私域成交占比", "Private share of sales"),
        Words("私域净成交额 ÷ 全部净成交额（同一货币）。", "Private-domain sales ÷ all net sales, in the same currency."),
        "private", "share", PRIVATE_MONEY, MONEY, refunds=NET,
    ),
    Metric(
        "private_aov", Words("私域客单价", "Private-domain AOV"),
        Words("私域净成交额 ÷ 私域成交订单数。", "Private-domain sales ÷ orders inside."), "private", "money", PRIVATE_MONEY,
        PRIVATE_ORDERS, refunds=NET,
    ),
    _repurchase("private_repurchase", "私域复购率", "Private-domain repurchase", "private"),
    PRIVATE_ARPU,
    PUBLIC_ARPU,
    Metric(
        "private_arpu_ratio", Words("私域与公域 ARPU 之比", "Private ÷ public ARPU"),
        Words("私域 ARPU ÷ 公域 ARPU（同一货币）。", "Private-domain ARPU ÷ public-domain ARPU, in the same currency."), "private", "ratio",
        PRIVATE_MONEY, MEMBERS, formula=(PRIVATE_ARPU, PUBLIC_ARPU), refunds=NET,
    ),
    Metric(
        "community_interaction", Words("社群互动率", "Community interaction"),
        Words(
            "周期内在社群发帖、回复、点赞或加入话题的人 ÷ 到访社群的人。",
            "People who posted, replied, liked or joined a topic ÷ people who came to the community.",
        ),
        "content", "share", Part("people", Words("社群互动的人", "People who took part"), _COMMUNITY),
        Part("people", Words("到访社群的人", "People who came"), _COMMUNITY_SEEN), asks=_COMMUNITY_SEEN,
    ),
    Metric(
        "ctr", Words("点击率（CTR）", "CTR"),
        Words("内容点击次数 ÷ 内容曝光次数。", "Content clicks ÷ content exposures."), "content", "share",
        Part("events", Words("内容点击", "Content clicks"), ("Content Clicked",)),
        Part("events", Words("内容曝光", "Content exposures"), ("Content Viewed",)),
        asks=("Content Viewed", "Content Clicked"),
    ),
    Metric(
        "content_opened", Words("内容打开数", "Content opened"),
        Words("周期内内容被点开的次数。", "How often content was opened in the period."), "content", "count",
        Part("events", Words("内容点击", "Content clicks"), ("Content Clicked",)), asks=("Content Clicked",),
    ),
    Metric(
        "content_share_of_gmv", Words("内容成交占比", "Content share of sales"),
        Words(
            f"买家在付款当日或此前 {CONTENT_DAYS - 1} 天内点开过内容的订单的净成交额 ÷ 全部净成交额（同一货币）。",
            f"Net sales of orders whose buyer opened content on the day or the {CONTENT_DAYS - 1} days before ÷ all, by currency.",
        ),
        "content", "share", Part("money", Words("点开内容后的净成交额", "Net sales after content"), which="content"), MONEY,
        asks=("Content Clicked",), refunds=NET,
    ),
    Metric(
        "recommendation_ctr", Words("推荐点击率", "Recommendation CTR"),
        Words("推荐点击次数 ÷ 推荐曝光次数。", "Clicks on recommendations ÷ their exposures."), "content", "share",
        Part("events", Words("推荐点击", "Recommendation clicks"), ("Recommendation Clicked",)),
        Part("events", Words("推荐曝光", "Recommendation exposures"), ("Recommendation Viewed",)),
        asks=("Recommendation Viewed",),
    ),
    Metric(
        "recommendation_conversion", Words("推荐转化率", "Recommendation conversion"),
        Words(
            "由推荐带来的成交次数 ÷ 推荐点击次数。",
            "Orders that a recommendation led to ÷ clicks on recommendations.",
        ), "content", "share",
        Part("events", Words("推荐成交", "Recommendation orders"), ("Recommendation Ordered",)),
        Part("events", Words("推荐点击", "Recommendation clicks"), ("Recommendation Clicked",)),
        asks=("Recommendation Ordered", "Recommendation Clicked"), refunds=Words("不扣除", "not deducted"),
    ),
    Metric(
        "nps", Words("净推荐值（NPS）", "NPS"),
        Words(
            "（9–10 分的回答 − 0–6 分的回答）÷ 全部有效回答 × 100；事件 NPS Answered，属性 score。",
            "(Answers of 9–10 minus answers of 0–6) ÷ all valid answers × 100; event NPS Answered, property score.",
        ),
        "satisfaction", "score",
        Part("score", Words("推荐者减贬损者", "Promoters minus detractors"), _NPS, (Condition("score", "set"),), prop="score"),
        Part("events", Words("有效回答", "Valid answers"), _NPS, (Condition("score", "set"),)), asks=_NPS,
    ),
)  # fmt: skip
