"""Batches of costs: read, map campaigns to channels, apply, undo. The batch applied last counts for its days and campaigns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, case, delete, func, insert, select, update

from weaktie.data.acquisition.contracts import (
    BadLine,
    CampaignMap,
    CostBatch,
    CostFile,
    NoBatch,
    Spent,
    WrongState,
)
from weaktie.data.acquisition.costs import REASONS
from weaktie.data.acquisition.tables import campaign_channels, channels, cost_batches, costs
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id

KEPT_BATCHES = 200


class Spending:
    """What advertising cost. Writes take the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def draft(self, tx: Connection, file: CostFile, filename: str, *, actor: str) -> CostBatch:
        """Keep a file that was read, without its counting yet; campaigns that were mapped before are mapped again."""
        now_us = self._clock.now_us()
        batch_id = new_id("cst", now_us)
        tx.execute(
            insert(cost_batches).values(
                batch_id=batch_id, state="draft", applied_no=0, filename=filename[:255], platform=file.platform,
                columns_json=json.dumps(dict(file.columns), ensure_ascii=False), rows=len(file.rows),
                bad_json=json.dumps([_bad_row(b) for b in file.bad], ensure_ascii=False), made_us=now_us,
                made_by=actor[:64],
            )
        )  # fmt: skip
        known = self._known(tx, file.platform)
        rows = []
        for row in file.rows:
            channel, code = row.channel, row.code
            if channel is None and row.campaign in known:
                channel, code = known[row.campaign][0], code or known[row.campaign][1]
            rows.append(
                {
                    "batch_id": batch_id, "cost_key": row.key, "day": row.day, "campaign": row.campaign, "channel": channel,
                    "code": code, "currency": row.currency, "cost_minor": row.cost_minor, "impressions": row.impressions,
                    "clicks": row.clicks, "conversions": row.conversions,
                }
            )  # fmt: skip
        if rows:
            tx.execute(insert(costs), rows)
        return self.find(tx, batch_id)

    def campaigns(self, connection: Connection, batch_id: str) -> list[CampaignMap]:
        """The campaigns of a batch with what they are mapped to, the dearest first."""
        query = (
            select(
                costs.c.campaign, func.max(costs.c.channel).label("channel"), func.max(costs.c.code).label("code"),
                func.count().label("rows"), func.sum(costs.c.cost_minor).label("cost"), costs.c.currency,
            )
            .where(costs.c.batch_id == batch_id, costs.c.campaign != "")
            .group_by(costs.c.campaign, costs.c.currency)
            .order_by(func.sum(costs.c.cost_minor).desc(), costs.c.campaign)
        )  # fmt: skip
        return [
            CampaignMap(r.campaign, r.channel, r.code, r.rows, int(r.cost), r.currency)
            for r in connection.execute(query)
        ]

    def apply(self, tx: Connection, batch_id: str, mapped: Sequence[CampaignMap], *, actor: str) -> CostBatch:
        """Let a draft count, with its campaigns mapped. Rows of the same days and campaigns of earlier batches count no more.

        What a campaign is mapped to is remembered for the next file. Raises NoBatch or WrongState.
        """
        batch = self.find(tx, batch_id)
        if batch.state != "draft":
            raise WrongState
        now_us = self._clock.now_us()
        for one in mapped:
            channel = (one.channel or "").strip().lower() or None
            mine = (costs.c.batch_id == batch_id) & (costs.c.campaign == one.campaign)
            tx.execute(update(costs).where(mine).values(channel=channel, code=one.code or None))
            known = (campaign_channels.c.platform == batch.platform) & (
                campaign_channels.c.campaign == one.campaign
            )
            tx.execute(delete(campaign_channels).where(known))
            if channel is not None:
                tx.execute(
                    insert(campaign_channels).values(
                        platform=batch.platform, campaign=one.campaign, channel=channel, code=one.code or None,
                        made_us=now_us, made_by=actor[:64],
                    )
                )  # fmt: skip
        last = tx.execute(select(func.max(cost_batches.c.applied_no))).scalar() or 0
        tx.execute(
            update(cost_batches)
            .where(cost_batches.c.batch_id == batch_id)
            .values(state="applied", applied_no=last + 1)
        )
        return self.find(tx, batch_id)

    def undo(self, tx: Connection, batch_id: str, *, actor: str) -> CostBatch:
        """Let a batch count no more: what it replaced counts again. Raises NoBatch or WrongState."""
        if self.find(tx, batch_id).state != "applied":
            raise WrongState
        tx.execute(
            update(cost_batches)
            .where(cost_batches.c.batch_id == batch_id)
            .values(state="undone", ended_us=self._clock.now_us(), ended_by=actor[:64])
        )
        return self.find(tx, batch_id)

    def discard(self, tx: Connection, batch_id: str) -> CostBatch:
        """Throw a draft away. Raises NoBatch or WrongState."""
        batch = self.find(tx, batch_id)
        if batch.state != "draft":
            raise WrongState
        tx.execute(delete(costs).where(costs.c.batch_id == batch_id))
        tx.execute(delete(cost_batches).where(cost_batches.c.batch_id == batch_id))
        return batch

    def find(self, connection: Connection, batch_id: str) -> CostBatch:
        """One batch; raises NoBatch."""
        row = (
            connection.execute(select(cost_batches).where(cost_batches.c.batch_id == batch_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoBatch
        return self._batches(connection, [row])[0]

    def listed(self, connection: Connection) -> list[CostBatch]:
        """Batches, the newest first."""
        rows = connection.execute(
            select(cost_batches)
            .order_by(cost_batches.c.made_us.desc(), cost_batches.c.batch_id.desc())
            .limit(KEPT_BATCHES)
        )
        return self._batches(connection, list(rows.mappings()))

    def spent(self, connection: Connection, from_day: int, to_day: int) -> list[Spent]:
        """Costs of these days by day, channel, code and currency: of each day and campaign the newest living row."""
        ranked = _ranked(from_day, to_day).subquery()
        query = (
            select(
                ranked.c.day, ranked.c.channel, ranked.c.code, ranked.c.currency,
                func.sum(ranked.c.cost_minor).label("cost_minor"),
            )
            .where(ranked.c.place == 1, ranked.c.channel.is_not(None))
            .group_by(ranked.c.day, ranked.c.channel, ranked.c.code, ranked.c.currency)
            .order_by(ranked.c.day, ranked.c.channel, ranked.c.code, ranked.c.currency)
        )  # fmt: skip
        return [
            Spent(r.day, r.channel, r.code, r.currency, int(r.cost_minor)) for r in connection.execute(query)
        ]

    def first_day(self, connection: Connection) -> int | None:
        """The first day for which any cost counts."""
        living = select(func.min(costs.c.day)).join(cost_batches, cost_batches.c.batch_id == costs.c.batch_id)
        found: int | None = connection.execute(living.where(cost_batches.c.state == "applied")).scalar()
        return found

    def free(self, connection: Connection) -> set[str]:
        """Channels that were declared to cost nothing."""
        return set(connection.execute(select(channels.c.channel).where(channels.c.free == 1)).scalars())

    def declare_free(self, tx: Connection, channel: str, *, free: bool, actor: str) -> None:
        """Say that a channel costs nothing, or take that back."""
        tx.execute(delete(channels).where(channels.c.channel == channel))
        tx.execute(
            insert(channels).values(
                channel=channel, free=int(free), made_us=self._clock.now_us(), made_by=actor[:64]
            )
        )

    def _known(self, connection: Connection, platform: str) -> dict[str, tuple[str, str | None]]:
        rows = connection.execute(select(campaign_channels).where(campaign_channels.c.platform == platform))
        return {r.campaign: (r.channel, r.code) for r in rows}

    def _batches(self, connection: Connection, rows: Sequence[RowMapping]) -> list[CostBatch]:
        ids = [row["batch_id"] for row in rows]
        ranked = _ranked(None, None).subquery()
        newest = connection.execute(
            select(ranked.c.batch_id, func.count().label("n"))
            .where(ranked.c.place == 1)
            .group_by(ranked.c.batch_id)
        )
        counts = {r.batch_id: int(r.n) for r in newest}
        sums = connection.execute(
            select(
                costs.c.batch_id, costs.c.currency, func.sum(costs.c.cost_minor).label("cost"),
                func.min(costs.c.day).label("low"), func.max(costs.c.day).label("high"),
                func.sum(case((costs.c.channel.is_(None), 1), else_=0)).label("without"),
            )
            .where(costs.c.batch_id.in_(ids))
            .group_by(costs.c.batch_id, costs.c.currency)
        ).all()  # fmt: skip
        found = []
        for row in rows:
            mine = [s for s in sums if s.batch_id == row["batch_id"]]
            found.append(_batch(row, counts.get(row["batch_id"], 0), mine))
        return found


def _ranked(from_day: int | None, to_day: int | None):  # type: ignore[no-untyped-def]
    """Rows of living batches with their place among those of the same day and campaign: 1 is the one that counts."""
    place = func.row_number().over(
        partition_by=(costs.c.day, costs.c.cost_key), order_by=cost_batches.c.applied_no.desc()
    )
    query = (
        select(costs, place.label("place"))
        .join(cost_batches, cost_batches.c.batch_id == costs.c.batch_id)
        .where(cost_batches.c.state == "applied")
    )
    if from_day is not None and to_day is not None:
        query = query.where(costs.c.day >= from_day, costs.c.day <= to_day)
    return query


def _bad_row(bad: BadLine) -> dict[str, object]:
    return {name: value for name, value in asdict(bad).items() if name != "words"}


def _batch(row: RowMapping, counts: int, sums: Sequence[Any]) -> CostBatch:
    totals: Mapping[str, int] = {s.currency: int(s.cost) for s in sums}
    bad = [BadLine(**b, words=REASONS[b["code"]]) for b in json.loads(row["bad_json"])]
    return CostBatch(
        row["batch_id"], row["state"], row["filename"], row["platform"], json.loads(row["columns_json"]), row["rows"], counts,
        sum(int(s.without) for s in sums),
        min((s.low for s in sums), default=None),
        max((s.high for s in sums), default=None),
        totals, bad, row["made_us"], row["made_by"], row["ended_us"], row["ended_by"],
    )  # fmt: skip
