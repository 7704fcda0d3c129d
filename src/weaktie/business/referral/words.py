"""What people are told: states and reasons of rewards and groups."""

from typing import Final

from weaktie.kit.words import Words

STATE_WORDS: Final[dict[str, Words]] = {
    "pending": Words("待发放", "Pending"),
    "held": Words("审核中", "Under review"),
    "paid": Words("已发放", "Paid"),
    "refused": Words("不予发放", "Refused"),
    "voided": Words("已取消", "Cancelled"),
    "clawed_back": Words("已追回", "Clawed back"),
    "clawback_open": Words("待追回", "To be clawed back"),
}

REASONS: Final[dict[str, Words]] = {
    "self_invite": Words("邀请人与被邀请人是同一人。", "Inviter and friend are the same person."),
    "cycle": Words(
        "对方曾直接或间接邀请过您，不能再被邀请。", "The friend has, directly or not, brought the inviter."
    ),
    "existing_user": Words(
        "对方在打开邀请之前已经是会员。", "The friend was a member before the invitation was opened."
    ),
    "minor": Words("未成年人不参与邀请奖励。", "Minors take no part in referral rewards."),
    "invitation_used": Words(
        "这份邀请的名额已被他人使用。", "Others have used the places of this invitation."
    ),
    "window_over": Words("已超过邀请的有效期。", "The invitation's time is over."),
    "campaign_over": Words("活动未在进行。", "The campaign is not running."),
    "sold_out": Words("好友券已发完。", "All of the friends' coupons are given out."),
    "budget": Words(
        "活动预算已用完，补足后自动发放。",
        "The campaign's budget is used up; it is paid once it is topped up.",
    ),
    "no_ledger": Words("账本暂不可用，发放已暂停。", "The ledger is not available; payouts are held."),
    "no_scorer": Words("风控尚未接入，发放已暂停。", "There is no risk scorer; payouts are held."),
    "scorer_failed": Words(
        "风控暂时不可用，发放已暂停。", "The risk scorer does not answer; payouts are held."
    ),
    "scorer_stale": Words(
        "风控数据已过期，发放已暂停。", "The risk scorer is out of date; payouts are held."
    ),
    "risk": Words("需人工审核。", "It waits for a person's review."),
    "risk_refused": Words("未通过风控审核，可以申诉。", "It did not pass the risk review; you may appeal."),
    "owes": Words("有待追回的奖励，先予冲抵。", "An earlier reward is still to be clawed back."),
    "cap": Words("已达到本活动的奖励上限。", "The most that this campaign gives one person is reached."),
    "refund": Words("好友的订单已退款。", "The friend's order was refunded."),
    "not_enough_friends": Words("有效好友数不足。", "There are not enough valid friends."),
    "below_minimum": Words("订单金额未达到条件。", "The order is below the stated amount."),
    "order_late": Words("下单时间超过期限。", "The order came after the stated time."),
    "order_early": Words("订单早于注册。", "The order is older than the registration."),
    "other_currency": Words("订单货币与活动不同。", "The order is in another currency than the campaign."),
    "not_first": Words("该好友已有一笔计入的订单。", "An order of this friend is counted already."),
    "not_invited": Words("下单人不是通过邀请注册的。", "Whoever ordered was not brought by an invitation."),
    "refused_by_review": Words("人工审核未通过。", "A person's review refused it."),
    "erased": Words("当事人已删除个人信息。", "The person had their data erased."),
    "no_graph": Words("暂无关系数据，按普通奖励计。", "No tie is known; the plain reward is given."),
}
"""Every reason that a person may be told, true as it stands; a page never says another."""

GROUP_REASONS: Final[dict[str, Words]] = {
    "group_full": Words("这个团已满员。", "The group is full."),
    "group_over": Words("这个团已结束。", "The group is over."),
    "in_group": Words("您已在这个团里。", "You are in this group already."),
    "offer_over": Words("拼团活动未在进行。", "The offer is not running."),
    "sold_out": Words("已售罄。", "It is sold out."),
    "other_order": Words("订单号已用于别的团。", "The order belongs to another group."),
}
