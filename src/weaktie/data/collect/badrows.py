"""Why an event goes to the dead letters: stable codes with words. Every code stands in docs/reference/errors.md."""

from typing import Final

from weaktie.data.collect.contracts import BadRow
from weaktie.kit.words import Words

BAD_ROWS: Final[dict[str, Words]] = {
    "not_json": Words("不是有效的 JSON。", "It is not valid JSON."),
    "not_a_number": Words("包含 NaN 或 Infinity，JSON 中没有这样的数。", "It holds NaN or Infinity, which JSON does not have."),
    "not_utf8": Words("包含不是 UTF-8 的字节。", "It holds bytes that are not UTF-8."),
    "lone_surrogate": Words("包含不成对的代理字符。", "It holds half of a surrogate pair."),
    "nul_character": Words("包含空字符（U+0000）。", "It holds the character U+0000."),
    "control_character": Words("字符串中有未转义的控制字符。", "A text holds a control character that is not escaped."),
    "number_out_of_range": Words("数字超出 64 位整数或双精度范围。", "A number is outside 64-bit integers or double precision."),
    "too_deep": Words("嵌套过深。", "It is nested too deeply."),
    "not_an_object": Words("事件应为 JSON 对象。", "An event must be a JSON object."),
    "bad_shape": Words("字段的类型不对。", "A field has the wrong type."),
    "unknown_type": Words("不认识的事件类型。", "The type of the event is not known."),
    "no_event_name": Words("缺少事件名，或事件名过长。", "The name of the event is missing or too long."),
    "no_identifier": Words("没有可用的用户标识。", "There is no usable identifier of a person."),
    "bad_identifier": Words("用户标识过长或不是文本。", "An identifier is too long or no text."),
    "bad_time": Words("无法识别的时间。", "The time cannot be read."),
    "no_order_id": Words("订单事件缺少订单号。", "An order event needs an order number."),
    "bad_amount": Words("订单金额缺失或不是有效的数。", "The amount of the order is missing or not valid."),
    "bad_order_items": Words("订单商品行无法识别。", "The lines of the order cannot be read."),
    "unknown_item_type": Words("不认识的物品类型，支持商品与内容。", "The type of the item is neither a product nor a content."),
}  # fmt: skip


class Bad(Exception):
    """Carries a reason from where it is found to the decoder's loop, which turns it into a BadRow."""

    def __init__(self, code: str, place: str = "") -> None:
        assert code in BAD_ROWS, code
        super().__init__(code)
        self.code = code
        self.place = place

    def row(self, sample: bytes) -> BadRow:
        """The value that goes to the dead letters."""
        return BadRow(self.code, BAD_ROWS[self.code], self.place, sample)
