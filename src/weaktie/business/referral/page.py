"""The hosted pages: an inviter's own page and the page that a friend lands on. Plain HTML that works inside WeChat's browser: no
sign-in, no cookie, nothing loaded from elsewhere, one small script that turns the poster into a picture that can be kept."""

import hashlib
import secrets
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import Request

from weaktie.business.referral.contracts import Campaign, Friend, Invitation, Reward
from weaktie.business.referral.rules import money, published
from weaktie.business.referral.service import Progress
from weaktie.business.referral.texts import PAGE, SCRIPT, STYLE
from weaktie.business.referral.words import REASONS, STATE_WORDS
from weaktie.kit.clock import business_day, day_to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.settings import Settings
from weaktie.kit.web import app_part, client_ip, networks
from weaktie.kit.words import Words

PER_MINUTE = {"page": 60, "act": 20, "poster": 120}
CODE_PARAMETER = "wt_invite"
Say = Callable[..., str]


def limit(request: Request, what: str) -> None:
    """Count a request to the pages by its client; raises TooMany."""
    settings = app_part(request, "settings")
    ip = client_ip(request, networks(settings.door.trusted_proxies))
    key = hashlib.sha256(f"referral\0{what}\0{ip}".encode()).hexdigest()
    app_part(request, "referral_limiter").take(key, PER_MINUTE[what], app_part(request, "clock").monotonic())


def headers(nonce: str) -> dict[str, str]:
    """A policy tighter than the console's: nothing but this page's own script, style and pictures, and no Referer."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
            "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow",
    }  # fmt: skip


def shop_address(target_url: str, code: str) -> str:
    """Where a friend registers: the shop's address with the code in `wt_invite`."""
    parts = urlsplit(target_url)
    query = [p for p in parse_qsl(parts.query, keep_blank_values=True) if p[0] != CODE_PARAMETER]
    return urlunsplit(parts._replace(query=urlencode([*query, (CODE_PARAMETER, code)])))


def sayer(language: str) -> Say:
    """Words of the page in a language, escaped, with `{name}` filled in."""

    def say(key: str, **values: object) -> str:
        text = PAGE[key].in_language(language)
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return escape(text)

    return say


def own(
    progress: Progress, board: list[tuple[str, int, bool]], token: str, chosen: Invitation | None, link: str, why_closed: str,
    coupons_left: int | None, settings: Settings, language: str, nonce: str,
) -> str:  # fmt: skip
    """An inviter's own page."""
    say, spec = sayer(language), progress.campaign.current.spec
    counting = [f for f in progress.friends if f.state in ("ordered", "rewarded")]

    def m(minor: int) -> str:
        return escape(money(minor, spec.currency))

    def w(words: Words) -> str:
        return escape(words.in_language(language))

    parts = [
        f"<p class=faint>{escape(settings.workspace.name)} · {say('mine')}</p><h1>{w(spec.title)}</h1><p class=faint>{w(spec.text)}</p>",
        (f"<div class=tiles><div class=tile data-testid=earned><b>{m(progress.paid_minor)}</b><small>{say('earned')}</small></div>"
        f"<div class=tile data-testid=waiting><b>{m(progress.waiting_minor)}</b><small>{say('waiting')}</small></div>"
        f"<div class=tile><b>{m(spec.most_minor)}</b><small>{say('most')}</small></div></div>"),
        _closed(why_closed, say, language), _remaining(coupons_left, say),
        _steps(len(counting), [1, *(b.at for b in spec.bonuses)], say),
    ]  # fmt: skip
    if not why_closed:
        off = " disabled" if progress.left_today <= 0 else ""
        parts.append(
            f"<button data-do=invite data-testid=invite{off}>{say('invite')}</button>"
            f"<p class=faint data-testid=left>{say('left', n=progress.left_today)}</p>"
        )
    if chosen is not None:
        parts.append(_poster(chosen, link, say, language))
    parts.append(f"<h2>{say('rewards')}</h2>{_rewards(progress.rewards, say, m, settings, language)}")
    parts.append(_sent(progress.sent, say, settings))
    parts.append(_not_counted(progress.friends, say, language))
    parts.append(_board(board, say))
    parts.append(_rules(progress.campaign, say, settings, language))
    parts.append(f"<p class=faint>{say('foot')}</p>")
    return document("".join(parts), language, nonce, token=token)


def landing(
    campaign: Campaign, code: str, target: str, why_closed: str, coupons_left: int | None, settings: Settings, language: str,
    nonce: str,
) -> str:  # fmt: skip
    """The page that a friend lands on."""
    say, spec = sayer(language), campaign.current.spec
    gift = escape(money(spec.friend_minor, spec.currency))
    way = (
        f'<a class=go href="{escape(target)}" rel=noreferrer data-testid=go>{say("go")}</a>'
        if not why_closed
        else ""
    )
    body = (
        f"<p class=faint>{escape(settings.workspace.name)} · {say('invited')} · {say('ad')}</p>"
        f"<h1>{escape(spec.title.in_language(language))}</h1>"
        f"<div class=gift><span>{say('gift')}</span><b data-testid=gift>{gift}</b><span>{say('no_minimum')}</span></div>"
        f"{_closed(why_closed, say, language)}{_remaining(coupons_left, say)}{way}"
        f"<p>{say('code')} <code class=code data-testid=code>{escape(' '.join((code[:4], code[4:8], code[8:])))}</code></p>"
        f"{_rules(campaign, say, settings, language)}"
    )
    return document(body, language, nonce)


def refusal(refused: Refused, language: str, nonce: str) -> str:
    """What a dead link shows."""
    words = escape(refused.words.in_language(language))
    return document(
        f"<h1>{sayer(language)('dead')}</h1><p class=note data-testid=refusal>{words}</p>", language, nonce
    )


def document(body: str, language: str, nonce: str, *, token: str = "") -> str:
    """The frame of both pages."""
    english = language.lower().startswith("en")
    other, label = ("zh-CN", "中文") if english else ("en", "English")
    said = " ".join(
        f'data-{name}="{sayer(language)(key)}"'
        for name, key in (
            ("failed", "failed"),
            ("sure", "sure"),
            ("sent", "sent_appeal"),
            ("copied", "copied"),
        )
    )
    title = sayer(language)("mine" if token else "invited")
    return (
        f'<!doctype html><html lang="{"en" if english else "zh-CN"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f'<title>{title}</title><style nonce="{nonce}">{STYLE}</style></head>'
        f'<body data-token="{escape(token)}" data-key="{secrets.token_hex(8)}" {said}>'
        f'<main><a class=lang href="?lang={other}" data-testid=lang>{label}</a>{body}'
        "<p id=told role=status aria-live=polite></p></main>"
        f'<script nonce="{nonce}">{SCRIPT}</script></body></html>'
    )


def _closed(why: str, say: Say, language: str) -> str:
    if not why:
        return ""
    return f"<p class=note data-testid=closed>{say('closed', why=REASONS[why].in_language(language))}</p>"


def _remaining(left: int | None, say: Say) -> str:
    return "" if left is None else f"<p class=faint data-testid=remaining>{say('remaining', n=left)}</p>"


def _steps(count: int, marks: list[int], say: Say) -> str:
    steps = "".join(f"<li class={'done' if count >= at else 'open'}>{at}</li>" for at in sorted(set(marks)))
    return f"<h2>{say('friends')} <span data-testid=count>{count}</span></h2><ol class=steps>{steps}</ol>"


def _poster(invitation: Invitation, link: str, say: Say, language: str) -> str:
    lang = "en" if language.lower().startswith("en") else "zh-CN"
    image = f"/r/{invitation.code}/poster.svg?lang={lang}"
    return (
        f'<section data-testid=made><img id=poster src="{image}" data-svg="{image}" alt="{say("poster")}" data-testid=poster>'
        f"<p class=faint>{say('poster')}</p><p>{say('link')} <code data-testid=link>{escape(link)}</code></p>"
        f'<button class=small data-do=copy data-text="{escape(link)}">{say("copy")}</button></section>'
    )


def _rewards(
    rewards: list[Reward], say: Say, m: Callable[[int], str], settings: Settings, language: str
) -> str:
    if not rewards:
        return f"<p class=faint data-testid=no-rewards>{say('none_yet')}</p>"
    rows = []
    for reward in reversed(rewards):
        what = say("for_bonus", n=reward.step) if reward.kind == "bonus" else say("for_friend")
        at_us = reward.due_us if reward.state in ("pending", "held") else reward.decided_us or reward.due_us
        day = day_to_iso(business_day(at_us, settings.zone))
        when = say("release" if reward.state == "pending" else "on", day=day)
        why = escape(REASONS[reward.reason].in_language(language)) if reward.reason else ""
        appeal = (
            f'<br><button class=small data-do=appeal data-reward="{reward.reward_id}">{say("appeal")}</button>'
            if reward.state == "refused" and reward.reason in ("risk_refused", "refused_by_review")
            else ""
        )
        rows.append(
            f"<li data-testid=reward data-state={reward.state}><span>{what}<br><small class=faint>{when} {why}</small>{appeal}</span>"
            f"<span>{m(reward.amount_minor)}<br><small>{escape(STATE_WORDS[reward.state].in_language(language))}</small></span></li>"
        )
    return f"<ul class=list>{''.join(rows)}</ul>"


def _sent(sent: list[Invitation], say: Say, settings: Settings) -> str:
    if not sent:
        return ""
    rows = []
    for one in sent[:10]:
        day = day_to_iso(business_day(one.sent_us, settings.zone))
        state = (
            say("registered", n=one.friends) if one.friends else say("opened" if one.opens else "not_opened")
        )
        rows.append(f"<li><span>{day} <code class=code>{one.code}</code></span><span>{state}</span></li>")
    return f"<h2>{say('sent')}</h2><ul class=list data-testid=sent>{''.join(rows)}</ul>"


def _not_counted(friends: list[Friend], say: Say, language: str) -> str:
    """Why friends do not count, by reason and number: nobody is named."""
    counts: dict[str, int] = {}
    for friend in friends:
        if friend.state in ("refused", "refunded"):
            reason = friend.reason if friend.state == "refused" else "refund"
            counts[reason] = counts.get(reason, 0) + 1
    if not counts:
        return ""
    rows = "".join(
        f"<li><span>{escape(REASONS[reason].in_language(language))}</span><span>{n}</span></li>"
        for reason, n in counts.items()
    )
    return f"<h2>{say('not_counted')}</h2><ul class=list data-testid=not-counted>{rows}</ul>"


def _board(board: list[tuple[str, int, bool]], say: Say) -> str:
    if not board:
        return ""
    rows = "".join(
        f"<li><span>{place}. {escape(name)}{say('you') if mine else ''}</span><span>{n}</span></li>"
        for place, (name, n, mine) in enumerate(board[:10], 1)
    )
    return f"<h2>{say('board')}</h2><p class=faint>{say('board_text')}</p><ul class=list data-testid=board>{rows}</ul>"


def _rules(campaign: Campaign, say: Say, settings: Settings, language: str) -> str:
    def listed(spec: Any) -> str:
        return "".join(f"<li>{escape(rule.in_language(language))}</li>" for rule in published(spec))

    coming = ""
    if campaign.coming is not None and campaign.coming.effective_us is not None:
        day = day_to_iso(business_day(campaign.coming.effective_us, settings.zone))
        coming = (
            f"<section class=note data-testid=coming><b>{say('coming', day=day)}</b>"
            f"<ol class=rules>{listed(campaign.coming.spec)}</ol></section>"
        )
    return f"<h2>{say('rules')}</h2>{coming}<ol class=rules data-testid=rules>{listed(campaign.current.spec)}</ol>"
