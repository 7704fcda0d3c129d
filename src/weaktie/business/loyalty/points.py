"""Points: rules by which events earn them, what somebody has, giving and taking, and their end."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, insert, select, update

from weaktie.business.loyalty import logic
from weaktie.business.loyalty.contracts import NoGoods, PointsRule, refuse
from weaktie.business.loyalty.people import People
from weaktie.business.loyalty.tables import points_rules
from weaktie.kit.clock import DAY_US, Clock, business_day, day_to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.trust.ledger.contracts import LONGEST_MEMO, POINTS, Account, Balance, Move, Posting, Transfer
from weaktie.trust.ledger.service import Ledger

DEFAULT_DAYS = 365
"""How long points are good that came without a date of their own."""
OUTSIDE = Account("world", "", POINTS)
EXPIRED = Account("expired", "", POINTS)


def points_account(person_no: int) -> Account:
    """Where a person's points lie."""
    return Account("user", f"p{person_no}", POINTS)


class Points:
    """Points over one ledger."""

    def __init__(self, ledger: Ledger, people: People, clock: Clock, settings: Settings) -> None:
        self._ledger, self._people, self._clock, self._settings = ledger, people, clock, settings

    # ---- rules

    def create_rule(
        self, tx: Connection, *, name: str, event: str, points: int, per_minor: int = 0, currency: str = "CNY",
        most_a_day: int = 0, valid_days: int = DEFAULT_DAYS, actor: str,
    ) -> PointsRule:  # fmt: skip
        """A rule for events that are received from now on; raises `no_reward_for_sharing` or `bad_rule`."""
        logic.check_rule(event, points, per_minor, currency, valid_days)
        now_us = self._clock.now_us()
        made = new_id("rul", now_us)
        tx.execute(
            insert(points_rules).values(
                rule_id=made, name=name, event=event, points=points, per_minor=per_minor, currency=currency,
                most_a_day=most_a_day, valid_days=valid_days, created_us=now_us, created_by=actor[:64],
            )
        )  # fmt: skip
        return self.rule(tx, made)

    def rule(self, connection: Connection, rule_id: str) -> PointsRule:
        """One rule; raises NoGoods."""
        row = (
            connection.execute(select(points_rules).where(points_rules.c.rule_id == rule_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoGoods("rule_id")
        return _rule(row)

    def rules(self, connection: Connection, *, living: bool = False) -> list[PointsRule]:
        """Every rule, the newest first; with `living` those that have not ended."""
        query = select(points_rules).order_by(points_rules.c.rule_id.desc())
        if living:
            query = query.where(points_rules.c.ended_us.is_(None))
        return [_rule(row) for row in connection.execute(query).mappings()]

    def end_rule(self, tx: Connection, rule_id: str) -> PointsRule:
        """Let a rule earn nothing more; what was earned stays."""
        self.rule(tx, rule_id)
        open_one = (points_rules.c.rule_id == rule_id, points_rules.c.ended_us.is_(None))
        tx.execute(update(points_rules).where(*open_one).values(ended_us=self._clock.now_us()))
        return self.rule(tx, rule_id)

    # ---- what somebody has

    def balance(self, connection: Connection, person_no: int) -> Balance:
        """A person's points, all their accounts together."""
        parts = [
            self._ledger.balance(connection, points_account(n))
            for n in self._people.members(connection, person_no)
        ]
        return Balance(
            sum(p.posted for p in parts), sum(p.pending_in for p in parts), sum(p.pending_out for p in parts)
        )

    def taking(self, tx: Connection, person_no: int, points: int, target: Account) -> list[Move]:
        """Moves that take points from a person's accounts; raises `not_enough_points`."""
        have = [
            (n, self._ledger.balance(tx, points_account(n)).available)
            for n in self._people.members(tx, person_no)
        ]
        parts = logic.split(points, have)
        if parts is None:
            raise refuse("not_enough_points", "points")
        return [Move(points_account(n), target, part) for n, part in parts]

    # ---- giving and taking

    def posting(
        self, rule: PointsRule, person_no: int, points: int, *, event_id: str, order_id: str | None, day: int
    ) -> Posting:
        """What one event earns, to be written: the same event never earns twice under a rule."""
        memo = {"rule": rule.rule_id, "day": day_to_iso(day), "expires": day_to_iso(day + rule.valid_days)}
        if order_id:
            memo["order"] = order_id[:LONGEST_MEMO]
        moves = [Move(OUTSIDE, points_account(person_no), points)]
        return Posting(f"earn:{rule.rule_id}:{event_id}", "points.earn", moves, "system", memo)

    def grant(
        self, tx: Connection, person_no: int, points: int, *, key: str, reason: str, actor: str,
        valid_days: int = DEFAULT_DAYS,
    ) -> Transfer:  # fmt: skip
        """Give points by hand, or take them (below zero); raises `not_enough_points`. `key` makes it happen once."""
        whole = f"grant:{person_no}:{key}"
        again = self._ledger.by_key(tx, whole)
        if again is not None:
            return again
        today = business_day(self._clock.now_us(), self._settings.zone)
        if points > 0:
            moves, memo = (
                [Move(OUTSIDE, points_account(person_no), points)],
                {"expires": day_to_iso(today + valid_days)},
            )
        else:
            moves, memo = self.taking(tx, person_no, -points, OUTSIDE), {}
        posting = Posting(whole, "points.grant", moves, actor, memo, reason=reason)
        (done,) = self._ledger.write(tx, [posting])
        if isinstance(done, Refused):
            raise done
        return done

    def take_back(self, tx: Connection, order_id: str, *, key: str) -> int:
        """An order was returned: the points that it earned go, as far as they are still there; returns how many went."""
        page = self._ledger.transfers(tx, memo=("order", order_id), kind="points.earn", limit=50)
        went = 0
        for one in page.items:
            (move,) = one.moves
            if move.dst.owner.startswith("erased:"):
                continue
            whole = f"return:{one.transfer_id}:{key}"
            if self._ledger.by_key(tx, whole) is not None:
                continue
            left = self._ledger.balance(tx, move.dst).available
            part = min(left, move.amount - self._ledger.taken_back(tx, one.transfer_id))
            if part > 0:
                self._ledger.reverse(
                    tx, key=whole, transfer_id=one.transfer_id, reason="order returned", actor="system",
                    kind="points.return", moves=[Move(move.src, move.dst, part)],
                )  # fmt: skip
                went += part
        return went

    def expire(self, tx: Connection) -> int:
        """End points whose day has passed; returns how many. Those that end first are spent first, so that an account loses what
        it has beyond the points that are still good."""
        now_us = self._clock.now_us()
        today = day_to_iso(business_day(now_us, self._settings.zone))
        late = self._ledger.lapsed(
            tx, unit=POINTS, memo="expires", after=today, default_since_us=now_us - DEFAULT_DAYS * DAY_US
        )
        postings = [
            Posting(f"expire:{number}:{today}", "points.expire", [Move(account, EXPIRED, amount)], "system", {"day": today})
            for number, account, amount in late
        ]  # fmt: skip
        done = self._ledger.write(tx, postings)
        return sum(m.amount for d in done if isinstance(d, Transfer) for m in d.moves)

    def known(self, connection: Connection, rule_id: str, event_ids: Sequence[str]) -> set[str]:
        """Which of these events have earned under a rule already."""
        keys = {f"earn:{rule_id}:{e}": e for e in event_ids}
        return {keys[k] for k in self._ledger.known_keys(connection, list(keys))}

    def earned_on(
        self, connection: Connection, rule_ids: Sequence[str], days: Sequence[int]
    ) -> dict[tuple[str, str, str], int]:
        """Points by rule, owner and day that were earned on these days, for the caps."""
        return self._ledger.sums_by_memo(connection, "rule", rule_ids, "day", [day_to_iso(d) for d in days])


def _rule(row: RowMapping) -> PointsRule:
    return PointsRule(
        row["rule_id"], row["name"], row["event"], row["points"], row["per_minor"], row["currency"], row["most_a_day"],
        row["valid_days"], row["created_us"], row["created_by"], row["ended_us"],
    )  # fmt: skip
