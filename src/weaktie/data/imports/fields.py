"""The fields of each kind: what they are called in files, how they are read, and what is required.

`names` are headers that are understood without a mapping, in Chinese and English, compared without case, spaces,
underscores, hyphens and dots; the field's own name always counts.
"""

from dataclasses import dataclass
from typing import Literal

from weaktie.data.imports.contracts import Kind

Reading = Literal["text", "integer", "number", "money", "currency", "time", "json", "list", "status"]


@dataclass(frozen=True, slots=True)
class FileField:
    """One field of a kind; `longest` in characters, `default` as it would stand in the file."""

    name: str
    reading: Reading = "text"
    names: tuple[str, ...] = ()
    required: bool = False
    longest: int = 255
    default: str | None = None
    personal: bool = False


def _f(
    name: str,
    reading: Reading,
    names: str,
    *,
    required: bool = False,
    longest: int = 255,
    default: str | None = None,
    personal: bool = False,
) -> FileField:
    return FileField(name, reading, tuple(names.split()), required, longest, default, personal)


_USER = "userid uid customerid customer memberid buyerid openid unionid 用户id 用户编号 会员id 会员编号 客户id 客户编号 买家id 买家"
_TIME = "timestamp eventtime datetime occurredat originaltimestamp 时间 发生时间 事件时间"
_CURRENCY = "currencycode 币种 货币"
_SHOP = "shop storeid store 店铺id 店铺 门店"
_CHANNEL = "utmsource source 渠道 来源 来源渠道 获客渠道"

EVENTS = (
    _f("event_id", "text", "messageid uuid insertid 事件id", longest=128),
    _f("event", "text", "eventname action behavior 事件 事件名 事件名称 行为", required=True),
    _f("user_id", "text", _USER),
    _f("anonymous_id", "text", "anonymousid distinctid deviceid cookieid 匿名id 设备id"),
    _f("time", "time", _TIME, required=True),
    _f("session_id", "text", "sessionid 会话id", longest=128),
    _f("platform", "text", "os lib 平台 端", longest=64),
    _f("app_version", "text", "appversion version 版本 应用版本", longest=64),
    _f("channel", "text", _CHANNEL, longest=128),
    _f("shop_id", "text", _SHOP, longest=128),
    _f("content_id", "text", "contentid noteid videoid 内容id 笔记id 视频id"),
    _f("product_id", "text", "productid sku skuid itemid goodsid 商品id 商品编号"),
    _f("order_id", "text", "orderid orderno 订单号 订单编号 订单id"),
    _f("sharer_id", "text", "sharerid inviterid referrerid 分享人id 分享人 邀请人id 邀请人"),
    _f("amount", "money", "revenue total value 金额"),
    _f("currency", "currency", _CURRENCY),
    _f("properties", "json", "props params 属性 事件属性", longest=32_768),
)

ORDERS = (
    _f("order_id", "text", "orderid orderno ordernumber invoiceno tid 订单号 订单编号 订单id 交易号", required=True),
    _f("user_id", "text", _USER),
    _f(
        "paid_time", "time",
        "paytime paymenttime paidat orderdate orderedat invoicedate createdtime time datetime 付款时间 支付时间 下单时间 成交时间",
        required=True,
    ),
    _f("amount", "money", "total totalamount paidamount payment actualpaid 实付金额 实付 订单金额 支付金额 买家实际支付金额 金额"),
    _f("currency", "currency", _CURRENCY),
    _f("status", "status", "orderstatus 订单状态 状态 交易状态", default="paid"),
    _f("product_id", "text", "productid sku skuid stockcode itemid goodsid 商品id 商品编号 商品编码"),
    _f("name", "text", "productname itemname description title 商品名称 商品 宝贝标题 商品标题", longest=1000),
    _f("quantity", "integer", "qty count num 数量 件数 购买数量", default="1"),
    _f("price", "money", "unitprice 单价 商品单价"),
    _f("line_amount", "money", "lineamount linetotal subtotal 行金额 小计 商品金额"),
    _f("refunded", "money", "refund refundamount refundedamount 退款金额 已退款 订单已退款金额"),
    _f("line_status", "status", "linestatus itemstatus 行状态 子订单状态"),
    _f("phone", "text", "mobile buyerphone buyermobile 买家手机号 收货人手机号 手机号", longest=64, personal=True),
    _f("coupon_id", "text", "couponid coupon 优惠券 优惠券id"),
    _f("channel", "text", _CHANNEL, longest=128),
    _f("shop_id", "text", _SHOP, longest=128),
    _f("referrer_id", "text", "referrerid inviterid sharerid 推荐人 推荐人id 邀请人id 分享人id"),
    _f("version_time", "time", "updatedtime updatedat modifiedtime 更新时间 修改时间"),
)  # fmt: skip

USERS = (
    _f("user_id", "text", _USER + " id", required=True),
    _f("nickname", "text", "name username fullname 昵称 姓名 用户名 客户姓名", personal=True),
    _f(
        "phone",
        "text",
        "mobile mobilephone phonenumber tel telephone 手机 手机号 手机号码 电话 联系电话",
        longest=64,
        personal=True,
    ),
    _f("email", "text", "mail emailaddress 邮箱 电子邮箱 邮件", personal=True),
    _f("gender", "text", "sex 性别", longest=32),
    _f("age_band", "text", "ageband agegroup 年龄段", longest=32),
    _f("province", "text", "state region 省 省份 所在省", longest=64),
    _f("city", "text", "市 城市 所在市", longest=64),
    _f("registered_time", "time", "registeredat signuptime createdtime createdat 注册时间 注册日期"),
    _f("channel", "text", _CHANNEL, longest=128),
    _f("version_time", "time", "updatedtime updatedat 更新时间"),
)

PRODUCTS = (
    _f("product_id", "text", "productid sku skuid itemid goodsid stockcode id 商品id 商品编号 商品编码", required=True),
    _f("name", "text", "productname title itemname description 名称 商品名称 标题", longest=1000),
    _f("category", "text", "categoryname type 类目 分类 品类"),
    _f("brand", "text", "brandname 品牌"),
    _f("price", "money", "unitprice saleprice 价格 售价 单价"),
    _f("currency", "currency", _CURRENCY),
    _f("shop_id", "text", _SHOP, longest=128),
    _f("stock", "integer", "inventory 库存 库存数量"),
    _f("created_time", "time", "createdat onsaletime 上架时间 创建时间"),
    _f("version_time", "time", "updatedtime updatedat 更新时间"),
)  # fmt: skip

CONTENTS = (
    _f("content_id", "text", "contentid noteid videoid id 内容id 笔记id 视频id", required=True),
    _f("title", "text", "name 标题", longest=2000),
    _f("body", "text", "text content description 正文 内容", longest=65_536),
    _f("kind", "text", "type contenttype 类型 内容类型", longest=64),
    _f("topics", "list", "tags hashtags 话题 标签", longest=8192),
    _f("creator_id", "text", "creatorid authorid author kocid 创作者id 作者id 作者 达人id"),
    _f("product_ids", "list", "productids products items 商品id 关联商品", longest=32_768),
    _f("published_time", "time", "publishedat publishtime createdtime 发布时间"),
    _f("version_time", "time", "updatedtime updatedat 更新时间"),
)

RELATIONS = (
    _f("src_user_id", "text", "srcuserid src source from fromuserid inviterid followerid 发起人 发起人id 邀请人id 用户id", required=True),
    _f("dst_user_id", "text", "dstuserid dst target to touserid inviteeid followeeid friendid 对方 对方id 被邀请人id", required=True),
    _f("kind", "text", "type relation relationkind 类型 关系 关系类型", longest=64, default="friend"),
    _f("time", "time", "timestamp createdtime createdat since 时间 建立时间"),
    _f("weight", "number", "strength score 权重 强度", default="1"),
)  # fmt: skip

FIELDS: dict[Kind, tuple[FileField, ...]] = {
    "events": EVENTS, "orders": ORDERS, "users": USERS, "products": PRODUCTS, "contents": CONTENTS,
    "relations": RELATIONS,
}  # fmt: skip

STATUSES: dict[str, str] = {
    status: kind
    for kind, words in {
        "paid": "paid completed complete success succeeded done finished shipped delivered fulfilled received "
        "已付款 已支付 支付成功 交易成功 交易完成 已完成 已发货 已收货 已签收 待发货 待收货 备货中 部分发货 待接单 待成团 "
        "等待卖家发货 买家已付款 卖家已发货 等待买家确认 退款中 售后中",
        "refunded": "refunded returned 已退款 退款成功 已退货 全额退款 已全额退款 退货退款成功",
        "cancelled": "cancelled canceled void closed 已取消 已关闭 交易关闭 交易取消 订单关闭",
        "adjustment": "adjustment 调整 调账",
        "not_paid": "unpaid pending created new awaiting_payment 待付款 未付款 未支付 待支付 等待买家付款 待确认",
    }.items()
    for status in words.split()
}
"""What shops write as the status of an order, in lower case, and what it is here."""

SHIPPED_ORDER_STATUSES = ("paid", "refunded", "cancelled", "adjustment")


def plain(header: str) -> str:
    """A header reduced to what is compared: lower case, without spaces, `_`, `-` and `.`."""
    return "".join(c for c in header.strip().lower() if c not in " _-.\t\u3000")
