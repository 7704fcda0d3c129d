"""Alembic's entry: it runs on the connection that the caller hands in."""

from alembic import context

from weaktie.store.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
