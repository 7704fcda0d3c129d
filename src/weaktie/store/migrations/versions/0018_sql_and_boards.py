"""queries that people wrote, boards"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """queries that people wrote, boards."""
    op.create_table('sql_runs',
    sa.Column('run_id', sa.String(length=40), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('query_id', sa.String(length=40), nullable=True, comment='the saved query that was run, null for one of the moment'),
    sa.Column('sql', sa.Text(), nullable=False),
    sa.Column('values_json', sa.Text(), nullable=False, comment='values of its parameters'),
    sa.Column('state', sa.String(length=16), nullable=False, comment='running, done, failed or cancelled'),
    sa.Column('rows', sa.BigInteger(), nullable=True, comment='of the result as it was kept'),
    sa.Column('cut', sa.Boolean(), nullable=False, comment='whether the result was longer than the limits'),
    sa.Column('ms', sa.Integer(), nullable=True),
    sa.Column('error_json', sa.Text(), nullable=True, comment='code, words and place of a failure'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('ended_us', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_sql_runs')),
    comment='Queries that people ran on the SQL page, without their results'
    )
    op.create_index(op.f('ix_sql_runs_actor'), 'sql_runs', ['actor'], unique=False)
    op.create_index(op.f('ix_sql_runs_made_us'), 'sql_runs', ['made_us'], unique=False)
    op.create_table('sql_queries',
    sa.Column('query_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('shared', sa.Boolean(), nullable=False, comment='whether everybody may see and run it'),
    sa.Column('version', sa.Integer(), nullable=False, comment='the one that counts'),
    sa.Column('created_us', sa.BigInteger(), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.Column('archived_us', sa.BigInteger(), nullable=True, comment='null while it is in use'),
    sa.PrimaryKeyConstraint('query_id', name=op.f('pk_sql_queries')),
    comment='Saved queries'
    )
    op.create_index(op.f('ix_sql_queries_owner'), 'sql_queries', ['owner'], unique=False)
    op.create_table('sql_query_versions',
    sa.Column('query_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('sql', sa.Text(), nullable=False),
    sa.Column('values_json', sa.Text(), nullable=False, comment='values that its parameters have unless others are given'),
    sa.Column('chart_json', sa.Text(), nullable=False, comment='how its result is drawn'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('query_id', 'version', name=op.f('pk_sql_query_versions')),
    comment='Every version of a saved query'
    )
    op.create_table('boards',
    sa.Column('board_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('access', sa.String(length=16), nullable=False, comment='own, view or edit: what everybody else may'),
    sa.Column('version', sa.Integer(), nullable=False, comment='the one that counts'),
    sa.Column('created_us', sa.BigInteger(), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.Column('archived_us', sa.BigInteger(), nullable=True, comment='null while it is in use'),
    sa.PrimaryKeyConstraint('board_id', name=op.f('pk_boards')),
    comment='Boards that people made'
    )
    op.create_index(op.f('ix_boards_owner'), 'boards', ['owner'], unique=False)
    op.create_table('board_versions',
    sa.Column('board_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('tiles_json', sa.Text(), nullable=False, comment='its tiles in their order, with their sizes'),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('board_id', 'version', name=op.f('pk_board_versions')),
    comment='Every version of a board'
    )
