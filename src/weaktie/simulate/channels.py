"""Where people come from: acquisition channels with costs, and the private domain."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """A way into the shop. `cost_minor` is paid for each registration; `share` weighs acquisition, 0 where it
    brings nobody new; `quality` scales how long and how often its people stay; `source`/`medium` are the UTM
    values."""

    key: str
    share: float
    cost_minor: int
    quality: float
    source: str
    medium: str


ACQUISITION = (
    Channel("douyin_ads", 0.24, 15_200, 0.80, "douyin", "cpc"),
    Channel("kuaishou", 0.13, 11_400, 0.75, "kuaishou", "cpc"),
    Channel("wechat_channels", 0.12, 7_300, 1.05, "wechat_channels", "video"),
    Channel("kol", 0.09, 13_600, 1.10, "kol", "influencer"),
    Channel("xiaohongshu", 0.12, 9_100, 1.15, "xiaohongshu", "note"),
    Channel("organic", 0.14, 0, 1.10, "", ""),
    Channel("referral", 0.16, 4_800, 1.45, "referral", "invite"),
)
PRIVATE = (
    Channel("wecom_friend", 0.0, 0, 1.0, "wecom", "friend"),
    Channel("wecom_group", 0.0, 0, 1.0, "wecom", "group"),
    Channel("official_account", 0.0, 0, 1.0, "official_account", "article"),
    Channel("mini_program", 0.0, 0, 1.0, "mini_program", "subscribe"),
)
SHARED = Channel("wechat_share", 0.0, 0, 1.0, "wechat", "share")
CHANNELS: tuple[Channel, ...] = (*ACQUISITION, *PRIVATE, SHARED)
ORGANIC = 5
REFERRAL = 6
FIRST_PRIVATE = len(ACQUISITION)
SHARE = len(CHANNELS) - 1
