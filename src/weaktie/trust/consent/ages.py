"""Who is a minor. Only bands are kept here, of minors and of whom the shop spoke; a birthday itself lies in the vault."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.store.database.service import ByValues
from weaktie.trust.consent.contracts import ADULT, I32, REFUSED_TO_CHILDREN, U8, Purpose, Receipt, Young
from weaktie.trust.consent.logic import FAR_DAY, age_days, band_of, latest_by_purpose
from weaktie.trust.consent.tables import consent_ages, consent_receipts

STATED, FLAG = "stated", "flag"
Flag = Literal["child", "youth", "adult"]


class Ages:
    """Statements of age, and what they refuse."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def young(self, connection: Connection, alias_nos: Sequence[int], receipts: Iterable[Receipt]) -> Young:
        """The band of one person, and whether a guardian has agreed: what the shop set by hand last, else the youngest that any
        identifier says."""
        if not alias_nos:
            return ADULT
        rows = _AGES_OF.run(connection, alias_nos).all()
        if not rows:
            return ADULT
        flags = [r for r in rows if r.how == FLAG]
        rows = [max(flags, key=lambda r: r.at_us)] if flags else rows
        band = band_of(max(r.turns_14_day for r in rows), max(r.turns_18_day for r in rows), self._today())
        guardian = latest_by_purpose(receipts).get(int(Purpose.GUARDIAN))
        return Young(band, guardian is not None and guardian.granted)

    def masks(self, connection: Connection, person_of: I32) -> U8:
        """What age refuses each person, indexed by person number."""
        found = np.zeros(len(person_of), np.uint8)
        today = self._today()
        stated: dict[int, int] = {}
        flagged: dict[int, int] = {}
        for row in connection.execute(select(consent_ages).order_by(consent_ages.c.at_us)):
            person = int(person_of[row.alias_no]) if row.alias_no < len(person_of) else -1
            if row.how == FLAG:
                flagged[person] = row.turns_14_day
            else:
                stated[person] = max(stated.get(person, 0), row.turns_14_day)
        children = {n for n, day in (stated | flagged).items() if n >= 0 and day > today}
        if not children:
            return found
        agreed: dict[int, bool] = {}
        rows = connection.execute(
            select(consent_receipts.c.alias_no, consent_receipts.c.granted)
            .where(consent_receipts.c.purpose == int(Purpose.GUARDIAN))
            .order_by(consent_receipts.c.at_us, consent_receipts.c.receipt_id)
        )
        for row in rows:
            if row.alias_no < len(person_of):
                agreed[int(person_of[row.alias_no])] = bool(row.granted)
        found[[n for n in children if not agreed.get(n, False)]] = int(REFUSED_TO_CHILDREN)
        return found

    def state(self, tx: Connection, said: Mapping[int, tuple[str, str]]) -> int:
        """Take down what was stated: `(birthday or age, value)` by identifier; returns how many are minors. The latest
        statement of an identifier holds, but nothing stated overrides what the shop has set by hand."""
        today = self._today()
        kept = 0
        flagged = {
            row.alias_no for part in _parts(sorted(said)) for row in _AGES_OF.run(tx, part) if row.how == FLAG
        }
        for alias_no, (name, value) in said.items():
            days = age_days(name, value, today)
            if days is None or alias_no in flagged:
                continue
            kept += self._keep(tx, alias_no, days, STATED)
        return kept

    def set_flag(self, tx: Connection, alias_no: int, band: str) -> None:
        """The shop's own word that somebody is a child, a youth or an adult; raises Refused `bad_band`."""
        days = {"child": (FAR_DAY, FAR_DAY), "youth": (0, FAR_DAY), "adult": (0, 0)}.get(band)
        if days is None:
            raise Refused(
                "bad_band", Words("年龄段只能是 child、youth、adult。", "A band is child, youth or adult."), place="band"
            )  # fmt: skip
        self._keep(tx, alias_no, days, FLAG)

    def _keep(self, tx: Connection, alias_no: int, days: tuple[int, int], how: str) -> int:
        tx.execute(delete(consent_ages).where(consent_ages.c.alias_no == alias_no))
        if days[1] <= self._today() and how != FLAG:
            return 0
        tx.execute(
            insert(consent_ages).values(
                alias_no=alias_no, turns_14_day=days[0], turns_18_day=days[1], how=how, at_us=self._clock.now_us()
            )
        )  # fmt: skip
        return 1

    def _today(self) -> int:
        return self._clock.now_us() // DAY_US


_AGES_OF = ByValues(lambda numbers: select(consent_ages).where(consent_ages.c.alias_no.in_(numbers)))


def _parts(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[at : at + 10_000] for at in range(0, len(numbers), 10_000))
