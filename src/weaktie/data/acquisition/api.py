"""HTTP: channel links, costs, figures of acquisition; and the public address behind each link."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from weaktie.data.acquisition import bodies
from weaktie.data.acquisition.contracts import (
    SEED_REASONS,
    BadRange,
    Link,
    NamingRule,
    NewLink,
    Seeds,
)
from weaktie.data.acquisition.linking import qr_image
from weaktie.data.acquisition.naming import PARTS, checked_rule, parts_of, problems_of
from weaktie.data.acquisition.service import Acquisition, SeedMaker
from weaktie.data.acquisition.targets import address_of, marks_of, with_marks
from weaktie.data.behaviour.contracts import Days
from weaktie.data.collect.contracts import CHANNEL_WORDS
from weaktie.kit.clock import business_day, days_between
from weaktie.kit.money import to_major
from weaktie.kit.pages import page_size
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/acquisition", tags=["acquisition"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
SHOWN_DAYS = 30


# --- figures


@router.get("/figures")
def figures(
    request: Request, _caller: View, from_day: Annotated[str, Query(alias="from")] = "", to_day: Annotated[str, Query(alias="to")] = ""
) -> bodies.AcquisitionFiguresBody:  # fmt: skip
    """Newcomers, cost, CAC, quality and value by channel and by code, of the last 30 days where nothing else is said."""
    part = _part(request)
    found = part.figures(_days(part, from_day, to_day))
    with part.database.connect() as connection:
        names = {link.code: link.name for link in part.links.everything(connection)}
        opened = part.links.opens_of(connection, found.from_day, found.to_day)
    return bodies.AcquisitionFiguresBody(
        **bodies.dates_of(found),
        everybody=bodies.group_body(found.everybody, None),
        channels=[bodies.group_body(g, _channel_words(g.key)) for g in found.channels],
        codes=[bodies.group_body(g, None, names.get(g.key or ""), opened.get(g.key or "", 0)) for g in found.codes],
        order_days=found.order_days, high_value_minor=found.high_value_minor, currency=found.currency,
        built=found.complete_day >= found.from_day or found.everybody.newcomers > 0,
    )  # fmt: skip


@router.get("/figures.csv")
def figures_csv(
    request: Request, _caller: View, from_day: Annotated[str, Query(alias="from")] = "", to_day: Annotated[str, Query(alias="to")] = "",
    by: Literal["channel", "code"] = "channel",
) -> Response:  # fmt: skip
    """The same figures for a spreadsheet; a missing cost and a share that is not complete are empty cells."""
    part = _part(request)
    found = part.figures(_days(part, from_day, to_day))
    rows: list[Sequence[object]] = [
        (by, "newcomers", "registered", "ordered_share", "high_value_share", "d1", "d7", "d30", "orders", "currency", "cost",
         "cac", "revenue", "payback", "payback_days", "free", "value_score")
    ]  # fmt: skip
    for g in found.channels if by == "channel" else found.codes:
        shares = [s.value for s in (g.ordered, g.high_value, g.d1, g.d7, g.d30)]
        cost = next((c for c in g.costs if c.currency == found.currency), g.costs[0] if g.costs else None)
        currency = cost.currency if cost else found.currency
        money = [
            None if value is None else to_major(value, currency)
            for value in (
                cost.cost_minor if cost else None,
                cost.cac_minor if cost else None,
                g.revenue.get(currency, 0),
            )
        ]
        back = (cost.payback, cost.payback_days) if cost else (None, None)
        rows.append(
            (g.key or "", g.newcomers, g.registered, *shares, g.orders, currency, *money, *back, int(g.free),
             g.score.value if g.score else None)
        )  # fmt: skip
    return _csv(rows, f"acquisition-{by}.csv")


@router.put("/channels/{channel}/free", status_code=204)
def declare_free(request: Request, caller: Operate, channel: str, given: bodies.FreeBody) -> None:
    """Declare that a channel costs nothing (organic, word of mouth), or take that back."""
    part = _part(request)
    with part.database.begin() as tx:
        part.spending.declare_free(tx, channel[:64], free=given.free, actor=caller.actor)
        _note(part, tx, caller, "acquisition.free", "channel", channel[:64], {"free": given.free})


# --- links


@router.get("/links")
def links(
    request: Request, _caller: View, search: str = "", channel: str = "", archived: bool = False,
    cursor: str | None = None, limit: int | None = None,
) -> bodies.ChannelLinkPage:  # fmt: skip
    """Channel links, the newest first."""
    part = _part(request)
    with part.database.connect() as connection:
        page = part.links.listed(
            connection, search=search[:200], channel=channel[:64], archived=archived, cursor=cursor, limit=page_size(limit)
        )  # fmt: skip
    return bodies.ChannelLinkPage(
        items=[_link(request, link) for link in page.items], next_cursor=page.next_cursor, total=page.total
    )


@router.post("/links", status_code=201)
def create_link(request: Request, caller: Operate, given: bodies.NewLinkBody) -> bodies.ChannelLinkBody:
    """Make a channel link."""
    part = _part(request)
    with part.database.begin() as tx:
        link = part.links.create(tx, NewLink(**given.model_dump()), actor=caller.actor)
        _note(
            part,
            tx,
            caller,
            "link.create",
            "link",
            link.link_id,
            {"code": link.code, "channel": link.channel},
        )
    return _link(request, link)


@router.post("/links/batch")
def create_links(request: Request, caller: Operate, given: bodies.LinkTable) -> bodies.MadeBody:
    """Make links of a CSV table; lines that cannot be made are answered with their reasons and the others are made."""
    part = _part(request)
    with part.database.begin() as tx:
        made, bad = part.links.create_many(tx, given.text, actor=caller.actor, dry=given.dry)
        if made and not given.dry:
            _note(
                part, tx, caller, "link.create_many", "link", "batch", {"links": len(made), "bad": len(bad)}
            )
    return bodies.MadeBody(made=[m.name for m in made], bad=[bodies.bad_body(b) for b in bad])


@router.get("/links.csv")
def links_csv(request: Request, _caller: View) -> Response:
    """Every link for a spreadsheet, archived ones included."""
    part = _part(request)
    with part.database.connect() as connection:
        found = part.links.everything(connection)
    head = (
        "code",
        "name",
        "address",
        "leads_to",
        "channel",
        "medium",
        "campaign",
        "content",
        "creator",
        "note",
        "opens",
        "archived",
    )
    shown = [_link(request, link) for link in found]
    rows: list[Sequence[object]] = [head]
    rows += [
        (x.code, x.name, x.address, x.leads_to, x.channel, x.medium, x.campaign, x.content, x.creator, x.note, x.opens,
         int(x.archived_time is not None))
        for x in shown
    ]  # fmt: skip
    return _csv(rows, "links.csv")


@router.post("/links/{link_id}/archive")
def archive_link(request: Request, caller: Operate, link_id: str) -> bodies.ChannelLinkBody:
    """Let a link lead nowhere from now on; what came through it stays counted."""
    return _archive(request, caller, link_id, archived=True)


@router.post("/links/{link_id}/restore")
def restore_link(request: Request, caller: Operate, link_id: str) -> bodies.ChannelLinkBody:
    """Let an archived link lead again."""
    return _archive(request, caller, link_id, archived=False)


@router.get("/links/{link_id}/qr.{kind}")
def qr(
    request: Request, _caller: View, link_id: str, kind: Literal["svg", "png"],
    scale: Annotated[int, Query(ge=1, le=40)] = 8,
) -> Response:  # fmt: skip
    """The QR code of a link's address."""
    part = _part(request)
    with part.database.connect() as connection:
        link = part.links.find(connection, link_id)
    image = qr_image(_address(request, link), kind, scale)
    return Response(
        image, media_type="image/svg+xml" if kind == "svg" else "image/png",
        headers={"Content-Disposition": f'inline; filename="{link.code}.{kind}"'},
    )  # fmt: skip


# --- naming


@router.get("/naming")
def naming(request: Request, _caller: View) -> bodies.NamingBody:
    """The naming rule that holds, those before it, and the parts a template may name."""
    part = _part(request)
    with part.database.connect() as connection:
        rules = part.links.rules(connection)
    return bodies.NamingBody(
        rule=bodies.rule_body(rules[0] if rules else NamingRule()), before=[bodies.rule_body(r) for r in rules[1:]],
        parts=[bodies.PartBody(key=key, words=words_body(words)) for key, words in PARTS.items()],
    )  # fmt: skip


@router.put("/naming")
def set_naming(request: Request, caller: Operate, given: bodies.NewRule) -> bodies.RuleBody:
    """A new naming rule for links made from now on; an empty template lets any name pass."""
    part = _part(request)
    with part.database.begin() as tx:
        rule = part.links.set_rule(tx, given.template, given.choices, actor=caller.actor)
        _note(part, tx, caller, "link.naming", "naming_rule", str(rule.version), {"template": rule.template})
    return bodies.rule_body(rule)


@router.post("/naming/check")
def check_name(request: Request, _caller: Operate, given: bodies.NameCheck) -> bodies.NameAnswer:
    """Whether a name follows the rule that holds, or the one that is given."""
    part = _part(request)
    if given.rule is None:
        with part.database.connect() as connection:
            rule = part.links.rule(connection)
    else:
        template, choices = checked_rule(given.rule.template, given.rule.choices)
        rule = NamingRule(template=template, choices=choices)
    problems = problems_of(rule, given.name, given.fields)
    said = parts_of(rule, given.name) if rule.template else {}
    return bodies.NameAnswer(
        fits=not problems, parts=said or {}, problems=[bodies.problem_body(p) for p in problems]
    )


# --- seeds


@router.post("/seeds/count")
def count_seeds(request: Request, _caller: Operate, given: bodies.SeedAsk) -> bodies.SeedCount:
    """How many digests a seed file would have, and who is left out for which reason."""
    return _seed_count(_seeds(request, given))


@router.post("/seeds")
def seeds(request: Request, caller: Operate, given: bodies.SeedAsk) -> Response:
    """A seed file: digests of the phones of people who granted marketing and, separately, sharing; one a line."""
    part = _part(request)
    made = _seeds(request, given)
    with part.database.begin() as tx:
        detail = {
            "kind": str(given.people.get("kind"))[:40], "algorithm": given.algorithm, "reason": given.reason,
            "seeds": len(made.hashes), "left_out": dict(made.left_out),
        }  # fmt: skip
        _note(part, tx, caller, "seeds.export", "seeds", str(given.people.get("kind"))[:40], detail)
    head = f"phone_{given.algorithm}"
    text = "\n".join([head, *made.hashes]) + "\n"
    name = f"seeds-{given.algorithm}.csv"
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# --- help


def _part(request: Request) -> Acquisition:
    found: Acquisition = app_part(request, "acquisition")
    return found


def _note(
    part: Acquisition,
    tx: Connection,
    caller: Caller,
    action: str,
    kind: str,
    object_id: str,
    detail: dict[str, object],
) -> None:
    record(
        tx,
        part.clock,
        actor=caller.actor,
        action=action,
        object_kind=kind,
        object_id=object_id,
        detail=detail,
    )


def _days(part: Acquisition, first: str, last: str) -> Days:
    today = business_day(part.clock.now_us(), part.settings.zone)
    try:
        since, to = days_between(first, last, today, SHOWN_DAYS)
    except ValueError:
        raise BadRange from None
    if since < 0:
        raise BadRange
    return Days(since, to)


def _channel_words(key: str | None) -> WordsBody | None:
    words = CHANNEL_WORDS.get(key or "")
    return words_body(words) if words else None


def _base(request: Request) -> str:
    given: str = _part(request).settings.acquisition.address
    return (given or str(request.base_url)).rstrip("/")


def _address(request: Request, link: Link) -> str:
    return f"{_base(request)}/l/{link.code}"


def _link(request: Request, link: Link) -> bodies.ChannelLinkBody:
    leads = address_of(link) if link.target_kind == "url" else with_marks(link.target, marks_of(link))
    return bodies.link_body(link, _address(request, link), leads)


def _archive(request: Request, caller: Caller, link_id: str, *, archived: bool) -> bodies.ChannelLinkBody:
    part = _part(request)
    with part.database.begin() as tx:
        link = part.links.archive(tx, link_id, archived=archived)
        _note(
            part,
            tx,
            caller,
            "link.archive" if archived else "link.restore",
            "link",
            link_id,
            {"code": link.code},
        )
    return _link(request, link)


def _seeds(request: Request, given: bodies.SeedAsk) -> Seeds:
    part = _part(request)
    maker: SeedMaker = app_part(request, "seed_maker")
    return maker.make(part.behaviour.people(given.people), part.behaviour.crowd(), given.algorithm)


def _seed_count(made: Seeds) -> bodies.SeedCount:
    return bodies.SeedCount(
        people=made.people, seeds=len(made.hashes),
        left_out=[
            bodies.SeedReason(code=code, words=words_body(SEED_REASONS[code]), count=count)
            for code, count in made.left_out.items()
            if count
        ],
    )  # fmt: skip


def _csv(rows: Iterable[Sequence[object]], name: str) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(
            [f"'{v}" if isinstance(v, str) and v[:1] in ("=", "+", "-", "@", "\t", "\r") else v for v in row]
        )
    return Response(
        "\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
