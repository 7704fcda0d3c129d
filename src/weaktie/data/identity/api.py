"""HTTP: why identifiers are one person, undo and redo, the review queue, orders without a buyer."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from weaktie.data.identity import bodies as b
from weaktie.data.identity import reviews
from weaktie.data.identity.contracts import NoSuchIdentifier, NoSuchReview
from weaktie.data.identity.deciding import Decisions
from weaktie.data.identity.explaining import explain, history
from weaktie.data.identity.reviews import REASONS
from weaktie.data.identity.service import component
from weaktie.data.identity.showing import Eyes, tally
from weaktie.data.identity.unidentified import WHY, Unidentified
from weaktie.data.sources.service import list_sources
from weaktie.kit.errors import Refused
from weaktie.kit.web import app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["identity"])
View = Annotated[Caller, Depends(require("view"))]
Care = Annotated[Caller, Depends(require("operate", "comply"))]
Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int | None, Query(ge=1, le=100)]
NUMBERED = re.compile(r"@([0-9]{1,9})")


@router.get("/profiles/{user_id}/identity")
def person(request: Request, _caller: View, user_id: str) -> b.PersonIdentity:
    """Why these identifiers are one person: links with source, times and evidence, and what people said of them."""
    with app_part(request, "database").connect() as connection:
        why = explain(connection, _number(request, connection, user_id))
        owners = {n: component(connection, n) or [n] for n in why.beside[:50]}
        said = history(connection, why.members)
        return _eyes(request, connection).person(why, owners, said)


@router.post("/identity/links/undo")
def undo(request: Request, caller: Care, body: b.IdentityLinkRequest) -> b.AfterDecision:
    """A link counts no more; lookups see it at once, profiles after the next build. 409 `link_undone` where it does not
    hold now."""
    with app_part(request, "database").begin() as tx:
        made = _decisions(request).undo(tx, body.a, body.b, actor=caller.actor, reason=body.reason)
        return _after(request, tx, made, body.a, body.b)


@router.post("/identity/links/redo")
def redo(request: Request, caller: Care, body: b.IdentityLinkRequest) -> b.AfterDecision:
    """Take back an undoing, or a word that two are two people. 409 `link_holds` where it holds now."""
    with app_part(request, "database").begin() as tx:
        made = _decisions(request).redo(tx, body.a, body.b, actor=caller.actor, reason=body.reason)
        return _after(request, tx, made, body.a, body.b)


@router.post("/identity/decisions")
def decide(request: Request, caller: Care, body: b.DecisionRequest) -> b.AfterDecision:
    """Two people are one, or are two. 409 `already_one`, `still_joined`, `shared_by_others`."""
    with app_part(request, "database").begin() as tx:
        first = _number(request, tx, body.a, "a")
        second = _number(request, tx, body.b, "b")
        decisions = _decisions(request)
        take = decisions.same if body.verdict == "same" else decisions.different
        made = take(tx, first, second, actor=caller.actor, reason=body.reason)
        return _after(request, tx, made, first, second)


@router.get("/identity/reviews")
def queue(
    request: Request,
    _caller: View,
    state: Literal["open", "later", "different"] = "open",
    reason: Annotated[str | None, Query(max_length=24)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> b.ReviewPage:
    """Questions that the rules leave to people, the newest first; shared devices only where asked for."""
    if reason is not None and reason not in REASONS:
        raise Refused("bad_reason", Words("没有这种原因。", "There is no such reason."), place="reason")
    with app_part(request, "database").connect() as connection:
        page = reviews.page(connection, state=state, reason=reason, cursor=cursor, limit=limit)
        eyes = _eyes(request, connection)
        items = []
        for review in page.items:
            try:
                items.append(eyes.review(review))
            except NoSuchReview:
                continue  # erased since the last look
    return b.ReviewPage(items=items, next_cursor=page.next_cursor)


@router.get("/identity/reviews/counts")
def counts(request: Request, _caller: View) -> b.ReviewCounts:
    """How many questions there are, by state and reason."""
    with app_part(request, "database").connect() as connection:
        found = reviews.counts(connection)
    return b.ReviewCounts(
        items=[
            b.ReviewCount(state=state, reason=reason, words=words_body(REASONS[reason]), count=number)
            for (state, reason), number in sorted(found.items())
        ]
    )


@router.post("/identity/reviews/{review_id}")
def answer(request: Request, caller: Care, review_id: int, body: b.ReviewAnswer) -> b.ReviewOutcome:
    """Answer a question. 404 `no_such_review`, 400 `not_about_these` where it changed meanwhile."""
    with app_part(request, "database").begin() as tx:
        made = _decisions(request).judge(
            tx, review_id, body.verdict, body.people, actor=caller.actor, reason=body.reason
        )
        eyes = _eyes(request, tx)
        try:
            left = eyes.review(reviews.find(tx, review_id))
        except NoSuchReview:
            left = None
        return b.ReviewOutcome(decisions=[eyes.decision(word) for word in made], review=left)


@router.get("/identity/unidentified")
def unidentified(
    request: Request,
    _caller: View,
    reason: Literal["no_buyer", "hidden_buyer", "file"] | None = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> b.UnidentifiedBody:
    """Orders without a buyer, the newest first, with counts by reason."""
    found: Unidentified = app_part(request, "unidentified")
    every, tallies, page = found.read(reason, cursor, limit)
    with app_part(request, "database").connect() as connection:
        eyes = _eyes(request, connection)
        return b.UnidentifiedBody(
            all_orders=every,
            tallies=[tally(one) for one in tallies if one.reason in WHY],
            items=[eyes.order(order) for order in page.items],
            next_cursor=page.next_cursor,
        )


def _number(request: Request, connection: Connection, user_id: str, place: str = "user_id") -> int:
    numbered = NUMBERED.fullmatch(user_id)
    found: int | None = (
        int(numbered[1]) if numbered else app_part(request, "identity").find(connection, user_id)
    )
    if found is None:
        raise NoSuchIdentifier(place)
    return found


def _decisions(request: Request) -> Decisions:
    return Decisions(app_part(request, "clock"))


def _eyes(request: Request, connection: Connection) -> Eyes:
    names = {source.source_id: source.name for source in list_sources(connection)}
    actors = app_part(request, "accounts").names(connection)
    return Eyes(connection, app_part(request, "vault"), app_part(request, "permits"), names, actors)


def _after(request: Request, tx: Connection, made: object, first: int, second: int) -> b.AfterDecision:
    return b.AfterDecision(
        decision=_eyes(request, tx).decision(made),  # type: ignore[arg-type]
        a_person=component(tx, first),
        b_person=component(tx, second),
    )
