"""Campaigns: made, checked, launched, paused, ended, changed with notice. Everything takes the caller's transaction."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from weaktie.business.referral.contracts import (
    NOTICE_DAYS,
    BadSpec,
    Campaign,
    CampaignState,
    Finding,
    Ledger,
    NoCampaign,
    Payment,
    Purse,
    Spec,
    Version,
    WrongState,
)
from weaktie.business.referral.linter import lint
from weaktie.business.referral.spec import read_spec, worse, write_spec
from weaktie.business.referral.tables import campaigns, rewards, versions
from weaktie.kit.clock import DAY_US, Clock, business_day
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words

MOVES: dict[str, tuple[tuple[CampaignState, ...], CampaignState]] = {
    "launch": (("checked",), "running"),
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "end": (("running", "paused"), "ended"),
}


def purse_of(campaign_id: str, currency: str) -> Purse:
    """The campaign's account of the ledger."""
    return Purse("campaign", campaign_id, currency)


class Campaigns:
    """Campaigns over one database. `ledger` is None where none is wired: then nothing can be launched."""

    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger | None) -> None:
        self._settings, self._clock, self.ledger = settings, clock, ledger

    # ---- reading

    def find(self, connection: Connection, campaign_id: str) -> Campaign:
        """One campaign as it stands now; raises NoCampaign."""
        row = (
            connection.execute(select(campaigns).where(campaigns.c.campaign_id == campaign_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoCampaign
        return self._campaign(row, self.versions(connection, campaign_id))

    def locked(self, tx: Connection, campaign_id: str) -> Campaign:
        """The same, and nobody else changes it until the transaction ends."""
        tx.execute(select(campaigns.c.state).where(campaigns.c.campaign_id == campaign_id).with_for_update())
        return self.find(tx, campaign_id)

    def listed(self, connection: Connection, states: Sequence[str] = ()) -> list[Campaign]:
        """Campaigns, the newest first."""
        query = select(campaigns).order_by(campaigns.c.created_us.desc(), campaigns.c.campaign_id.desc())
        rows = (
            connection.execute(query.where(campaigns.c.state.in_(states)) if states else query)
            .mappings()
            .all()
        )
        by_id: dict[str, list[Version]] = {}
        for row in connection.execute(select(versions).order_by(versions.c.version)).mappings():
            by_id.setdefault(row["campaign_id"], []).append(_version(row))
        return [self._campaign(row, by_id[row["campaign_id"]]) for row in rows]

    def versions(self, connection: Connection, campaign_id: str) -> list[Version]:
        """Every version, the first first."""
        query = select(versions).where(versions.c.campaign_id == campaign_id).order_by(versions.c.version)
        return [_version(row) for row in connection.execute(query).mappings()]

    def spec_of(self, connection: Connection, campaign_id: str, version: int) -> Spec:
        """The rules of one version."""
        text = connection.execute(
            select(versions.c.spec_json).where(
                versions.c.campaign_id == campaign_id, versions.c.version == version
            )
        ).scalar_one()
        return read_spec(text)

    def is_open(self, campaign: Campaign) -> str:
        """Why nobody can invite or be invited now; empty where the campaign runs on this day."""
        today = business_day(self._clock.now_us(), self._settings.zone)
        spec = campaign.current.spec
        if campaign.state == "paused" and campaign.reason == "budget":
            return "budget"
        return (
            ""
            if campaign.state == "running" and spec.first_day <= today <= spec.last_day
            else "campaign_over"
        )

    # ---- writing

    def create(self, tx: Connection, name: str, spec: Spec, *, actor: str) -> Campaign:
        """A draft."""
        if not name.strip() or len(name) > 120:
            raise BadSpec("name", Words("名称为 1 到 120 个字符。", "A name has 1 to 120 characters."))
        now_us = self._clock.now_us()
        campaign_id = new_id("rcp", now_us)
        tx.execute(
            insert(campaigns).values(
                campaign_id=campaign_id, name=name.strip(), state="draft", reason="", created_us=now_us, created_by=actor[:64],
                granted=0, funded_minor=0,
            )
        )  # fmt: skip
        self._add(tx, campaign_id, 1, spec, None, (), actor)
        return self.find(tx, campaign_id)

    def edit(self, tx: Connection, campaign_id: str, spec: Spec, *, name: str = "", actor: str) -> Campaign:
        """Another version. Before the launch it holds at once and has to be checked again. Afterwards it must pass the linter; what
        is worse for participants holds seven days later. Raises WrongState for an ended campaign, BadSpec for errors."""
        found = self.locked(tx, campaign_id)
        if found.state == "ended":
            raise WrongState("活动已结束，不能再修改。", "The campaign is over and cannot be changed.")
        if name.strip():
            tx.execute(
                update(campaigns)
                .where(campaigns.c.campaign_id == campaign_id)
                .values(name=name.strip()[:120])
            )
        if found.state in ("draft", "checked"):
            self._add(tx, campaign_id, found.versions + 1, spec, None, (), actor)
            self._set(tx, campaign_id, state="draft")
            return self.find(tx, campaign_id)
        before = found.coming or found.current
        if spec.currency != found.current.spec.currency:
            raise BadSpec(
                "currency", Words("进行中的活动不能更换货币。", "A running campaign keeps its currency.")
            )
        for one in lint(spec):
            if one.severity == "error":
                raise BadSpec(one.place, one.words)
        losses = worse(before.spec, spec)
        now_us = self._clock.now_us()
        effective = now_us + NOTICE_DAYS * DAY_US if losses else max(now_us, before.effective_us or now_us)
        self._add(tx, campaign_id, found.versions + 1, spec, effective, losses, actor)
        self._fund(tx, found, spec, actor)
        return self.find(tx, campaign_id)

    def check(self, tx: Connection, campaign_id: str) -> tuple[Campaign, list[Finding]]:
        """Hold a draft against the validator and the linters; without errors it becomes `checked`."""
        found = self.locked(tx, campaign_id)
        findings = lint(found.current.spec)
        if found.state in ("draft", "checked"):
            bad = any(f.severity == "error" for f in findings)
            self._set(tx, campaign_id, state="draft" if bad else "checked")
        return self.find(tx, campaign_id), findings

    def move(self, tx: Connection, campaign_id: str, to: str, *, actor: str) -> Campaign:
        """Launch, pause, resume or end. Raises WrongState; a launch moves the budget into the campaign's account and raises
        BudgetUsedUp where the budget does not hold that much."""
        found = self.locked(tx, campaign_id)
        before, after = MOVES[to]
        if found.state not in before:
            raise WrongState(
                "当前状态不允许这一步；上线前须通过检查。",
                "The state does not allow this; a launch needs a passed check first.",
            )
        now_us = self._clock.now_us()
        if to == "launch":
            if self.ledger is None:
                raise WrongState(
                    "账本尚未接入，不能上线。", "There is no ledger: the campaign cannot be launched."
                )
            last = found.versions
            tx.execute(
                update(versions)
                .where(versions.c.campaign_id == campaign_id, versions.c.version == last)
                .values(effective_us=now_us)
            )
            self._set(tx, campaign_id, started_us=now_us)
            self._fund(tx, found, found.current.spec, actor)
        self._set(
            tx, campaign_id, state=after, reason="", **({"ended_us": now_us} if after == "ended" else {})
        )
        return self.find(tx, campaign_id)

    def stop_for_budget(self, tx: Connection, campaign_id: str) -> None:
        """The circuit breaker: a campaign whose account cannot pay a reward invites nobody more."""
        tx.execute(
            update(campaigns)
            .where(campaigns.c.campaign_id == campaign_id, campaigns.c.state == "running")
            .values(state="paused", reason="budget")
        )

    def take_coupon(self, tx: Connection, campaign_id: str, stock: int) -> bool:
        """Count one more friend's coupon given out; False where the stock is used up. Never oversells."""
        query = update(campaigns).where(campaigns.c.campaign_id == campaign_id)
        if stock:
            query = query.where(campaigns.c.granted < stock)
        return tx.execute(query.values(granted=campaigns.c.granted + 1)).rowcount == 1

    def give_coupon_back(self, tx: Connection, campaign_id: str) -> None:
        """One friend's coupon was not given after all."""
        tx.execute(
            update(campaigns)
            .where(campaigns.c.campaign_id == campaign_id)
            .values(granted=campaigns.c.granted - 1)
        )

    def give_back(self, tx: Connection) -> None:
        """Return what ended campaigns have left, once nothing of them is to be paid any more, to where it came from."""
        ended = select(campaigns.c.campaign_id).where(
            campaigns.c.state == "ended", campaigns.c.funded_minor > 0
        )
        for campaign_id in tx.execute(ended).scalars().all():
            owed = select(rewards.c.reward_id).where(
                rewards.c.campaign_id == campaign_id, rewards.c.state.in_(("pending", "held"))
            )
            if self.ledger is None or tx.execute(owed.limit(1)).first() is not None:
                continue
            spec = self.find(tx, campaign_id).current.spec
            own = purse_of(campaign_id, spec.currency)
            left = self.ledger.available(tx, own)
            if left > 0:
                self.ledger.post(
                    tx, f"referral:{campaign_id}:rest", "referral.rest", [Payment(own, self._source(spec), left)],
                    {"campaign": campaign_id}, "system",
                )  # fmt: skip
            self._set(tx, campaign_id, funded_minor=0)

    def _source(self, spec: Spec) -> Purse:
        return (
            Purse("budget", spec.budget_id, spec.currency)
            if spec.budget_id
            else Purse("world", "", spec.currency)
        )

    def _fund(self, tx: Connection, found: Campaign, spec: Spec, actor: str) -> None:
        """Bring the campaign's account up to the budget of its rules; a smaller budget takes nothing out that was promised."""
        row = tx.execute(
            select(campaigns.c.funded_minor).where(campaigns.c.campaign_id == found.campaign_id)
        ).one()
        missing = spec.budget_minor - int(row.funded_minor)
        if missing <= 0 or self.ledger is None:
            return
        self.ledger.post(
            tx, f"referral:{found.campaign_id}:budget:{spec.budget_minor}", "referral.budget",
            [Payment(self._source(spec), purse_of(found.campaign_id, spec.currency), missing)], {"campaign": found.campaign_id}, actor,
        )  # fmt: skip
        self._set(tx, found.campaign_id, funded_minor=spec.budget_minor)
        if found.state == "paused" and found.reason == "budget":
            self._set(tx, found.campaign_id, state="running", reason="")

    def _add(
        self, tx: Connection, campaign_id: str, version: int, spec: Spec, effective_us: int | None,
        losses: Sequence[str], actor: str,
    ) -> None:  # fmt: skip
        tx.execute(
            insert(versions).values(
                campaign_id=campaign_id, version=version, spec_json=write_spec(spec), made_us=self._clock.now_us(),
                made_by=actor[:64], effective_us=effective_us, worse_json=json.dumps(list(losses)),
            )
        )  # fmt: skip

    def _set(self, tx: Connection, campaign_id: str, **values: object) -> None:
        tx.execute(update(campaigns).where(campaigns.c.campaign_id == campaign_id).values(**values))

    def _campaign(self, row: RowMapping, every: list[Version]) -> Campaign:
        now_us = self._clock.now_us()
        holding = [v for v in every if v.effective_us is not None and v.effective_us <= now_us]
        current = holding[-1] if holding else every[-1]
        coming = every[-1] if holding and every[-1].version > current.version else None
        return Campaign(
            row["campaign_id"], row["name"], row["state"], row["reason"], row["created_us"], row["created_by"], row["started_us"],
            row["ended_us"], row["granted"], current, coming, len(every),
        )  # fmt: skip


def counted(connection: Connection) -> int:
    """How many campaigns there are."""
    return int(connection.execute(select(func.count()).select_from(campaigns)).scalar_one())


def _version(row: RowMapping) -> Version:
    return Version(
        row["version"], read_spec(row["spec_json"]), row["made_us"], row["made_by"], row["effective_us"],
        tuple(json.loads(row["worse_json"])),
    )  # fmt: skip
