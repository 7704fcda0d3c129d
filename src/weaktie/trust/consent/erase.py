"""What consent gives for a copy of a person's data. Its eraser stands with the vault's in `trust/rights`."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from weaktie.trust.consent.tables import (
    consent_ages,
    consent_links,
    consent_prompts,
    consent_receipts,
    tag_objections,
)


class ConsentExporter:
    """Receipts, prompts, age bands, personal links, deleted tags."""

    name = "consent"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows of these identifiers."""
        tables = (consent_receipts, consent_prompts, consent_ages, consent_links, tag_objections)
        return {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).where(table.c.alias_no.in_(alias_nos))).mappings()
            ]
            for table in tables
        }
