"""社交关系: ties, sharing and invitations, from relations, `user_day` and the orders that somebody brought."""

import narwhals as nw

from weaktie.data.profiles.tags import Aggregate, Dimension, Tag, counted, days_since
from weaktie.kit.words import Words

FRIENDS = Aggregate("relations", "sum", "is_friend")
FOLLOWING = Aggregate("relations", "sum", "is_following")
FOLLOWERS = Aggregate("relations", "sum", "is_follower")
INVITEES = Aggregate("relations", "sum", "is_invitee")
INVITED = Aggregate("relations", "max", "is_invited")
SHARES_30 = Aggregate("user_day", "sum", "shares", 30)
LIKES_30 = Aggregate("user_day", "sum", "likes", 30)
COMMENTS_30 = Aggregate("user_day", "sum", "comments", 30)
INVITES_90 = Aggregate("user_day", "sum", "invites_sent", 90)
BROUGHT = Aggregate("brought", "sum", "counted")
BUYERS_BROUGHT = Aggregate("brought", "days", "counted_buyer")
FRIENDS_BOUGHT = Aggregate("relations", "sum", "is_friend_bought")
INVITEES_BOUGHT = Aggregate("relations", "sum", "is_invitee_bought")
SHARE_DAY = Aggregate("user_day", "max", "share_day")
CLICKS_30 = Aggregate("user_day", "sum", "content_clicks", 30)
PRODUCT_VIEWS_30 = Aggregate("user_day", "sum", "product_views", 30)

PEOPLE = Words("人", "people")
TIMES = Words("次", "times")


def _share_rate(_as_of_day: int) -> nw.Expr:
    seen = CLICKS_30.count + PRODUCT_VIEWS_30.count
    return nw.when(seen >= 5).then(SHARES_30.count.cast(nw.Float64) / seen.cast(nw.Float64))


TAGS = (
    Tag(
        "friends", Words("好友数", "Friends"),
        Words("不同的好友人数（任一方向）", "Distinct friends, in either direction"),
        Dimension.SOCIAL, "int", (FRIENDS,), counted(FRIENDS), unit=PEOPLE, bounds=(0, 5, 20, 100, 500),
    ),
    Tag(
        "following", Words("关注数", "Following"),
        Words("关注的不同人数", "Distinct people whom the person follows"),
        Dimension.SOCIAL, "int", (FOLLOWING,), counted(FOLLOWING), unit=PEOPLE, bounds=(0, 5, 20, 100),
    ),
    Tag(
        "followers", Words("粉丝数", "Followers"),
        Words("关注该用户的不同人数", "Distinct people who follow the person"),
        Dimension.SOCIAL, "int", (FOLLOWERS,), counted(FOLLOWERS), unit=PEOPLE, bounds=(0, 5, 20, 100, 1000),
    ),
    Tag(
        "shares_30d", Words("近 30 天分享次数", "Shares, 30 days"),
        Words("近 30 天分享商品或内容的次数", "Times goods or contents were shared in the last 30 days"),
        Dimension.SOCIAL, "int", (SHARES_30,), counted(SHARES_30), unit=TIMES, window_days=30, bounds=(0, 1, 3, 10),
    ),
    Tag(
        "interactions_30d", Words("近 30 天互动次数", "Interactions, 30 days"),
        Words("近 30 天点赞与评论次数之和", "Likes and comments in the last 30 days"),
        Dimension.SOCIAL, "int", (LIKES_30, COMMENTS_30), lambda _day: LIKES_30.count + COMMENTS_30.count,
        unit=TIMES, window_days=30, bounds=(0, 2, 5, 20),
    ),
    Tag(
        "invites_sent_90d", Words("近 90 天发出邀请数", "Invitations sent, 90 days"),
        Words("近 90 天发出邀请的次数", "Invitations sent in the last 90 days"),
        Dimension.SOCIAL, "int", (INVITES_90,), counted(INVITES_90), unit=TIMES, window_days=90, bounds=(0, 1, 3, 10),
    ),
    Tag(
        "invitees", Words("邀请人数", "People invited"),
        Words("与该用户有“被其直接邀请”关系的不同人数", "Distinct people whom the person invited, by the invitations that name both"),
        Dimension.SOCIAL, "int", (INVITEES,), counted(INVITEES), unit=PEOPLE, bounds=(0, 1, 3, 10),
    ),
    Tag(
        "was_invited", Words("由好友邀请而来", "Came by invitation"),
        Words("是否有人直接邀请了该用户", "Whether somebody invited the person"),
        Dimension.SOCIAL, "bool", (INVITED,), lambda _day: INVITED.count > nw.lit(0),
    ),
    Tag(
        "orders_brought", Words("带来的订单数", "Orders brought"),
        Words("由该用户分享或推荐、他人完成的成交订单数", "Orders of others that name the person as referrer"),
        Dimension.SOCIAL, "int", (BROUGHT,), counted(BROUGHT), unit=Words("单", "orders"), bounds=(0, 1, 3, 10),
    ),
    Tag(
        "buyers_brought", Words("带来的买家数", "Buyers brought"),
        Words("由该用户分享或推荐而成交的不同买家数", "Different buyers whose orders name the person as referrer"),
        Dimension.SOCIAL, "int", (BUYERS_BROUGHT,), counted(BUYERS_BROUGHT), unit=PEOPLE, bounds=(0, 1, 3, 10),
    ),
    Tag(
        "invitees_ordered", Words("已下单的受邀好友数", "Invited people who ordered"),
        Words("被该用户邀请、且有成交订单的不同人数", "Distinct people whom the person invited and who have an order that counts"),
        Dimension.SOCIAL, "int", (INVITEES_BOUGHT,), counted(INVITEES_BOUGHT), unit=PEOPLE, bounds=(0, 1, 3, 10),
    ),
    Tag(
        "friends_ordered", Words("已下单的好友数", "Friends who ordered"),
        Words("有成交订单的不同好友人数", "Distinct friends who have an order that counts"),
        Dimension.SOCIAL, "int", (FRIENDS_BOUGHT,), counted(FRIENDS_BOUGHT), unit=PEOPLE, bounds=(0, 1, 5, 20),
    ),
    Tag(
        "days_since_share", Words("距最近分享天数", "Days since last share"),
        Words("从最近一次分享到基准日的天数", "Days from the last share to the as-of day"),
        Dimension.SOCIAL, "int", (SHARE_DAY,), days_since(SHARE_DAY), unit=Words("天", "days"), bounds=(7, 15, 30, 60, 90),
    ),
    Tag(
        "share_rate_30d", Words("分享率", "Share rate"),
        Words("分享次数 ÷（内容点击 + 商品浏览），合计不足 5 次不计算", "Shares ÷ (content clicks + goods opened); unknown under 5"),
        Dimension.SOCIAL, "float", (SHARES_30, CLICKS_30, PRODUCT_VIEWS_30), _share_rate,
        window_days=30, bounds=(0, 0.02, 0.05, 0.1), share=True,
    ),
)  # fmt: skip
