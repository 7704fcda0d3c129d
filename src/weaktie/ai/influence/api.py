"""HTTP: creators and KOCs, the rule, cascades."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection

from weaktie.ai.influence import bodies, cascades, creators, rules
from weaktie.ai.influence.contracts import (
    I32,
    ITEM_WORDS,
    MOST_DRAWN,
    BadCascade,
    Item,
    ItemKind,
    NoCreator,
)
from weaktie.ai.influence.service import Influence, Koc
from weaktie.ai.influence.spreads import About, item_of
from weaktie.data.behaviour.contracts import Days
from weaktie.kit.clock import day_to_iso, days_between, to_iso
from weaktie.kit.money import to_major
from weaktie.kit.pages import page_size, read_cursor, write_cursor
from weaktie.kit.web import app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/influence", tags=["influence"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
SHOWN_DAYS = 30
PAGE_DAYS = 90
MOST_CONTENTS = 30
Sort = Literal[
    "predicted", "last_actual", "friends", "followers", "fans", "interaction_rate", "repurchase_rate", "contents", "shares",
    "opened", "orders",
]  # fmt: skip
Passes = Literal["", "koc", "reach", "trust"]
FIGURES = (
    "friends", "followers", "fans", "interacted", "buyers", "repeat", "contents", "shares", "opened", "orders",
)  # fmt: skip


# --- creators


@router.get("/creators")
def every_creator(
    request: Request, _caller: View, search: Annotated[str, Query(max_length=200)] = "", sort: Sort = "predicted",
    ascending: bool = False, passes: Passes = "", cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int | None, Query(ge=1, le=500)] = None,
) -> bodies.CreatorsBody:  # fmt: skip
    """Creators, those of the greatest predicted reach first; `search` is a person's id."""
    part = part_of(request)
    koc = part.koc()
    places = _listed(part, koc, search, sort, ascending, passes)
    start = 0
    if cursor:
        (at,) = read_cursor(cursor, 1)
        start = max(at, 0) if isinstance(at, int) else 0
    size = page_size(limit)
    error = part.error(koc)
    return bodies.CreatorsBody(
        items=_rows(part, koc, places[start : start + size]),
        next_cursor=write_cursor(start + size) if start + size < len(places) else None, total=len(places),
        creators=len(koc.found), koc=int(koc.koc.sum()), reach=int(koc.reach.sum()), trust=int(koc.trust.sum()),
        rule=bodies.version_body(koc.version, {}).rule, month=koc.found.months[koc.month],
        pairs=koc.model.pairs if koc.model is not None else None,
        error=bodies.ReachErrorBody(
            month=error.month, creators=error.creators, median_error=error.median_error, spearman=error.spearman, kept=error.kept
        ),
        days=koc.version.rule.interaction_days,
    )  # fmt: skip


@router.get("/creators.csv")
def creators_csv(
    request: Request, caller: View, search: Annotated[str, Query(max_length=200)] = "", sort: Sort = "predicted",
    ascending: bool = False, passes: Passes = "",
) -> Response:  # fmt: skip
    """The same list for a spreadsheet: ids and figures, no name and no contact. It stands in the audit log."""
    part = part_of(request)
    koc = part.koc()
    rows = _rows(part, koc, _listed(part, koc, search, sort, ascending, passes))
    currencies = sorted({m.currency for r in rows for m in r.net})
    head = [
        "user_id", *FIGURES, "interaction_rate", "repurchase_rate", *(f"net_{c}" for c in currencies), "passes_reach",
        "passes_trust", "koc", "predicted", "last_predicted", "last_actual",
    ]  # fmt: skip
    lines: list[Sequence[object]] = [head]
    for r in rows:
        net = {m.currency: to_major(m.amount_minor, m.currency) for m in r.net}
        lines.append(
            [r.user_id, *(getattr(r, f) for f in FIGURES), r.interaction_rate, r.repurchase_rate, *(net.get(c, 0) for c in currencies),
             int(r.passes_reach), int(r.passes_trust), int(r.koc), r.predicted, r.last_predicted, r.last_actual]
        )  # fmt: skip
    with part.database.begin() as tx:
        note(part, tx, caller, "influence.export", "koc", "creators", {"people": len(rows)})
    return _csv(lines, "creators.csv")


@router.get("/creators/{user_id}")
def one_creator(request: Request, _caller: View, user_id: str) -> bodies.CreatorPageBody:
    """One creator; `@number` stands for a person without an id. 404 `no_creator` for who is none."""
    part = part_of(request)
    koc, person = part.koc(), part.person(user_id)
    at = koc.found.place(person)
    if at < 0:
        raise NoCreator
    social, today = part.book.social(), part.book.today
    days = Days(today - PAGE_DAYS + 1, today)
    trees, rows = part.spreads.rows(social, About(days, creator=person))
    contents = part.book.contents(social)
    own = np.flatnonzero(contents.creator == person)
    own = own[np.argsort(-contents.us[own], kind="stable")]
    touched = part.book.by_content(social, person, (days.first, days.last))
    shown = []
    for i in own[:MOST_CONTENTS].tolist():
        spread = cascades.rows_of_item(trees, Item("content", contents.ids[i]))
        reached, acted = touched.get(contents.ids[i], (0, 0))
        shown.append(
            bodies.CreatorContentBody(
                content_id=contents.ids[i], title=contents.titles[i], kind=contents.kinds[i], published_time=to_iso(int(contents.us[i])),
                reached=reached, acted=acted, cascade=len(spread), orders=int(trees.orders[spread].sum()),
            )
        )  # fmt: skip
    reasons = [] if koc.model is None else creators.reasons(koc.model, koc.found, koc.month, at)
    return bodies.CreatorPageBody(
        creator=_rows(part, koc, [at])[0], rule=bodies.version_body(koc.version, {}).rule,
        reasons=[bodies.reason_body(r) for r in reasons],
        months=[
            bodies.ReachMonthBody(month=m, reach=int(koc.found.reach[i][at]), complete=i < koc.month)
            for i, m in enumerate(koc.found.months)
        ],
        month=koc.found.months[koc.month], contents=shown, contents_total=len(own),
        cascade=bodies.figures_body(cascades.figures(trees, rows)), from_day=day_to_iso(days.first), to_day=day_to_iso(days.last),
    )  # fmt: skip


# --- the rule


@router.get("/rules")
def every_rule(request: Request, _caller: View) -> bodies.KocRulesBody:
    """The rule that holds and every one before it."""
    part = part_of(request)
    with part.database.connect() as connection:
        names = app_part(request, "accounts").names(connection)
        found = [bodies.version_body(v, names) for v in rules.history(connection)]
    return bodies.KocRulesBody(current=found[0], versions=found)


@router.post("/rules/preview")
def preview_rule(request: Request, _caller: View, body: bodies.KocRuleBody) -> bodies.KocPreviewBody:
    """How many creators would pass a rule; nothing is stored."""
    return bodies.KocPreviewBody(**part_of(request).preview(body.rule()))


@router.put("/rules")
def save_rule(request: Request, caller: Operate, body: bodies.KocRuleBody) -> bodies.KocSavedBody:
    """Let this rule hold from now on. Operators only."""
    part = part_of(request)
    with part.database.begin() as tx:
        version = rules.save(tx, body.rule(), caller.actor, part.clock.now_us())
        note(part, tx, caller, "influence.rule", "koc_rule", str(version), body.model_dump())
    return bodies.KocSavedBody(version=version)


@router.post("/rules/{version}/restore")
def restore_rule(request: Request, caller: Operate, version: int) -> bodies.KocSavedBody:
    """Let an earlier rule hold again, as a new version. Operators only."""
    part = part_of(request)
    with part.database.begin() as tx:
        rule = rules.version(tx, version).rule
        new = rules.save(tx, rule, caller.actor, part.clock.now_us(), restored=version)
        note(part, tx, caller, "influence.rule", "koc_rule", str(new), {"restored": version})
    return bodies.KocSavedBody(version=new)


# --- cascades


@router.get("/cascades")
def every_cascade(
    request: Request, _caller: View, from_day: Annotated[str, Query(alias="from")] = "", to_day: Annotated[str, Query(alias="to")] = "",
    kind: ItemKind | None = None,
) -> bodies.CascadesBody:  # fmt: skip
    """Cascades of some days by item and by creator, the largest first; of the last 30 days where nothing else is said."""
    part = part_of(request)
    days = _days(part, from_day, to_day)
    found, total = part.spreads.listed(days, kind)
    by_creator = part.spreads.creators(days)
    names = part.names([p for p, _ in by_creator])
    trees = part.spreads.forest(part.book.social(), days)
    everybody = cascades.figures(trees, np.arange(len(trees), dtype=np.int64))
    return bodies.CascadesBody(
        from_day=day_to_iso(days.first), to_day=day_to_iso(days.last), total=total,
        items=[
            bodies.CascadeBody(
                item=f"{c.item.kind}:{c.item.id}", kind=c.item.kind, kind_words=words_body(ITEM_WORDS[c.item.kind]), title=c.title,
                figures=bodies.figures_body(c.figures), first_time=to_iso(c.first_us), last_time=to_iso(c.last_us),
            )
            for c in found
        ],
        creators=[
            bodies.CreatorCascadeBody(person_no=p, user_id=names[p], figures=bodies.figures_body(f)) for p, f in by_creator
        ],
        everybody=bodies.figures_body(everybody),
    )  # fmt: skip


@router.get("/cascades/tree")
def cascade_tree(
    request: Request, _caller: View, from_day: Annotated[str, Query(alias="from")] = "", to_day: Annotated[str, Query(alias="to")] = "",
    item: Annotated[str, Query(max_length=300)] = "", creator: Annotated[str, Query(max_length=255)] = "",
    most: Annotated[int, Query(ge=10, le=MOST_DRAWN)] = 80,
) -> bodies.CascadeTreeBody:  # fmt: skip
    """The tree of one `item` (`content:ID`, `product:ID`, `invite:`) or of one `creator`: at most `most` people are drawn, the
    others are counted where they would stand."""
    part = part_of(request)
    days = _days(part, from_day, to_day)
    if bool(item) == bool(creator):
        raise BadCascade("item", Words("请指定传播对象或创作者之一。", "Name either an item or a creator."))
    about = About(days, item=item_of(item)) if item else About(days, creator=part.person(creator))
    social = part.book.social()
    trees, rows = part.spreads.rows(social, about)
    shown = cascades.shown_people(trees, rows, most)
    names = part.names([*shown.tolist(), *([about.creator] if about.creator is not None else [])])
    tree = part.spreads.tree(about, names, most)
    return bodies.CascadeTreeBody(
        from_day=day_to_iso(days.first), to_day=day_to_iso(days.last), title=tree.name, creator_no=about.creator,
        figures=bodies.figures_body(cascades.figures(trees, rows)), drawn=min(len(rows), most), tree=bodies.node_body(tree),
    )  # fmt: skip


# --- parts


def part_of(request: Request) -> Influence:
    """The part behind these routes."""
    part: Influence = app_part(request, "influence")
    return part


def _days(part: Influence, first: str, last: str) -> Days:
    try:
        return Days(*days_between(first, last, part.book.today, SHOWN_DAYS))
    except ValueError:
        raise BadCascade("from", Words("日期无效。", "The day is not valid.")) from None


def _listed(part: Influence, koc: Koc, search: str, sort: Sort, ascending: bool, passes: Passes) -> list[int]:
    """Places of creators of a filter, in order; of equals the smaller number first, and who has no figure last."""
    mask = {"koc": koc.koc, "reach": koc.reach, "trust": koc.trust}.get(passes)
    places = np.arange(len(koc.found)) if mask is None else np.flatnonzero(mask)
    if search.strip():
        try:
            at = koc.found.place(part.person(search.strip()))
        except NoCreator:
            return []
        places = places[places == at]
    value = _figure(koc, sort)[places]
    order = np.lexsort((places, np.where(np.isnan(value), np.inf, value if ascending else -value)))
    return [int(p) for p in places[order]]


def _figure(koc: Koc, sort: Sort) -> "np.ndarray[Any, np.dtype[np.float64]]":
    found = koc.found
    if sort == "predicted":
        return koc.predicted if koc.predicted is not None else koc.actual().astype(np.float64)
    if sort == "last_actual":
        return koc.actual().astype(np.float64)
    if sort == "interaction_rate":
        return creators.rates(found.interacted, found.fans)
    if sort == "repurchase_rate":
        return creators.rates(found.repeat, found.buyers)
    column: I32 = getattr(found, sort)
    return column.astype(np.float64)


def _rows(part: Influence, koc: Koc, places: Sequence[int]) -> list[bodies.CreatorBody]:
    found = koc.found
    names = part.names(found.people[list(places)] if places else [])

    def known(values: "np.ndarray[Any, np.dtype[np.float64]] | None", at: int) -> float | None:
        return None if values is None or np.isnan(values[at]) else float(values[at])

    interaction = creators.rates(found.interacted, found.fans)
    repurchase = creators.rates(found.repeat, found.buyers)
    actual = koc.actual()
    return [
        bodies.CreatorBody(
            person_no=int(found.people[i]), user_id=names[int(found.people[i])],
            **{f: int(getattr(found, f)[i]) for f in FIGURES},
            interaction_rate=known(interaction, i), repurchase_rate=known(repurchase, i),
            net=bodies.money({c: int(v[i]) for c, v in found.net_minor.items()}),
            passes_reach=bool(koc.reach[i]), passes_trust=bool(koc.trust[i]), koc=bool(koc.koc[i]),
            predicted=known(koc.predicted, i), last_predicted=known(koc.before, i), last_actual=int(actual[i]),
        )
        for i in places
    ]  # fmt: skip


def note(
    part: Influence, tx: Connection, caller: Caller, action: str, kind: str, object_id: str, detail: Mapping[str, object]
) -> None:  # fmt: skip
    """Put one line into the audit chain."""
    record(
        tx, part.clock, actor=caller.actor, action=action, object_kind=kind, object_id=object_id, detail=dict(detail)
    )  # fmt: skip


def _csv(rows: Sequence[Sequence[object]], name: str) -> Response:
    """UTF-8 with a byte-order mark; cells that a spreadsheet would run are neutralised."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"'{c}" if isinstance(c, str) and c[:1] in "=+-@\t\r" else c for c in row])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
