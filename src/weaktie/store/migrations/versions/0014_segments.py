"""segments"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """segments, their versions, runs and lists."""
    big_id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table('segments',
    sa.Column('segment_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('owner', sa.String(length=64), nullable=False),
    sa.Column('frozen', sa.Boolean(), nullable=False, comment='true: the members of the moment it was saved'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('rule_json', sa.Text(), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.Column('archived_us', sa.BigInteger(), nullable=True, comment='null while it is in use'),
    sa.Column('run_no', sa.Integer(), nullable=False, comment='the newest run that changed the members; 0 before the first'),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('computed_us', sa.BigInteger(), nullable=True, comment='null before the first run'),
    sa.Column('generation', sa.Integer(), nullable=False, comment='generation of profiles that it was computed over'),
    sa.Column('members', sa.LargeBinary(), nullable=True, comment='alias numbers of the members: differences, zstd'),
    sa.PrimaryKeyConstraint('segment_id', name=op.f('pk_segments')),
    comment='People named by a rule, a list or a figure'
    )
    op.create_table('segment_versions',
    sa.Column('row_id', big_id, autoincrement=True, nullable=False),
    sa.Column('segment_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('frozen', sa.Boolean(), nullable=False),
    sa.Column('rule_json', sa.Text(), nullable=False),
    sa.Column('changed_us', sa.BigInteger(), nullable=False),
    sa.Column('changed_by', sa.String(length=64), nullable=False),
    sa.Column('restored_from', sa.Integer(), nullable=True, comment='the version that it repeats; null for an edit'),
    sa.PrimaryKeyConstraint('row_id', name=op.f('pk_segment_versions')),
    comment='What each segment was, version by version'
    )
    op.create_index('ix_segment_versions_segment', 'segment_versions', ['segment_id', 'version'], unique=True)
    op.create_table('segment_runs',
    sa.Column('row_id', big_id, autoincrement=True, nullable=False),
    sa.Column('segment_id', sa.String(length=40), nullable=False),
    sa.Column('run_no', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('at_us', sa.BigInteger(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('entered_count', sa.Integer(), nullable=False),
    sa.Column('left_count', sa.Integer(), nullable=False),
    sa.Column('entered', sa.LargeBinary(), nullable=False, comment='alias numbers of who came in: differences, zstd'),
    sa.Column('left', sa.LargeBinary(), nullable=False, comment='alias numbers of who went: differences, zstd'),
    sa.PrimaryKeyConstraint('row_id', name=op.f('pk_segment_runs')),
    comment='Who entered and left each segment, run by run'
    )
    op.create_index('ix_segment_runs_segment', 'segment_runs', ['segment_id', 'run_no'], unique=True)
    op.create_table('segment_lists',
    sa.Column('list_id', sa.String(length=40), nullable=False),
    sa.Column('made_us', sa.BigInteger(), nullable=False),
    sa.Column('made_by', sa.String(length=64), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('matched', sa.Integer(), nullable=False, comment='lines that named somebody'),
    sa.Column('unmatched', sa.Integer(), nullable=False),
    sa.Column('repeated', sa.Integer(), nullable=False, comment='lines that stood there before'),
    sa.Column('members', sa.LargeBinary(), nullable=False, comment='alias numbers: differences, zstd; the lines are not kept'),
    sa.PrimaryKeyConstraint('list_id', name=op.f('pk_segment_lists')),
    comment='Uploaded lists of people'
    )
