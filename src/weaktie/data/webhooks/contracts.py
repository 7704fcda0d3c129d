"""Webhooks, as callers see them, and why a delivery is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Kind = Literal["shopify", "youzan", "wecom"]
KINDS: Final[dict[Kind, Words]] = {
    "shopify": Words("Shopify", "Shopify"),
    "youzan": Words("有赞", "Youzan"),
    "wecom": Words("企业微信", "WeCom"),
}
FIELDS: Final[dict[Kind, tuple[str, ...]]] = {
    "shopify": ("secret",),
    "youzan": ("client_id", "client_secret"),
    "wecom": ("token", "aes_key", "receive_id"),
}
"""What the other side gives for each kind; all of it is kept sealed."""

REFUSALS: Final[dict[str, tuple[int, Words]]] = {
    "no_webhook": (404, Words("没有这个回调地址，或已停用。", "There is no such webhook, or it was ended.")),
    "bad_signature": (401, Words("签名不正确。", "The signature is not right.")),
    "old_timestamp": (401, Words("请求时间与服务器相差超过 5 分钟。", "The request's time is over 5 minutes off.")),
    "old_delivery": (400, Words("推送内容过旧（超过 30 天）。", "What was delivered is older than 30 days.")),
    "unreadable_delivery": (400, Words("推送内容无法识别。", "The delivery cannot be read.")),
    "wrong_receiver": (401, Words("接收方（CorpID）不一致。", "It was meant for another receiver (CorpID).")),
    "delivery_in_hand": (503, Words("同一推送正在处理，请稍后重试。", "The same delivery is being taken; send it again later.")),
    "delivery_not_durable": (503, Words("数据暂时无法落盘，请稍后重试。", "It could not be made durable; send it again later.")),
    "bad_secret": (400, Words("密钥缺失或格式不对。", "A secret is missing or has the wrong form.")),
    "webhook_kind": (409, Words("该来源已有同类回调。", "The source has a webhook of this kind already.")),
}  # fmt: skip


def refuse(code: str, place: str = "") -> Refused:
    """The refusal of that code."""
    status, words = REFUSALS[code]
    return Refused(code, words, place=place, status=status)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address that another system pushes to. Of its secrets only the time of the last change is shown.

    `accepted` and `repeated` count deliveries; `last_refusal` is the code of the last one that was refused.
    """

    webhook_id: str
    source_id: str
    kind: Kind
    created_us: int
    rotated_us: int
    ended_us: int | None
    accepted: int
    repeated: int
    last_us: int | None
    last_refusal: str | None
    last_refused_us: int | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery whose signature was right. `body` is what goes to the log, None where nothing has to be kept.

    `nonce` tells a repeated one; `repeated` says that it was taken before. `privacy` is a request about a person:
    (kind, customer's number or None, key).
    """

    webhook: Webhook
    purposes: int
    nonce: str
    body: bytes | None
    endpoint: str
    repeated: bool = False
    privacy: tuple[str, str | None, str] | None = None


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What a shop platform asks for on a person's behalf; `subject` is the customer's number, None once it is erased."""

    request_id: str
    source_id: str
    kind: str
    subject: str | None
    received_us: int
    due_us: int
    done_us: int | None
    done_by: str | None


Strip = Callable[[bytes], bytes | None]
"""Takes the person out of a body; None where nothing would be left."""
SubjectOf = Callable[[bytes], tuple[str, str | None, str] | None]
"""Of a request about a person: its kind, the customer's number, and what tells a repeated one; None for anything else."""
