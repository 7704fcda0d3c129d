"""Taking a person's identifiers out: what stays is a number and a keyed hash."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from weaktie.data.identity.contracts import SearchKeys
from weaktie.data.identity.service import tombstone
from weaktie.data.identity.tables import alias_sources, aliases, identity_decisions, identity_reviews, links
from weaktie.store.database.service import Database


class IdentityEraser:
    """Replaces identifiers by tombstones and removes links and sources."""

    name = "identity"

    def __init__(self, database: Database, keys: SearchKeys) -> None:
        self._database, self._keys = database, keys

    def bury(self, tx: Connection, alias_nos: Sequence[int], now_us: int) -> dict[int, str]:
        """Hide the person at once, in the caller's transaction; returns the look-up texts that the identifiers had.

        The tombstone keeps the identifier as a keyed hash only, so that late copies of its events can be refused.
        """
        rows = tx.execute(
            select(aliases.c.alias_no, aliases.c.kind, aliases.c.lookup, aliases.c.value).where(
                aliases.c.alias_no.in_(alias_nos), aliases.c.erased_us.is_(None)
            )
        ).all()
        for row in rows:
            kept = (
                tombstone((row.kind, row.value), self._keys)
                if row.value is not None
                else f"erased#{row.lookup.partition('#')[2]}"
            )
            tx.execute(
                update(aliases)
                .where(aliases.c.alias_no == row.alias_no)
                .values(lookup=f"{kept}@{row.alias_no}", value=None, erased_us=now_us)
            )
        return {row.alias_no: row.lookup for row in rows}

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove links and sources of the identifiers; returns how many rows went."""
        with self._database.begin() as tx:
            gone = tx.execute(
                delete(links).where(links.c.a_alias.in_(alias_nos) | links.c.b_alias.in_(alias_nos))
            ).rowcount
            of = identity_decisions.c
            about = of.a_alias.in_(alias_nos) | of.b_alias.in_(alias_nos) | of.about_alias.in_(alias_nos)
            said = tx.execute(delete(identity_decisions).where(about)).rowcount
            queue = identity_reviews.c
            asked = tx.execute(
                delete(identity_reviews).where(
                    queue.about_alias.in_(alias_nos) | queue.other_alias.in_(alias_nos)
                )
            ).rowcount
            seen = tx.execute(delete(alias_sources).where(alias_sources.c.alias_no.in_(alias_nos))).rowcount
        return {"links": gone, "identity_decisions": said, "identity_reviews": asked, "alias_sources": seen}


class IdentityExporter:
    """Identifiers in the clear where they are not personal (those are in the vault), links, sources, and what people decided
    about them (by whom and why is the shop's)."""

    name = "identity"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows of these identifiers."""
        mine = list(alias_nos)
        said = identity_decisions.c
        found = {
            "aliases": select(aliases).where(aliases.c.alias_no.in_(mine)),
            "links": select(links).where(links.c.a_alias.in_(mine) | links.c.b_alias.in_(mine)),
            "alias_sources": select(alias_sources).where(alias_sources.c.alias_no.in_(mine)),
            "identity_decisions": select(said.a_alias, said.b_alias, said.verdict, said.at_us).where(
                said.a_alias.in_(mine) | said.b_alias.in_(mine)
            ),
        }
        return {
            table: [dict(row) for row in connection.execute(query).mappings()]
            for table, query in found.items()
        }
