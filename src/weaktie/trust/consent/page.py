"""The page on which a person sees and changes what is done with their data: plain HTML, no sign-in, one small script.

It loads nothing from anywhere, sends no Referer, and is good for one person only. Nothing of it goes to a log.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from weaktie.kit.clock import to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.web import app_part, client_ip, networks
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import (
    NAME_OF,
    PURPOSE_WORDS,
    Chooser,
    Notice,
    People,
    Purpose,
    PurposeState,
    ShownTag,
)
from weaktie.trust.consent.service import Consent
from weaktie.trust.consent.texts import ASKS, PAGE, SCRIPT, STATES, STYLE

PER_MINUTE = {"page": 60, "act": 30}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows."""

    company: str
    states: Sequence[PurposeState]
    notices: dict[str, Notice]
    band: str
    deleted: Sequence[str]
    requests: Sequence[dict[str, object]]
    tags: Sequence[ShownTag] = ()


def limit(request: Request, what: str, settings: Any) -> None:
    """Count a request to the page or of it by its client; raises TooMany."""
    ip = client_ip(request, networks(settings.door.trusted_proxies))
    key = hashlib.sha256(f"{what}\0{ip}".encode()).hexdigest()
    app_part(request, "consent_limiter").take(key, PER_MINUTE[what], app_part(request, "clock").monotonic())


def gather(consent: Consent, people: People, connection: Connection, chooser: Chooser, company: str) -> Shown:
    """What the database says of the person."""
    states = consent.states(connection, chooser.alias_nos, chooser.bases)
    separate = consent.separate_states(connection, chooser.alias_nos)
    both = [*states, *(s for s in separate if s.purpose != Purpose.GUARDIAN)]
    notices = {
        name: found
        for name in (NAME_OF[s.purpose] for s in both)
        if (found := consent.notices.current(connection, name)) is not None
    }
    return Shown(
        company, both, notices, consent.young(connection, chooser.alias_nos).band,
        sorted(consent.objections.of(connection, chooser.alias_nos)), people.requests(chooser.alias_nos),
    )  # fmt: skip


def with_tags(shown: Shown, people: People, chooser: Chooser) -> Shown:
    """The same with the person's tags, which come from a published file and not from the transaction."""
    return replace(shown, tags=people.tags(chooser.alias_nos))


def headers(nonce: str) -> dict[str, str]:
    """A policy tighter than the console's: nothing but this page's own script and style, and no Referer at all."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }


def render(shown: Shown, token: str, language: str, nonce: str) -> str:
    """The whole page."""

    def w(words: Words) -> str:
        return escape(words.in_language(language))

    def p(key: str) -> str:
        return w(PAGE[key])

    parts = [f"<h1>{p('title')}</h1><p class=lead>{escape(shown.company)} · {p('lead')}</p>"]
    if shown.band == "child":
        parts.append(f"<p class=note>{p('child')}</p>")
    parts.append(_personal_off(shown, p))
    parts.append(f"<h2>{p('purposes')}</h2>")
    parts += [_subject(state, shown.notices.get(NAME_OF[state.purpose]), w, p) for state in shown.states]
    parts.append(f"<h2>{p('tags')}</h2><p class=faint>{p('tags_text')}</p>{_tags(shown, w, p)}")
    parts.append(f"<h2>{p('rights')}</h2><p class=faint>{p('rights_text')}</p>{_asks(w, p)}")
    if shown.requests:
        parts.append(f"<h2>{p('mine')}</h2>{_requests(shown, w, p)}")
    parts.append(f"<p class=faint>{p('foot')}</p>")
    return _document("".join(parts), token, language, nonce)


def render_refusal(refused: Refused, language: str, nonce: str) -> str:
    """What a dead link shows."""
    words = escape(refused.words.in_language(language))
    return _document(
        f"<h1>{escape(PAGE['title'].in_language(language))}</h1><p class=note data-testid=refusal>{words}</p>", "", language, nonce
    )  # fmt: skip


def _document(body: str, token: str, language: str, nonce: str) -> str:
    english = language.lower().startswith("en")
    other, label = ("zh-CN", "中文") if english else ("en", "English")
    said = {key: escape(PAGE[key].in_language(language)) for key in ("failed", "sure", "sent")}
    title = escape(PAGE["title"].in_language(language))
    return (
        f'<!doctype html><html lang="{"en" if english else "zh-CN"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f'<title>{title}</title><style nonce="{nonce}">{STYLE}</style></head>'
        f'<body data-token="{escape(token)}" data-failed="{said["failed"]}" data-sure="{said["sure"]}" data-sent="{said["sent"]}">'
        f'<main><a class=lang href="?lang={other}" data-testid=lang>{label}</a>{body}'
        "<p id=told role=status aria-live=polite></p></main>"
        f'<script nonce="{nonce}">{SCRIPT}</script></body></html>'
    )


def _personal_off(shown: Shown, p: Any) -> str:
    state = next(s for s in shown.states if s.purpose == Purpose.PERSONALISATION)
    if not state.granted:
        return f"<section class=card data-testid=personal-off><b>{p('personal_is_off')}</b></section>"
    return (
        f"<section class=card data-testid=personal-on><b>{p('personal')}</b><p class=faint>{p('personal_text')}</p>"
        f"<button data-do=choose data-subject=personalisation data-granted=false>{p('turn_off')}</button></section>"
    )


def _subject(state: PurposeState, notice: Notice | None, w: Any, p: Any) -> str:
    name = NAME_OF[state.purpose]
    title = w(notice.title) if notice else w(PURPOSE_WORDS[state.purpose])
    label = p("granted") if state.granted else p("not_granted")
    mark = "yes" if state.granted else "no"
    version = "" if notice is None else f" data-version={notice.version}"
    act = "" if state.basis == "minor" else (
        f"<button data-do=choose data-subject={name} data-granted={'false' if state.granted else 'true'}{version} "
        f"data-testid=choose-{name}>{p('withdraw') if state.granted else p('grant')}</button>"
    )  # fmt: skip
    since = f" · {to_iso(state.since_us)[:10]}" if state.since_us else ""
    body = (
        f"<details><summary>{p('read')} (v{notice.version})</summary><div class=text>{w(notice.body)}</div></details>"
        if notice
        else f"<p class=faint>{p('no_text')}</p>"
    )
    return (
        f"<section class=card data-testid=subject-{name}><div class=row><b>{title}</b>"
        f"<span class={mark} data-testid=state-{name}>{label}</span></div>"
        f"<p class=faint>{w(state.basis_words)}{since}</p>{body}{act}</section>"
    )


def _tags(shown: Shown, w: Any, p: Any) -> str:
    rows = [
        f"<li data-testid=tag-{t.key}><span><b>{w(t.words)}</b> {w(t.value)}<br><small class=faint>{w(t.definition)}</small></span>"
        f"<button class=small data-do=delete_tag data-tag={t.key} data-ask=1>{p('delete')}</button></li>"
        for t in shown.tags
    ]
    gone = [
        f"<li><span class=faint>{escape(tag)} · {p('deleted')}</span>"
        f'<button class=small data-do=allow_tag data-tag="{escape(tag)}">{p("allow")}</button></li>'
        for tag in shown.deleted
    ]
    return (
        f"<ul class=list>{''.join(rows + gone)}</ul>"
        if rows or gone
        else f"<p class=faint>{p('no_tags')}</p>"
    )


def _asks(w: Any, p: Any) -> str:
    found = []
    for kind, (title, about) in ASKS.items():
        field = (
            f'<textarea maxlength=500 rows=2 aria-label="{p("what")}" placeholder="{p("what")}"></textarea>'
        )
        found.append(
            f"<details class=card data-testid=ask-{kind}><summary>{w(title)}</summary><p class=faint>{w(about)}</p>{field}"
            f"<label><input type=checkbox> {p('confirm')}</label>"
            f"<button data-do=ask data-kind={kind} class={'danger' if kind == 'erase' else 'plain'}>{p('send')}</button></details>"
        )
    return "".join(found)


def _requests(shown: Shown, w: Any, p: Any) -> str:
    rows = []
    for one in shown.requests:
        title = ASKS.get(str(one["kind"]), (Words(str(one["kind"]), str(one["kind"])),))[0]
        state = STATES.get(str(one["state"]), Words(str(one["state"]), str(one["state"])))
        rows.append(
            f"<li data-testid=mine><span>{w(title)}<br><small class=faint>{escape(str(one['request_id']))}</small></span>"
            f"<span>{w(state)}<br><small class=faint>{p('due')} {to_iso(int(str(one['due_us'])))[:10]}</small></span></li>"
        )
    return f"<ul class=list>{''.join(rows)}</ul>"
