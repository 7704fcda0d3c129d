"""The public address behind each channel link: before any sign-in, without cookies, keeping nothing about who follows it."""

import hashlib
import html
from contextlib import suppress

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from weaktie.data.acquisition.contracts import NoLink
from weaktie.data.acquisition.service import Acquisition
from weaktie.data.acquisition.targets import address_of, marks_of, with_marks
from weaktie.kit.web import app_part, client_ip, networks
from weaktie.store.database.contracts import DatabaseUnavailable

router = APIRouter(tags=["acquisition"])


@router.get("/l/{code}", include_in_schema=False)
def follow(request: Request, code: str) -> Response:
    """Where a channel link leads. No cookie is set and nothing about the visitor is kept: the day's count goes up by one."""
    part: Acquisition = app_part(request, "acquisition")
    trusted = networks(part.settings.door.trusted_proxies)
    key = hashlib.sha256(client_ip(request, trusted).encode()).hexdigest()
    app_part(request, "link_limiter").take(
        key, part.settings.acquisition.opens_a_minute, part.clock.monotonic()
    )
    try:
        with part.database.connect() as connection:
            link = part.links.living(connection, code)
    except NoLink:
        return HTMLResponse(
            _page("链接已失效", "This link leads nowhere", ""), status_code=404, headers=_PLAIN
        )
    if not part.is_crawler(request.headers.get("user-agent", "")[:512]):
        with (
            suppress(DatabaseUnavailable),
            part.database.begin() as tx,
        ):  # nobody waits at a door because of a count
            part.links.count_open(tx, link.link_id)
    if link.target_kind == "mini_program":
        return HTMLResponse(
            _page(
                "请在微信中打开小程序",
                "Open the mini-program in WeChat",
                with_marks(link.target, marks_of(link)),
            ),
            headers=_PLAIN,
        )
    return RedirectResponse(address_of(link), status_code=302, headers=_PLAIN)


_PLAIN = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def _page(zh: str, en: str, path: str) -> str:
    code = f"<p><code>{html.escape(path)}</code></p>" if path else ""
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{zh}</title>'
        f"<main><h1>{zh}</h1><p>{en}</p>{code}</main></html>"
    )
