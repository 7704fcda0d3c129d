"""Answers of the door other than yes: stable codes, statuses and words. Every code stands in docs/reference/errors.md."""

from typing import Final

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

REFUSALS: Final[dict[str, tuple[int, Words]]] = {
    "not_json": (400, Words("请求体不是有效的 JSON。", "The body is not valid JSON.")),
    "no_batch": (400, Words("请求体缺少 batch 数组。", "The body has no batch list.")),
    "no_data": (400, Words("缺少 data 或 data_list 参数。", "The data or data_list parameter is missing.")),
    "bad_base64": (400, Words("data 不是有效的 base64。", "The data is not valid base64.")),
    "bad_gzip": (400, Words("gzip 数据已损坏。", "The gzip stream is damaged.")),
    "crc_mismatch": (400, Words("校验和（ext=crc）不一致。", "The checksum (ext=crc) does not match.")),
    "too_deep": (400, Words("JSON 嵌套过深。", "The JSON is nested too deeply.")),
    "too_many_events": (400, Words("一次请求的事件过多。", "The request holds too many events.")),
    "event_too_large": (400, Words("单个事件超过大小限制。", "An event is larger than the limit.")),
    "no_key": (401, Words("缺少写入密钥。", "The write key is missing.")),
    "bad_key": (401, Words("写入密钥无效或已停用。", "The write key is not valid or was revoked.")),
    "origin_not_allowed": (403, Words("不允许该网页来源上报。", "Pages of this origin may not send events.")),
    "method_not_allowed": (405, Words("该地址不支持此方法。", "The address does not take this method.")),
    "body_too_large": (413, Words("请求体超过大小限制。", "The body is larger than the limit.")),
    "unsupported_encoding": (415, Words("不支持的 Content-Encoding，仅支持 gzip。", "Of content encodings only gzip is supported.")),
    "too_busy": (429, Words("服务器正忙，请稍后重试。", "The server is busy; send it again later.")),
    "log_unavailable": (503, Words("数据暂时无法落盘，请稍后重试。", "The request could not be made durable; send it again later.")),
    "keys_unavailable": (503, Words("暂时无法核对密钥，请稍后重试。", "Keys cannot be checked now; send it again later.")),
}  # fmt: skip


def refuse(code: str, place: str = "") -> Refused:
    """The refusal of that code; `place` says where or which limit."""
    status, words = REFUSALS[code]
    return Refused(code, words, place=place, status=status)
