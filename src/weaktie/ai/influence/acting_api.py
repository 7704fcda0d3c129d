"""HTTP: choosing seeds, and audiences of creators' contents."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import RowMapping

from weaktie.ai.influence import audiences, bodies, planning
from weaktie.ai.influence.api import Operate, View, note, part_of
from weaktie.ai.influence.audiences import NewAudience
from weaktie.ai.influence.contracts import (
    LEFT_OUT_WORDS,
    METHOD_WORDS,
    MODEL_WORDS,
    WEIGHT_WORDS,
    AudienceDraft,
)
from weaktie.ai.influence.rules import current
from weaktie.ai.influence.service import Influence
from weaktie.kit.clock import to_iso
from weaktie.kit.web import app_part, words_body

router = APIRouter(prefix="/api/influence", tags=["influence"])
SHOWN = 100
MOST_SHOWN = 500


# --- seeds


@router.post("/seeds", status_code=201)
def choose(request: Request, caller: Operate, body: bodies.SeedsAsk) -> bodies.SeedPlanBody:
    """Choose people to begin with, and keep the choice; it takes seconds over a hundred thousand people. Operators only."""
    part = part_of(request)
    ask = body.ask()
    found = part.planner.choose(ask)
    with part.database.begin() as tx:
        plan_id = planning.keep(tx, ask, found, caller.actor, part.clock.now_us())
        detail = {
            "method": found.choice.method,
            "people": len(found.seeds),
            "budget_minor": ask.budget_minor,
            "most": ask.most,
        }
        note(part, tx, caller, "influence.seeds", "seed_plan", plan_id, detail)
    return _plan(request, plan_id)


@router.get("/seeds")
def every_plan(request: Request, _caller: View) -> bodies.SeedPlansBody:
    """The last hundred choices, the newest first."""
    part = part_of(request)
    with part.database.connect() as connection:
        names = app_part(request, "accounts").names(connection)
        rows = planning.every(connection)
    currency = app_part(request, "settings").workspace.currency
    return bodies.SeedPlansBody(
        items=[_plan_body(row, [], 0, names, currency) for row in rows], currency=currency
    )


@router.get("/seeds/{plan_id}")
def one_plan(request: Request, _caller: View, plan_id: str) -> bodies.SeedPlanBody:
    """A choice with its people who may be told now; `gone` counts the others."""
    return _plan(request, plan_id)


# --- audiences


@router.post("/audiences/preview")
def preview_audience(
    request: Request, _caller: View, body: bodies.AudienceDraftAsk
) -> bodies.AudienceDraftBody:
    """Whom a creator's content would go to, through whom, and who is left out why; nothing is stored."""
    part = part_of(request)
    found = part.draft(part.person(body.creator), body.content_id, body.size)
    with part.database.connect() as connection:
        cap = current(connection).rule.cap
    return _draft(part, found, cap)


@router.post("/audiences", status_code=201)
def make_audience(request: Request, caller: Operate, body: bodies.AudienceAsk) -> bodies.AudienceBody:
    """Keep an audience; its people count for the cap of seven days from now on. Operators only."""
    part = part_of(request)
    creator = part.person(body.creator)
    part.draft(creator, body.content_id, body.size)
    with part.database.begin() as tx:
        made = NewAudience(body.name, body.content_id, body.size, current(tx).rule.cap)
        audience_id, found = part.make_audience(tx, creator, made, caller.actor)
        detail = {
            "name": body.name,
            "people": len(found.reached),
            "asked": body.size,
            "content_id": body.content_id,
        }
        note(part, tx, caller, "influence.audience", "koc_audience", audience_id, detail)
    with part.database.connect() as connection:
        return _bodies(request, [audiences.one(connection, audience_id)])[0]


@router.get("/audiences")
def every_audience(
    request: Request, _caller: View, creator: Annotated[str, Query(max_length=255)] = ""
) -> bodies.AudiencesBody:
    """Audiences, the newest first; of one creator where one is named."""
    part = part_of(request)
    wanted = part.person(creator) if creator else None
    with part.database.connect() as connection:
        rows = audiences.every(connection)
    living = part.living([row["creator_alias_no"] for row in rows])
    kept = [r for r, person in zip(rows, living, strict=True) if wanted is None or person == wanted]
    return bodies.AudiencesBody(items=_bodies(request, kept))


@router.get("/audiences/{audience_id}")
def one_audience(request: Request, _caller: View, audience_id: str) -> bodies.AudiencePageBody:
    """One audience with its people who may be told now."""
    part = part_of(request)
    with part.database.connect() as connection:
        row, rows = audiences.one(connection, audience_id), audiences.members(connection, audience_id)
    living = part.living([r["alias_no"] for r in rows])
    there = [(r, p) for r, p in zip(rows, living, strict=True) if p >= 0]
    shown = there[:MOST_SHOWN]
    through = part.living([-1 if r["through_alias_no"] is None else r["through_alias_no"] for r, _ in shown])
    names = part.names([*(p for _, p in shown), *through])
    items = [
        bodies.AudiencePersonBody(
            place=r["place"], person_no=p, user_id=names[p], score=r["score"], through_no=t if t >= 0 else None,
            through=names.get(t), ways=r["ways"],
        )
        for (r, p), t in zip(shown, through, strict=True)
    ]  # fmt: skip
    return bodies.AudiencePageBody(audience=_bodies(request, [row])[0], people=len(there), items=items)


@router.delete("/audiences/{audience_id}", status_code=204)
def take_back(request: Request, caller: Operate, audience_id: str) -> Response:
    """Undo an audience that was not used: its people count for no cap any more. Operators only."""
    part = part_of(request)
    with part.database.begin() as tx:
        name = audiences.one(tx, audience_id)["name"]
        audiences.take_back(tx, audience_id)
        note(part, tx, caller, "influence.audience_undo", "koc_audience", audience_id, {"name": name})
    return Response(status_code=204)


# --- parts


def _plan(request: Request, plan_id: str) -> bodies.SeedPlanBody:
    part = part_of(request)
    with part.database.connect() as connection:
        names = app_part(request, "accounts").names(connection)
        row, people = planning.one(connection, plan_id)
    living = part.living([p["alias_no"] for p in people])
    called = part.names(living)
    seeds = [
        bodies.SeedPersonBody(
            place=p["place"], person_no=n, user_id=called[n], gain=p["gain"], alone=p["alone"], cost_minor=p["cost_minor"]
        )
        for p, n in zip(people, living, strict=True)
        if n >= 0
    ]  # fmt: skip
    currency = app_part(request, "settings").workspace.currency
    return _plan_body(row, seeds, len(people) - len(seeds), names, currency)


def _plan_body(
    row: RowMapping, seeds: list[bodies.SeedPersonBody], gone: int, names: Mapping[str, str], currency: str
) -> bodies.SeedPlanBody:
    ask = bodies.SeedsAsk.model_validate(msgspec.json.decode(row["ask_json"]))
    result = msgspec.json.decode(row["result_json"])
    return bodies.SeedPlanBody(
        plan_id=row["plan_id"], made_time=to_iso(row["made_us"]), made_by=row["made_by"], made_by_name=names.get(row["made_by"]),
        ask=ask, currency=currency, method=result["method"], method_words=words_body(METHOD_WORDS[result["method"]]),
        model_words=words_body(MODEL_WORDS[ask.model]), weights_words=words_body(WEIGHT_WORDS[ask.weights]),
        methods=[
            bodies.SeedMethodBody(
                method=m["method"], words=words_body(METHOD_WORDS[m["method"]]), seeds=m["seeds"], cost_minor=m["cost_minor"],
                mean=m["mean"], low=m["low"], high=m["high"],
            )
            for m in result["methods"]
        ],
        overlap=result["overlap"], people=result["people"], ties=result["ties"], candidates=result["candidates"],
        sets=result["sets"], guarantee=result["guarantee"],
        took_ms=result["took_ms"], seeds=seeds, gone=gone,
    )  # fmt: skip


def _reasons(left_out: Mapping[str, int]) -> list[bodies.AudienceReasonBody]:
    return [
        bodies.AudienceReasonBody(code=code, words=words_body(LEFT_OUT_WORDS[code]), count=count)
        for code, count in left_out.items()
    ]


def _draft(part: Influence, found: AudienceDraft, cap: int) -> bodies.AudienceDraftBody:
    shown = found.reached.where(slice(SHOWN))
    names = part.names([*shown.people.tolist(), *shown.through.tolist()])
    columns = zip(
        shown.people.tolist(), shown.score.tolist(), shown.through.tolist(), shown.ways.tolist(), strict=True
    )  # fmt: skip
    items = [
        bodies.AudiencePersonBody(
            place=place, person_no=p, user_id=names[p], score=score, through_no=t if t >= 0 else None, through=names.get(t), ways=ways
        )
        for place, (p, score, t, ways) in enumerate(columns, 1)
    ]  # fmt: skip
    return bodies.AudienceDraftBody(
        creator_no=found.creator, friends=found.friends, pool=found.pool, size=len(found.reached), cap=cap,
        left_out=_reasons(found.left_out), items=items,
    )  # fmt: skip


def _bodies(request: Request, rows: Sequence[RowMapping]) -> list[bodies.AudienceBody]:
    part = part_of(request)
    living = part.living([row["creator_alias_no"] for row in rows])
    called = part.names(living)
    contents = part.book.contents(part.book.social())
    titles = dict(zip(contents.ids, contents.titles, strict=True))
    with part.database.connect() as connection:
        names = app_part(request, "accounts").names(connection)
    return [
        bodies.AudienceBody(
            audience_id=row["audience_id"], name=row["name"], creator_no=n if n >= 0 else None, creator=called.get(n),
            content_id=row["content_id"], title=titles.get(row["content_id"], row["content_id"]), size=row["size"],
            asked=row["asked"], cap=row["cap"], left_out=_reasons(msgspec.json.decode(row["left_out_json"])),
            made_time=to_iso(row["made_us"]), made_by=row["made_by"], made_by_name=names.get(row["made_by"]),
        )
        for row, n in zip(rows, living, strict=True)
    ]  # fmt: skip
