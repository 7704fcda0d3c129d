"""promoted columns, checks of people's properties"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """promoted columns."""
    big_id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table('lake_columns',
    sa.Column('column_id', big_id, autoincrement=True, nullable=False),
    sa.Column('table_name', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=63), nullable=False, comment='as readers know it'),
    sa.Column('stored_as', sa.String(length=80), nullable=False, comment='as the files have it, never used again'),
    sa.Column('type', sa.String(length=16), nullable=False, comment='text, number, integer, boolean or time'),
    sa.Column('property', sa.String(length=255), nullable=False),
    sa.Column('event', sa.String(length=255), nullable=False, comment='empty where it is of every event'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('dropped_us', sa.BigInteger(), nullable=True, comment='null while it is there'),
    sa.Column('dropped_by', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('column_id', name=op.f('pk_lake_columns')),
    sa.UniqueConstraint('stored_as', name=op.f('uq_lake_columns_stored_as')),
    comment='Properties that were promoted to typed columns of the lake'
    )
    op.add_column('lake_files', sa.Column('promoted', sa.Text(), nullable=True, comment='JSON: for each promoted column in the file, its values and its misfits'))
    for name, columns, comment in (
        ('tracking_trait_updates', (
            sa.Column('updates', sa.BigInteger(), nullable=False),
            sa.Column('failed', sa.BigInteger(), nullable=False, comment='updates with at least one violation'),
        ), "Updates of people's properties by file, day and source"),
        ('tracking_trait_violations', (
            sa.Column('kind', sa.String(length=24), nullable=False),
            sa.Column('property', sa.String(length=255), nullable=False),
            sa.Column('updates', sa.BigInteger(), nullable=False),
            sa.Column('sample', sa.String(length=80), nullable=False, comment='masked id of one such update'),
        ), "Where people's properties differ from the plan, by file, day, source and kind"),
    ):
        op.create_table(name,
        sa.Column('row_id', big_id, autoincrement=True, nullable=False),
        sa.Column('file_id', sa.BigInteger(), nullable=False),
        sa.Column('day', sa.Integer(), nullable=False),
        sa.Column('source', sa.String(length=64), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint('row_id', name=op.f(f'pk_{name}')),
        comment=comment,
        )
        op.create_index(op.f(f'ix_{name}_file_id'), name, ['file_id'], unique=False)
        op.create_index(f'ix_{name}_day', name, ['day'], unique=False)
