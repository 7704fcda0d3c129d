"""Posters and QR codes of invitations. Pure: text in, image bytes out; nothing is loaded from anywhere."""

import io
from html import escape

import segno

from weaktie.business.referral.contracts import Spec
from weaktie.business.referral.rules import money

WIDTH, HEIGHT = 750, 1200
_QR_BOX = 300


def qr(address: str, kind: str, scale: int = 8) -> bytes:
    """A QR code that says an address, as `svg` or `png`; `scale` is the size of a module in pixels."""
    out = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    if kind == "svg":
        code.save(out, kind="svg", scale=scale, border=4, light="white", xmldecl=False)
    else:
        code.save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def poster(spec: Spec, company: str, code: str, address: str, language: str) -> str:
    """The poster of an invitation as SVG: title, what the friend gets, the QR code, the code in letters, and what is true of it."""
    english = language.lower().startswith("en")
    family = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
    title = spec.title.in_language(language)
    gift = money(spec.friend_minor, spec.currency)
    gift_words = "coupon, no minimum spend" if english else "无门槛券"
    scan = "Scan or long-press to register" if english else "长按识别或扫码注册"
    by_hand = "Invitation code" if english else "邀请码"
    foot = (
        "Ad · rules and remaining stock on the page behind the code"
        if english
        else "广告 · 规则与剩余数量见扫码页面"
    )
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'font-family="{escape(family)}">'
        ),
        (
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#0d3b66"/><rect x="30" y="30" width="{WIDTH - 60}" height="{HEIGHT - 60}" '
            'rx="28" fill="#fff"/>'
        ),
        _text(company, 100, 26, "#5b6b7b"),
        *[
            _text(line, 180 + 62 * n, 46, "#0d3b66", weight=700)
            for n, line in enumerate(folded(title, 15 if not english else 26))
        ],
        _text(gift, 440, 120, "#c2410c", weight=800),
        _text(gift_words, 500, 32, "#c2410c"),
        _code(address),
        _text(scan, 920, 28, "#33414f"),
        _text(
            f"{by_hand} {' '.join((code[:4], code[4:8], code[8:])).upper()}", 980, 34, "#0d3b66", weight=700
        ),
        *[_text(line, 1040 + 32 * n, 22, "#5b6b7b") for n, line in enumerate(folded(foot, 40))],
        "</svg>",
    ]
    return "".join(lines)


def folded(text: str, width: int, most: int = 3) -> list[str]:
    """A text in lines of about `width` letters, at blanks where there are any; the last line is cut where it is too long."""
    lines: list[str] = []
    here = ""
    for word in text.split(" ") if " " in text else list(text):
        joined = f"{here} {word}" if here and " " in text else here + word
        if len(joined) > width and here:
            lines.append(here)
            here = word
        else:
            here = joined
    lines.append(here)
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1][: width - 1] + "…"]


def _text(text: str, y: int, size: int, colour: str, weight: int = 400) -> str:
    return (
        f'<text x="{WIDTH // 2}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="middle">{escape(text)}</text>'
    )


def _code(address: str) -> str:
    rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]
    side = len(rows) + 8
    step = _QR_BOX / side
    left, top = (WIDTH - _QR_BOX) / 2, 560.0
    path = "".join(
        f"M{left + (x + 4) * step:.2f} {top + (y + 4) * step:.2f}h{step:.2f}v{step:.2f}h-{step:.2f}z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    box = f'<rect x="{left:.0f}" y="{top:.0f}" width="{_QR_BOX}" height="{_QR_BOX}" fill="#fff"/>'
    return f'{box}<path d="{path}" fill="#000" shape-rendering="crispEdges"/>'
