"""Imports and how far each has come."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from weaktie.store.database.tables import metadata

imports = Table(
    "imports",
    metadata,
    Column("import_id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("filename", String(255), nullable=False, comment="as the person named it; shown, never opened"),
    Column("path", Text, nullable=False, comment="the file itself; uploads lie below the home"),
    Column("uploaded", Integer, nullable=False, comment="1 where the file is ours to delete"),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("mapping_json", Text, nullable=False, comment="the mapping in full, as it is applied"),
    Column("suggested", Integer, nullable=False, comment="1 where the mapping was guessed from the header"),
    Column("basis_json", Text, comment="declared basis per purpose; null where a source was named"),
    Column("source_id", String(64), comment="null until it starts, unless named"),
    Column("purposes", Integer, nullable=False, comment="bits of the purposes that the basis grants"),
    Column("state", String(16), nullable=False, comment="new, waiting, running, done, failed"),
    Column("next_chunk", Integer, nullable=False, comment="first part that is not in the lake yet"),
    Column("rows_total", BigInteger, comment="lines of the file; null until it was read to the end"),
    Column("rows_done", BigInteger, nullable=False, comment="lines whose fate is committed"),
    Column("rows_bad", BigInteger, nullable=False),
    Column("rows_duplicate", BigInteger, nullable=False),
    Column("stored_json", Text, nullable=False, comment="rows stored, by table"),
    Column("error_json", Text, comment="why it failed"),
    Column("job_id", String(64)),
    Column("actor", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False, index=True, comment="also the version time of its rows"),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    comment="One row for each file that was imported or previewed",
)

import_mappings = Table(
    "import_mappings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("mapping_json", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False, comment="who saved it last"),
    comment="Mappings that people saved; those that come with the product are files",
)
