"""HTTP for the console: campaigns, figures, rewards under review, messages to the shop, group buying."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from weaktie.business.referral import bodies, group_bodies
from weaktie.business.referral.campaigns import purse_of
from weaktie.business.referral.contracts import HOOK_EVENTS, Campaign
from weaktie.business.referral.figures import MOST_NODES, board, cards, figures, grown
from weaktie.business.referral.linter import lint
from weaktie.business.referral.rules import published
from weaktie.business.referral.service import Referral
from weaktie.business.referral.spec import TEMPLATE_WORDS, TEMPLATES, spec_from, worse
from weaktie.kit.clock import business_day, day_to_iso, to_iso
from weaktie.kit.web import app_part, words_body
from weaktie.trust.accounts.api import Caller, require, write_key
from weaktie.trust.accounts.contracts import KeyRecord
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/referral", tags=["referral"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Comply = Annotated[Caller, Depends(require("comply", "operate"))]
Key = Annotated[KeyRecord, Depends(write_key)]
"""The write key of a shop's server, for `shop_api`."""
STATES = ("pending", "held", "paid", "refused", "voided", "clawed_back", "clawback_open")


# --- campaigns


@router.get("/templates")
def templates(request: Request, _caller: View) -> list[bodies.ReferralTemplate]:
    """Rules to begin with: the plan's campaign, from today on."""
    part = _part(request)
    today = business_day(part.clock.now_us(), part.settings.zone)
    target = "https://shop.example.com/register"
    return [
        bodies.ReferralTemplate(
            key=key, words=words_body(TEMPLATE_WORDS[key]),
            spec=bodies.spec_answer(make(today, target, part.settings.workspace.currency)),
        )
        for key, make in TEMPLATES.items()
    ]  # fmt: skip


@router.post("/lint")
def lint_spec(request: Request, _caller: View, given: bodies.LintAsk, against: str = "") -> bodies.LintAnswer:
    """What the validator and the linters say of rules that are not kept; `against` is a campaign with which they are compared."""
    part = _part(request)
    spec = spec_from(given.spec.model_dump())
    losses: tuple[str, ...] = ()
    if against:
        with part.database.connect() as connection:
            before = part.campaigns.find(connection, against)
        if before.state in ("running", "paused"):
            losses = worse((before.coming or before.current).spec, spec)
    return bodies.LintAnswer(
        findings=[bodies.finding_body(f) for f in lint(spec)], rules=[words_body(r) for r in published(spec)], worse=list(losses)
    )  # fmt: skip


@router.get("/campaigns")
def campaigns(request: Request, _caller: View) -> bodies.CampaignList:
    """Every campaign with its newest numbers."""
    part = _part(request)
    with part.database.connect() as connection:
        found, numbers = part.campaigns.listed(connection), cards(connection)
    return bodies.CampaignList(
        items=[bodies.campaign_card(c, *numbers.get(c.campaign_id, (0, 0, 0))) for c in found],
        ledger=part.ledger is not None, scorer=part.assess is not None, ties=part.strength is not None,
    )  # fmt: skip


@router.post("/campaigns", status_code=201)
def create(request: Request, caller: Operate, given: bodies.NewCampaign) -> bodies.CampaignBody:
    """Make a draft."""
    part = _part(request)
    with part.database.begin() as tx:
        made = part.campaigns.create(tx, given.name, spec_from(given.spec.model_dump()), actor=caller.actor)
        _note(part, tx, caller, "referral.create", made.campaign_id, {})
    return bodies.campaign_body(made)


@router.get("/campaigns/{campaign_id}")
def campaign(request: Request, _caller: View, campaign_id: str) -> bodies.CampaignBody:
    """One campaign."""
    return bodies.campaign_body(_found(_part(request), campaign_id))


@router.put("/campaigns/{campaign_id}")
def edit(
    request: Request, caller: Operate, campaign_id: str, given: bodies.NewCampaign
) -> bodies.CampaignBody:
    """Another version of the rules; for a campaign that was launched, what is worse for participants holds seven days later."""
    part = _part(request)
    with part.database.begin() as tx:
        spec = spec_from(given.spec.model_dump())
        found = part.campaigns.edit(tx, campaign_id, spec, name=given.name, actor=caller.actor)
        last = found.coming or found.current
        detail = {"version": last.version, "worse": list(last.worse)}
        _note(part, tx, caller, "referral.edit", campaign_id, detail)
    return bodies.campaign_body(found)


@router.get("/campaigns/{campaign_id}/versions")
def versions(request: Request, _caller: View, campaign_id: str) -> list[bodies.VersionBody]:
    """Every version, the newest first."""
    part = _part(request)
    with part.database.connect() as connection:
        part.campaigns.find(connection, campaign_id)
        found = part.campaigns.versions(connection, campaign_id)
    return [bodies.version_body(v) for v in reversed(found)]


@router.post("/campaigns/{campaign_id}/check")
def check(request: Request, caller: Operate, campaign_id: str) -> bodies.CheckedBody:
    """Hold a draft against the validator and the linters; without errors it may be launched."""
    part = _part(request)
    with part.database.begin() as tx:
        found, findings = part.campaigns.check(tx, campaign_id)
        errors = sum(1 for f in findings if f.severity == "error")
        _note(part, tx, caller, "referral.check", campaign_id, {"errors": errors, "findings": len(findings)})
    return bodies.CheckedBody(
        campaign=bodies.campaign_body(found), findings=[bodies.finding_body(f) for f in findings]
    )


@router.post("/campaigns/{campaign_id}/{to}")
def move(
    request: Request, caller: Operate, campaign_id: str, to: Literal["launch", "pause", "resume", "end"]
) -> bodies.CampaignBody:
    """Launch a checked campaign, pause, resume or end it. A launch moves the budget into the campaign's account."""
    part = _part(request)
    with part.database.begin() as tx:
        found = part.campaigns.move(tx, campaign_id, to, actor=caller.actor)
        _note(part, tx, caller, f"referral.{to}", campaign_id, {"version": found.current.version})
    return bodies.campaign_body(found)


# --- what came of it


@router.get("/campaigns/{campaign_id}/figures")
def campaign_figures(request: Request, _caller: View, campaign_id: str) -> bodies.CampaignFigures:
    """The funnel, K-factor, cost of a new user, rewards by state and reason."""
    part = _part(request)
    with part.database.connect() as connection:
        found = part.campaigns.find(connection, campaign_id)
        currency = found.current.spec.currency
        known = figures(connection, found, part.settings)
        left = (
            None
            if part.ledger is None
            else part.ledger.available(connection, purse_of(campaign_id, currency))
        )
    return bodies.figures_body(known, currency, left)


@router.get("/campaigns/{campaign_id}/cascade")
def campaign_cascade(request: Request, _caller: View, campaign_id: str) -> bodies.ReferralCascadeBody:
    """How the campaign grew from person to person, by pseudonyms."""
    part = _part(request)
    with part.database.connect() as connection:
        part.campaigns.find(connection, campaign_id)
        found = grown(connection, campaign_id, lambda number: number)
    by_day: dict[int, list[int]] = {}
    for _, _, depth, at_us in found.rows:
        row = by_day.setdefault(business_day(at_us, part.settings.zone), [0] * len(found.depths))
        row[depth - 1] += 1
    days = range(min(by_day), max(by_day) + 1) if by_day else range(0)
    total = [0] * len(found.depths)
    cumulative = []
    for day in days:
        total = [a + b for a, b in zip(total, by_day.get(day, [0] * len(total)), strict=True)]
        cumulative.append(total)
    called = {p: part.codes.called(campaign_id, p) for row in found.rows[-MOST_NODES:] for p in row[:2]}
    return bodies.ReferralCascadeBody(
        depths=found.depths, total=len(found.rows), days=[day_to_iso(d) for d in days], grown=cumulative,
        nodes=[
            bodies.ReferralCascadeNode(key=called[friend], parent=called[inviter], depth=depth, at=to_iso(at_us))
            for friend, inviter, depth, at_us in found.rows[-MOST_NODES:]
        ],
    )  # fmt: skip


@router.get("/campaigns/{campaign_id}/board")
def campaign_board(request: Request, _caller: View, campaign_id: str) -> bodies.BoardList:
    """Who brought the most friends that count, by pseudonyms."""
    part = _part(request)
    with part.database.connect() as connection:
        part.campaigns.find(connection, campaign_id)
        found = board(connection, campaign_id)
    return bodies.BoardList(
        items=[
            bodies.BoardPlace(place=n, name=part.codes.called(campaign_id, who), friends=friends)
            for n, (who, friends) in enumerate(found, 1)
        ]
    )


@router.get("/campaigns/{campaign_id}/rewards")
def campaign_rewards(
    request: Request,
    _caller: View,
    campaign_id: str,
    state: Annotated[str, Query(max_length=80)] = "held,refused",
) -> bodies.RewardRows:
    """Rewards in these states (a comma list), the newest first, each with its reason."""
    part = _part(request)
    wanted = [s for s in state.split(",") if s in STATES]
    with part.database.connect() as connection:
        part.campaigns.find(connection, campaign_id)
        found = part.book.of_campaign(connection, campaign_id, wanted)
    return bodies.RewardRows(
        items=[
            bodies.reward_row(r, part.codes.called(campaign_id, r.payee) if r.payee is not None else "–")
            for r in found
        ]
    )


@router.post("/rewards/{reward_id}/review")
def review(request: Request, caller: Comply, reward_id: str, given: bodies.ReviewAsk) -> bodies.RewardRow:
    """Let a reward pass that the scorer holds, or refuse it; also grants an appeal. What no scorer has seen cannot pass."""
    part = _part(request)
    with part.database.begin() as tx:
        after = part.paying.review(tx, reward_id, pay=given.pay, actor=caller.actor)
        detail = {"pay": given.pay, "reason": given.reason, "state": after.state}
        record(
            tx, part.clock, actor=caller.actor, action="referral.review", object_kind="reward", object_id=reward_id, detail=detail
        )  # fmt: skip
    person = "–" if after.payee is None else part.codes.called(after.campaign_id, after.payee)
    return bodies.reward_row(after, person)


# --- messages to the shop


@router.get("/hooks")
def hooks(request: Request, _caller: View) -> bodies.HookList:
    """The shop's addresses that are told what happens."""
    part = _part(request)
    with part.database.connect() as connection:
        found = part.hooks.listed(connection)
    return bodies.HookList(items=[bodies.hook_body(h) for h in found], events=list(HOOK_EVENTS))


@router.post("/hooks", status_code=201)
def create_hook(request: Request, caller: Operate, given: bodies.HookAsk) -> bodies.HookBody:
    """Add an address; its secret is in this answer only."""
    part = _part(request)
    with part.database.begin() as tx:
        hook, secret = part.hooks.create(tx, given.url, given.events, actor=caller.actor)
        _note(
            part, tx, caller, "referral.hook_create", hook.hook_id, {"events": len(hook.events)}, kind="hook"
        )
    return bodies.hook_body(hook, secret)


@router.patch("/hooks/{hook_id}")
def switch_hook(request: Request, caller: Operate, hook_id: str, given: bodies.HookSwitch) -> bodies.HookBody:
    """Let an address be told, or not; switching on sends again what was given up."""
    part = _part(request)
    with part.database.begin() as tx:
        hook = part.hooks.switch(tx, hook_id, enabled=given.enabled)
        again = part.hooks.retry(tx, hook_id) if given.enabled else 0
        _note(
            part,
            tx,
            caller,
            "referral.hook_switch",
            hook_id,
            {"enabled": given.enabled, "again": again},
            kind="hook",
        )
        hook = part.hooks.find(tx, hook_id)
    return bodies.hook_body(hook)


@router.delete("/hooks/{hook_id}", status_code=204)
def remove_hook(request: Request, caller: Operate, hook_id: str) -> None:
    """Forget an address and what waits for it."""
    part = _part(request)
    with part.database.begin() as tx:
        part.hooks.remove(tx, hook_id)
        _note(part, tx, caller, "referral.hook_remove", hook_id, {}, kind="hook")


# --- group buying


@router.get("/offers")
def offers(request: Request, _caller: View) -> group_bodies.OfferList:
    """Offers of group buying with their groups in numbers."""
    part = _part(request)
    with part.database.connect() as connection:
        found, tally = part.groups.offers(connection), part.groups.tally(connection)
    return group_bodies.OfferList(
        items=[group_bodies.offer_body(o, tally.get(o.offer_id, {})) for o in found]
    )


@router.post("/offers", status_code=201)
def create_offer(request: Request, caller: Operate, given: group_bodies.OfferAsk) -> group_bodies.OfferBody:
    """Make a draft of an offer."""
    part = _part(request)
    with part.database.begin() as tx:
        made = part.groups.create(tx, **given.model_dump(), actor=caller.actor)
        _note(part, tx, caller, "referral.offer_create", made.offer_id, {"size": made.size}, kind="offer")
    return group_bodies.offer_body(made, {})


@router.post("/offers/{offer_id}/{to}")
def move_offer(
    request: Request, caller: Operate, offer_id: str, to: Literal["start", "end"]
) -> group_bodies.OfferBody:
    """Start an offer or end it; open groups go on to their own end."""
    part = _part(request)
    with part.database.begin() as tx:
        made = part.groups.move(tx, offer_id, to)
        _note(part, tx, caller, f"referral.offer_{to}", offer_id, {}, kind="offer")
        tally = part.groups.tally(tx)
    return group_bodies.offer_body(made, tally.get(offer_id, {}))


@router.get("/offers/{offer_id}/groups")
def groups(
    request: Request, _caller: View, offer_id: str, state: Literal["", "open", "succeeded", "failed"] = "",
    cursor: str | None = None,
) -> group_bodies.GroupPage:  # fmt: skip
    """Groups of an offer, the newest first."""
    part = _part(request)
    with part.database.connect() as connection:
        part.groups.offer(connection, offer_id)
        page = part.groups.listed(connection, offer_id, state, cursor=cursor)
    return group_bodies.GroupPage(
        items=[group_bodies.group_body(g) for g in page.items], next_cursor=page.next_cursor
    )


def _found(part: Referral, campaign_id: str) -> Campaign:
    with part.database.connect() as connection:
        return part.campaigns.find(connection, campaign_id)


def _part(request: Request) -> Referral:
    found: Referral = app_part(request, "referral")
    return found


def _note(
    part: Referral, tx: Connection, caller: Caller, action: str, object_id: str, detail: dict[str, object], *,
    kind: str = "referral",
) -> None:  # fmt: skip
    record(
        tx,
        part.clock,
        actor=caller.actor,
        action=action,
        object_kind=kind,
        object_id=object_id,
        detail=detail,
    )
