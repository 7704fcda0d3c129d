"""Values that people had corrected.

The rule: a correction holds against every import and every event, whatever their date. Only a newer correction replaces
it, which the person states on their page or an officer takes down from them. What it keeps out is counted, not lost in
silence. Before and after are sealed under the person's key.
"""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.words import Words
from weaktie.store.database.service import ByValues
from weaktie.trust.rights.tables import rights_corrections
from weaktie.trust.vault.service import Vault

PERSONAL = ("nickname", "name", "first_name", "last_name", "phone", "email", "address", "birthday")
ATTRIBUTES = ("gender", "age_band", "province", "city")
FIELDS: dict[str, Words] = {
    "nickname": Words("昵称", "Nickname"), "name": Words("姓名", "Name"), "first_name": Words("名", "First name"),
    "last_name": Words("姓", "Last name"), "phone": Words("手机号", "Phone"), "email": Words("邮箱", "E-mail"),
    "address": Words("地址", "Address"), "birthday": Words("生日", "Birthday"), "gender": Words("性别", "Gender"),
    "age_band": Words("年龄段", "Age band"), "province": Words("省份", "Province"), "city": Words("城市", "City"),
}  # fmt: skip
NOW = "now:"

Relink = Callable[[Connection, Sequence[int], str, str | None, str, int], None]
"""Tie a person (their identifiers) to a new phone or e-mail (kind, old, new) and untie the old one, at an instant."""


class Corrections:
    """Corrected values by identifier and field."""

    def __init__(self, clock: Clock, vault: Vault, relink: Relink | None = None) -> None:
        self._clock, self._vault, self._relink = clock, vault, relink

    def correct(
        self, tx: Connection, alias_nos: Sequence[int], field: str, value: str, *, request_id: str, actor: str
    ) -> str:
        """Put the value in the place of what is kept, for all identifiers of the person; returns the correction's id.

        Raises Refused `bad_field` or `bad_value`.
        """
        value = value.strip()
        if field not in FIELDS:
            raise Refused(
                "bad_field", Words("不能更正这个字段。", "This field cannot be corrected."), place="field"
            )  # fmt: skip
        if not 1 <= len(value) <= 200:
            raise Refused(
                "bad_value",
                Words("内容应为 1 到 200 个字符。", "A value has 1 to 200 characters."),
                place="value",
            )
        now_us = self._clock.now_us()
        correction_id = new_id("cor", now_us)
        kept = self._vault.open(tx, alias_nos)
        first = min(alias_nos)
        former = next((f[k] for f in kept.values() for k in (NOW + field, field) if k in f), None)
        sealed = [(first, f"{correction_id}b", value)]
        if former is not None:
            sealed.append((first, f"{correction_id}a", former))
        if field in PERSONAL:
            holders = [n for n, fields in kept.items() if field in fields]
            sealed += [(n, field, value) for n in {*holders, first}]
        else:
            sealed.append((first, NOW + field, value))
        self._vault.seal_many(tx, sealed)
        self._note(tx, alias_nos, field, correction_id, request_id, actor, now_us)
        if field in ("phone", "email") and self._relink is not None:
            self._relink(tx, alias_nos, field, former, value, now_us)
        return correction_id

    def held(self, connection: Connection, fields: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
        """Which of these (identifier, field) a correction holds: nothing may be written over them."""
        wanted = set(fields)
        if not wanted or connection.execute(select(rights_corrections.c.alias_no).limit(1)).first() is None:
            return set()
        numbers = sorted({n for n, _ in wanted})
        found: set[tuple[int, str]] = set()
        for at in range(0, len(numbers), 10_000):
            rows = _CORRECTED.run(connection, numbers[at : at + 10_000])
            found |= {(int(r.alias_no), str(r.field)) for r in rows}
        return found & wanted

    def values(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, str]:
        """Corrected values of one person, by field."""
        fields = {str(r.field) for r in _CORRECTED.run(connection, alias_nos)} if alias_nos else set()
        if not fields:
            return {}
        first = self._vault.open(connection, alias_nos)
        kept = [f for _, f in sorted(first.items())]
        return {
            field: value
            for field in fields
            if (value := next((f[k] for f in kept for k in (NOW + field, field) if k in f), None)) is not None
        }

    def all_attributes(self, connection: Connection) -> list[tuple[int, str, str]]:
        """(identifier, attribute, value) of everybody, for a build."""
        numbers = connection.execute(
            select(rights_corrections.c.alias_no).where(rights_corrections.c.field.in_(ATTRIBUTES)).distinct()
        ).scalars()
        opened = self._vault.open(connection, list(numbers))
        return sorted(
            (n, name.removeprefix(NOW), value)
            for n, fields in opened.items()
            for name, value in fields.items()
            if name.startswith(NOW)
        )

    def forget(self, tx: Connection, alias_nos: Sequence[int]) -> int:
        """Remove what is noted of erased identifiers; the values went with the vault's keys."""
        return tx.execute(
            delete(rights_corrections).where(rights_corrections.c.alias_no.in_(alias_nos))
        ).rowcount

    def _note(
        self, tx: Connection, alias_nos: Sequence[int], field: str, correction_id: str, request_id: str, actor: str,
        now_us: int,
    ) -> None:  # fmt: skip
        tx.execute(
            delete(rights_corrections).where(
                rights_corrections.c.alias_no.in_(alias_nos), rights_corrections.c.field == field
            )
        )
        tx.execute(
            insert(rights_corrections),
            [
                {
                    "alias_no": n, "field": field, "correction_id": correction_id, "request_id": request_id,
                    "actor": actor[:64], "at_us": now_us,
                }
                for n in alias_nos
            ],
        )  # fmt: skip


_CORRECTED = ByValues(
    lambda numbers: select(rights_corrections.c.alias_no, rights_corrections.c.field).where(
        rights_corrections.c.alias_no.in_(numbers)
    )
)
