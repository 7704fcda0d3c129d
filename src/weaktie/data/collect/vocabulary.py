"""Names of events: Segment's e-commerce words, the social ones beside them, and what 神策's preset events are called here."""

from functools import lru_cache
from typing import Final, Literal

from weaktie.kit.words import Words

OrderStatus = Literal["paid", "refunded", "cancelled"]

IDENTIFIED: Final = "User Identified"
PROFILE_SET: Final = "Profile Set"
PROFILE_SET_ONCE: Final = "Profile Set Once"
PROFILE_UNSET: Final = "Profile Unset"
PROFILE_DELETED: Final = "Profile Deleted"
PROFILE_INCREMENTED: Final = "Profile Incremented"
PROFILE_APPENDED: Final = "Profile Appended"
GROUP_JOINED: Final = "Group Joined"
IDENTITY_ALIASED: Final = "Identity Aliased"
ITEM_SET: Final = "Item Set"
GROUP_DESCRIBED: Final = "Group Described"

PROFILE_EVENTS: Final = frozenset(
    {
        IDENTIFIED,
        PROFILE_SET,
        PROFILE_SET_ONCE,
        PROFILE_UNSET,
        PROFILE_DELETED,
        PROFILE_INCREMENTED,
        PROFILE_APPENDED,
    }
)
"""Events that describe a person rather than something the person did."""

ORDER_EVENTS: Final[dict[str, OrderStatus]] = {
    "Order Completed": "paid",
    "Order Refunded": "refunded",
    "Order Cancelled": "cancelled",
}

RELATION_EVENTS: Final[dict[str, tuple[str, tuple[str, ...], bool]]] = {
    "Product Shared": ("share", ("recipient_id", "to_user_id"), False),
    "Content Shared": ("share", ("recipient_id", "to_user_id"), False),
    "Invite Sent": ("invite", ("invitee_id", "recipient_id", "to_user_id"), False),
    "Invite Accepted": ("invite", ("inviter_id", "sharer_id", "referrer_id"), True),
    "User Followed": ("follow", ("followed_id", "to_user_id", "creator_id"), False),
    "Friend Added": ("friend", ("friend_id", "to_user_id"), False),
    "Message Sent": ("chat", ("to_user_id", "recipient_id"), False),
    "Content Commented": ("comment", ("to_user_id", "recipient_id"), False),
    "Gift Sent": ("gift", ("to_user_id", "recipient_id"), False),
    "Group Buy Joined": ("group_buy", ("inviter_id", "sharer_id", "to_user_id"), False),
}
"""Event → kind of relation, properties that may name the other person, and whether the relation starts at the other."""

SENSORS_EVENTS: Final = {
    "$pageview": "Page Viewed",
    "$WebClick": "Element Clicked",
    "$WebStay": "Page Left",
    "$WebPageLeave": "Page Left",
    "$AppInstall": "App Installed",
    "$AppStart": "App Opened",
    "$AppStartPassively": "App Started Passively",
    "$AppEnd": "App Closed",
    "$AppViewScreen": "Screen Viewed",
    "$AppPageLeave": "Screen Left",
    "$AppClick": "Element Clicked",
    "$AppPushClick": "Push Clicked",
    "$MPLaunch": "App Opened",
    "$MPShow": "App Foregrounded",
    "$MPHide": "App Backgrounded",
    "$MPViewScreen": "Screen Viewed",
    "$MPPageLeave": "Screen Left",
    "$MPClick": "Element Clicked",
    "$MPShare": "Content Shared",
    "$MPAddFavorites": "Content Favourited",
    # Clients send it at every sign-in that changes the login, so it says who somebody is, not that they are new.
    "$SignUp": "Signed In",
    "$BindID": "Identity Bound",
    "$UnbindID": "Identity Unbound",
}
"""神策's preset events under the names that the same acts have everywhere else."""

POSTHOG_EVENTS: Final = {
    "$pageview": "Page Viewed",
    "$pageleave": "Page Left",
    "$screen": "Screen Viewed",
    "$identify": IDENTIFIED,
    "$set": PROFILE_SET,
    "$set_once": PROFILE_SET_ONCE,
    "$create_alias": IDENTITY_ALIASED,
    "$groupidentify": GROUP_DESCRIBED,
}
"""PostHog's own events under the names that the same acts have everywhere else."""

VOCABULARY: Final[dict[str, Words]] = {
    "Account Created": Words("创建账号", "an account was made"),
    "Account Followed": Words("关注账号", "an account (公众号, WeCom app) was followed"),
    "Account Unfollowed": Words("取消关注账号", "an account was followed no more"),
    "App Backgrounded": Words("应用切到后台", "the app went to the background"),
    "App Closed": Words("关闭应用", "the app was closed"),
    "App Foregrounded": Words("应用回到前台", "the app came back to the front"),
    "App Installed": Words("安装应用", "the app was installed"),
    "App Opened": Words("打开应用", "the app was opened"),
    "Cart Viewed": Words("查看购物车", "the cart was looked at"),
    "Checkout Started": Words("提交订单", "check-out was begun"),
    "Checkout Step Completed": Words("完成结算步骤", "a step of check-out was finished"),
    "Checkout Step Viewed": Words("查看结算步骤", "a step of check-out was shown"),
    "Content Clicked": Words("点击内容", "a content was clicked"),
    "Content Commented": Words("评论内容", "a content was commented on"),
    "Content Favourited": Words("收藏内容", "a content was saved as a favourite"),
    "Content Liked": Words("点赞内容", "a content was liked"),
    "Content Shared": Words("分享内容", "a content was shared"),
    "Content Viewed": Words("浏览内容", "a content was shown to somebody"),
    "Coupon Applied": Words("使用优惠券", "a coupon was accepted for an order"),
    "Coupon Entered": Words("填写优惠券", "a coupon was entered"),
    "Coupon Removed": Words("移除优惠券", "a coupon was taken off an order"),
    "Element Clicked": Words("点击页面元素", "something on a page was clicked"),
    "Friend Added": Words("添加好友", "two people became friends"),
    "Friend Removed": Words("删除好友", "one of two friends removed the other"),
    "Gift Sent": Words("赠送礼物", "a gift was sent to somebody"),
    "Group Buy Joined": Words("参加拼团", "a group buy that somebody opened was joined"),
    "Group Joined": Words("加入群组", "a group was joined"),
    "Group Buy Opened": Words("发起拼团", "a group buy was opened"),
    "Group Left": Words("退出群组", "a group was left"),
    "Invite Accepted": Words("接受邀请", "an invitation was accepted"),
    "Invite Sent": Words("发出邀请", "an invitation was sent"),
    "Message Opened": Words("打开消息", "a message was opened"),
    "Message Sent": Words("发送消息", "a message was sent to somebody"),
    "Order Cancelled": Words("取消订单", "an order was cancelled"),
    "Order Completed": Words("完成订单（已付款）", "an order was paid"),
    "Order Refunded": Words("订单退款", "an order was refunded, wholly or in part"),
    "Order Updated": Words("更新订单", "an order was changed"),
    "Page Left": Words("离开页面", "a web page was left"),
    "Page Viewed": Words("浏览页面", "a web page was shown"),
    "Payment Info Entered": Words("填写支付信息", "payment details were entered"),
    "Product Added": Words("加入购物车", "a product was put into the cart"),
    "Product Added to Wishlist": Words("加入心愿单", "a product was put on the wish list"),
    "Product Clicked": Words("点击商品", "a product in a list was clicked"),
    "Product List Filtered": Words("筛选商品列表", "a list of products was filtered"),
    "Product List Viewed": Words("浏览商品列表", "a list of products was shown"),
    "Product Removed": Words("移出购物车", "a product was taken out of the cart"),
    "Product Reviewed": Words("评价商品", "a product was reviewed"),
    "Product Shared": Words("分享商品", "a product was shared"),
    "Product Viewed": Words("浏览商品", "a product's page was shown"),
    "Products Searched": Words("搜索商品", "products were searched for"),
    "Promotion Clicked": Words("点击活动", "a promotion was clicked"),
    "Promotion Viewed": Words("浏览活动", "a promotion was shown"),
    "Push Clicked": Words("点击推送", "a push message was clicked"),
    "Screen Left": Words("离开屏幕页", "a screen of the app was left"),
    "Screen Viewed": Words("浏览屏幕页", "a screen of the app was shown"),
    "Signed In": Words("登录", "somebody signed in"),
    "Signed Out": Words("退出登录", "somebody signed out"),
    "Signed Up": Words("注册", "somebody registered"),
    "Subscribed": Words("加入私域渠道", "an owned channel was joined (private_channel, place_id)"),
    "Transfer Failed": Words("客户继承失败", "a customer could not be handed to another member of staff"),
    "Unsubscribed": Words("离开私域渠道", "an owned channel was left (private_channel, place_id)"),
    "User Followed": Words("关注用户", "somebody was followed"),
}
"""Events that the product knows by name, and what each means; others are kept under the name they came with."""


OWN_EVENTS: Final[dict[str, Words]] = {
    IDENTIFIED: Words("上报用户标识与属性", "identifiers and traits of a person came (identify)"),
    PROFILE_SET: Words("设置用户属性", "properties of a person were set"),
    PROFILE_SET_ONCE: Words("首次设置用户属性", "properties of a person were set where they were empty"),
    PROFILE_UNSET: Words("清除用户属性", "properties of a person were cleared"),
    PROFILE_DELETED: Words("删除用户属性", "all properties of a person were cleared"),
    PROFILE_INCREMENTED: Words("累加用户属性", "numbers of a person were raised"),
    PROFILE_APPENDED: Words("追加用户属性", "lists of a person were added to"),
    IDENTITY_ALIASED: Words("关联标识", "two identifiers were said to be one person (alias)"),
    GROUP_DESCRIBED: Words("设置群组属性", "properties of a group were set"),
    ITEM_SET: Words("设置商品或内容", "a product or content was described"),
}
"""What SDK calls that are not events by name are stored as."""


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "").replace("-", "")


_BY_KEY: Final = {_key(name): name for name in VOCABULARY}


@lru_cache(4096)
def sensors_name(name: str) -> str:
    """A 神策 event's name here: presets by the table, and `ProductViewed` or `product_viewed` (神策 allows no blanks)
    as the word of the vocabulary that they spell; any other name as it came."""
    return SENSORS_EVENTS.get(name) or _BY_KEY.get(_key(name), name)
