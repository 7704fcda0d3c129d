"""HTTP: texts, numbers and links for the console; prompts, receipts and links for a shop's server; the person's own page."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from weaktie.kit.clock import day_to_date, from_datetime, to_iso
from weaktie.kit.errors import Conflict, Forbidden, NotFound, Refused
from weaktie.kit.web import app_part, same_origin, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require, write_key
from weaktie.trust.accounts.contracts import Caller, KeyRecord
from weaktie.trust.audit.service import record
from weaktie.trust.consent import bodies, page
from weaktie.trust.consent.contracts import PURPOSE_WORDS, SUBJECTS, Chooser, People
from weaktie.trust.consent.links import LinkDead, PersonalLink
from weaktie.trust.consent.logic import text_diff
from weaktie.trust.consent.numbers import Count, numbers_of
from weaktie.trust.consent.service import Consent

router = APIRouter(tags=["consent"])
Comply = Annotated[Caller, Depends(require("comply"))]
Key = Annotated[KeyRecord, Depends(write_key)]
SERVER_SOURCES = ("server", "demo")
DEFAULT_SOURCE = "default"


# --- the console -----------------------------------------------------------------------------------------------------


@router.get("/api/consent/texts")
def texts(request: Request, _caller: Comply) -> list[bodies.SubjectBody]:
    """Every subject with all versions of its text, the newest first."""
    with app_part(request, "database").connect() as connection:
        versions = _consent(request).notices.versions(connection)
    return [
        bodies.SubjectBody(
            subject=name, words=words_body(PURPOSE_WORDS[purpose]),
            versions=[bodies.notice(n) for n in versions if n.subject == name],
        )
        for name, purpose in SUBJECTS.items()
    ]  # fmt: skip


@router.post("/api/consent/texts/{subject}")
def save_text(request: Request, caller: Comply, subject: str, given: bodies.DraftBody) -> bodies.NoticeBody:
    """Write the subject's draft; what is published never changes."""
    with app_part(request, "database").begin() as tx:
        saved = _consent(request).notices.save_draft(
            tx, subject, Words(given.title_zh, given.title_en), Words(given.body_zh, given.body_en),
            material=given.material, actor=caller.actor,
        )  # fmt: skip
        _note(request, tx, caller, "consent_text_drafted", subject, {"version": saved.version})
    return bodies.notice(saved)


@router.post("/api/consent/texts/{subject}/{version}/publish")
def publish_text(request: Request, caller: Comply, subject: str, version: int) -> bodies.NoticeBody:
    """Tell people this text from now on; after a material change grants given to earlier texts count no more."""
    with app_part(request, "database").begin() as tx:
        made = _consent(request).notices.publish(tx, subject, version, actor=caller.actor)
        detail = {"version": version, "material": made.material}
        _note(request, tx, caller, "consent_text_published", subject, detail)
    return bodies.notice(made)


@router.delete("/api/consent/texts/{subject}/{version}", status_code=204)
def discard_text(request: Request, caller: Comply, subject: str, version: int) -> None:
    """Drop a draft."""
    with app_part(request, "database").begin() as tx:
        _consent(request).notices.find(tx, subject, version)
        _consent(request).notices.discard(tx, subject, version)
        _note(request, tx, caller, "consent_text_discarded", subject, {"version": version})


@router.get("/api/consent/texts/{subject}/{version}/diff")
def diff_text(
    request: Request, _caller: Comply, subject: str, version: int, against: int
) -> list[bodies.LineBody]:
    """What differs between two versions, line by line, both languages."""
    notices = _consent(request).notices
    with app_part(request, "database").connect() as connection:
        after, before = notices.find(connection, subject, version), notices.find(connection, subject, against)
    lines = text_diff(before.digest_text, after.digest_text)
    return [bodies.LineBody(kind=kind, text=line) for kind, line in lines]


@router.get("/api/consent/numbers")
def numbers(request: Request, _caller: Comply) -> bodies.NumbersBody:
    """People by subject and answer, in all and by source, and the receipts of the last 30 days."""
    with app_part(request, "database").connect() as connection:
        person_of, seen, basis_of = _people(request).crowd(connection)
        found = numbers_of(_consent(request), connection, person_of, seen, basis_of)
    return bodies.NumbersBody(
        people=found.people, minors=found.minors, subjects=[_count(c) for c in found.subjects],
        by_source=[
            bodies.SourceNumbers(source=source, people=people, subjects=[_count(c) for c in counts])
            for source, people, counts in found.by_source
        ],
        by_day=[
            bodies.DayNumbers(
                day=day_to_date(d.day).isoformat(), subject=d.subject, granted=d.granted, refused=d.refused
            )
            for d in found.by_day
        ],
    )  # fmt: skip


@router.post("/api/consent/links")
def make_link(request: Request, caller: Comply, given: bodies.LinkAsk) -> bodies.LinkBody:
    """A personal link to the consent page for one person; its address is shown only now."""
    with app_part(request, "database").begin() as tx:
        chooser = _known(request, tx, given.user_id)
        link = _link(request, tx, chooser, given.hours, caller.actor)
        _note(request, tx, caller, "consent_link_made", str(chooser.alias_no), {"link": link.link_id})
    return _link_body(request, link)


@router.delete("/api/consent/links/{link_id}", status_code=204)
def revoke_link(request: Request, caller: Comply, link_id: str) -> None:
    """Make a personal link useless from now on."""
    with app_part(request, "database").begin() as tx:
        _consent(request).links.revoke(tx, link_id)
        _note(request, tx, caller, "consent_link_revoked", link_id, {})


@router.post("/api/consent/people/{user_id}/age", status_code=204)
def set_age(request: Request, caller: Comply, user_id: str, given: bodies.AgeAsk) -> None:
    """Say that somebody is a child, a youth or an adult; it holds against whatever events state."""
    with app_part(request, "database").begin() as tx:
        chooser = _known(request, tx, user_id)
        _consent(request).ages.set_flag(tx, chooser.alias_no, given.band)
        detail = {"band": given.band, "reason": given.reason}
        _note(request, tx, caller, "age_band_set", str(chooser.alias_no), detail)


@router.delete("/api/consent/people/{user_id}/tags/{tag}", status_code=204)
def delete_tag(request: Request, caller: Comply, user_id: str, tag: str) -> None:
    """Delete a tag of somebody at their wish: it is never computed for them again."""
    with app_part(request, "database").begin() as tx:
        chooser = _known(request, tx, user_id)
        _consent(request).objections.add(tx, chooser.alias_no, tag, how="console")
        _note(request, tx, caller, "tag_deleted", str(chooser.alias_no), {"tag": tag})


# --- a shop's server, by write key -----------------------------------------------------------------------------------


@router.get("/consent/v1/prompt")
def prompt(
    request: Request,
    key: Key,
    user_id: Annotated[str, Query(min_length=1, max_length=200)],
    subjects: Annotated[str, Query(max_length=200)] = "analytics,personalisation,marketing,social",
    peek: Annotated[bool, Query(description="Ask without its counting as a prompt")] = False,
) -> bodies.PromptsBody:
    """Whether to ask this person now, and with which text. A yes counts as the prompt, so ask when you can show it."""
    _from_a_server(request, key)
    days = app_part(request, "settings").consent.ask_again_days
    wanted = [s.strip() for s in subjects.split(",") if s.strip()]
    with app_part(request, "database").begin() as tx:
        chooser = _people(request).find(tx, user_id)
        found = _consent(request).prompt(tx, chooser, wanted, again_days=days, count=not peek)
    return bodies.PromptsBody(
        items=[
            bodies.PromptBody(
                subject=p.subject, ask=p.ask, reason=p.reason,
                again_time=None if p.again_us is None else to_iso(p.again_us),
                notice=None if p.notice is None else bodies.notice(p.notice),
            )
            for p in found
        ]
    )  # fmt: skip


@router.post("/consent/v1/receipts")
def receipts(request: Request, key: Key, given: bodies.ReceiptsAsk) -> bodies.TakenBody:
    """Take down what people chose in the shop; `how` names the place. People who are not known yet become known."""
    source_id = _from_a_server(request, key)
    people, consent = _people(request), _consent(request)
    numbers = [people.enrol(r.kind, r.user_id, source_id) for r in given.receipts]
    with app_part(request, "database").begin() as tx:
        for alias_no, said in zip(numbers, given.receipts, strict=True):
            chooser = people.of(tx, alias_no)
            if chooser is None:
                raise Conflict("person_changed", Words("请重试。", "Try again."), place="user_id")
            at_us = None if said.at is None else from_datetime(said.at)
            consent.record_receipt(
                tx, alias_no=chooser.alias_no, purpose=said.purpose, granted=said.granted, how=f"api: {said.how}",
                source_id=source_id, at_us=at_us, person=chooser.lookups, notice_version=said.notice_version,
            )  # fmt: skip
            for name, value in (("birthday", said.birthday), ("age", said.age)):
                if value is not None:
                    consent.ages.state(tx, {chooser.alias_no: (name, str(value))})
    return bodies.TakenBody(taken=len(numbers))


@router.post("/consent/v1/links")
def shop_link(request: Request, key: Key, given: bodies.LinkAsk) -> bodies.LinkBody:
    """A personal link for somebody whom the shop has signed in; hand it to nobody else."""
    _from_a_server(request, key)
    with app_part(request, "database").begin() as tx:
        chooser = _known(request, tx, given.user_id)
        link = _link(request, tx, chooser, given.hours, key.key_id)
        record(
            tx, app_part(request, "clock"), actor=key.key_id, action="consent_link_made", object_kind="consent",
            object_id=str(chooser.alias_no), detail={"link": link.link_id},
        )  # fmt: skip
    return _link_body(request, link)


# --- the person's own page -------------------------------------------------------------------------------------------


@router.get("/consent/{token}", include_in_schema=False)
def own_page(request: Request, token: str, lang: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """What is kept of the person and for what, in the language of the workspace or of `lang`."""
    settings = app_part(request, "settings")
    language = lang or settings.workspace.language
    nonce = request.state.csp_nonce
    try:
        page.limit(request, "page", settings)
        with app_part(request, "database").begin() as tx:
            link_id, chooser = _mine(request, tx, token)
            _consent(request).links.note_opened(tx, link_id)
            shown = page.gather(_consent(request), _people(request), tx, chooser, settings.workspace.name)
        shown = page.with_tags(shown, _people(request), chooser)
        html = page.render(shown, token, language, nonce)
        status = 200
    except Refused as refused:
        html, status = page.render_refusal(refused, language, nonce), refused.status
    return HTMLResponse(html, status_code=status, headers=page.headers(nonce))


@router.post("/consent/v1/mine")
def own_choice(request: Request, given: bodies.MineAsk) -> bodies.DoneBody:
    """What the person does on their page. The link's token stands in the body; the request must come from the page."""
    if not same_origin(request) or "json" not in request.headers.get("content-type", ""):
        raise Forbidden("csrf", Words("请从授权页操作。", "Act from the consent page."), place="origin")
    page.limit(request, "act", app_part(request, "settings"))
    if given.do == "ask" and (given.kind is None or not given.confirm):
        raise Refused("not_confirmed", Words("请确认。", "Please confirm."), place="confirm")
    consent, people = _consent(request), _people(request)
    with app_part(request, "database").begin() as tx:
        link_id, chooser = _mine(request, tx, given.token)
        detail: dict[str, object] = {"link": link_id, "do": given.do}
        if given.do == "choose":
            _choose(consent, tx, chooser, given)
            detail |= {"subject": given.subject, "granted": given.granted}
        elif given.do == "delete_tag":
            consent.objections.add(tx, chooser.alias_no, _named(given.tag), how="personal link")
            detail |= {"tag": given.tag}
        elif given.do == "allow_tag":
            consent.objections.remove(tx, chooser.alias_nos, _named(given.tag))
            detail |= {"tag": given.tag}
        elif given.kind is not None:
            detail |= {"kind": given.kind}
        record(
            tx, app_part(request, "clock"), actor="person", action="own_choice", object_kind="person",
            object_id=str(chooser.alias_no), detail=detail,
        )  # fmt: skip
    if given.do == "ask" and given.kind is not None:
        return bodies.DoneBody(
            done=True, request_id=people.request(chooser.alias_no, given.kind, given.text or "")
        )
    return bodies.DoneBody(done=True, request_id=None)


def _choose(consent: Consent, tx: Any, chooser: Chooser, given: bodies.MineAsk) -> None:
    if given.subject is None or given.granted is None:
        raise Refused("bad_choice", Words("缺少选择。", "The choice is missing."), place="subject")
    if given.subject == "guardian":
        raise Forbidden(
            "guardian_elsewhere",
            Words("监护人同意须由商城核验后登记。", "A guardian's consent is taken down by the shop after a check."),
            place="subject",
        )  # fmt: skip
    current = consent.notices.current(tx, given.subject)
    if given.granted and current is not None and given.notice_version != current.version:
        raise Conflict(
            "text_changed", Words("告知文本已更新，请重新阅读。", "The text has changed; please read it again."), place="notice_version"
        )  # fmt: skip
    consent.record_receipt(
        tx, alias_no=chooser.alias_no, purpose=given.subject, granted=given.granted, how="personal link",
        person=chooser.lookups, notice_version=given.notice_version if current is not None else None,
    )  # fmt: skip


def _named(tag: str | None) -> str:
    if not tag:
        raise Refused("bad_choice", Words("缺少标签。", "The tag is missing."), place="tag")
    return tag


def _mine(request: Request, tx: Any, token: str) -> tuple[str, Chooser]:
    link_id, alias_no = _consent(request).links.whose(tx, token)
    chooser = _people(request).of(tx, alias_no)
    if chooser is None:
        raise LinkDead
    return link_id, chooser


def _known(request: Request, tx: Any, user_id: str) -> Chooser:
    chooser = _people(request).find(tx, user_id)
    if chooser is None:
        raise NotFound("no_such_person", Words("没有这个用户。", "There is no such person."), place="user_id")
    return chooser


def _from_a_server(request: Request, key: KeyRecord) -> str:
    """The source of a key that only a server holds; raises Forbidden `server_only`: keys of web pages and apps are public, and
    whoever reads one there must not speak for other people."""
    source_id = key.source_id or DEFAULT_SOURCE
    with app_part(request, "database").connect() as connection:
        kind = _people(request).source_kind(connection, source_id)
    browser = request.headers.get("origin") or request.headers.get("sec-fetch-site")
    if browser or kind not in SERVER_SOURCES:
        raise Forbidden(
            "server_only",
            Words("请从服务端调用，并使用服务端数据源的写入密钥。", "Call from a server, with the write key of a server source."),
            place="authorization",
        )  # fmt: skip
    return source_id


def _link(request: Request, tx: Any, chooser: Chooser, hours: int | None, made_by: str) -> PersonalLink:
    wanted = hours or app_part(request, "settings").consent.link_hours
    return _consent(request).links.make(tx, chooser.alias_no, hours=wanted, made_by=made_by)


def _link_body(request: Request, link: PersonalLink) -> bodies.LinkBody:
    path = f"/consent/{link.token}"
    address = str(request.base_url).rstrip("/") + path
    return bodies.LinkBody(link_id=link.link_id, path=path, url=address, expires_time=to_iso(link.expires_us))


def _note(
    request: Request, tx: Any, caller: Caller, action: str, object_id: str, detail: Mapping[str, object]
) -> None:
    record(
        tx, app_part(request, "clock"), actor=caller.actor, action=action, object_kind="consent", object_id=object_id,
        detail=detail,
    )  # fmt: skip


def _count(count: Count) -> bodies.CountBody:
    return bodies.CountBody(
        subject=count.subject, granted=count.granted, refused=count.refused, unknown=count.unknown
    )


def _consent(request: Request) -> Consent:
    found: Consent = app_part(request, "consent")
    return found


def _people(request: Request) -> People:
    found: People = app_part(request, "consent_people")
    return found
